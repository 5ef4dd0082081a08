"""Rows of the scoped app's tables, written many at once under ids of our own."""


