"""The command `request-broker`: one small module a family of commands."""
