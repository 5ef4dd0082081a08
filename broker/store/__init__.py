"""Rows and the queries on them, a module a subject."""
