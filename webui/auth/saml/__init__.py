"""SAML 2.0 sign-in: the question to the identity provider, and the one door for its answer.

The door is `webui.auth.saml.verify.verify`. Nothing in this package knows Flask or the database:
login transactions and the replay table belong to the caller, who hands in the expected request id
and stores the assertion id that comes out.
"""
