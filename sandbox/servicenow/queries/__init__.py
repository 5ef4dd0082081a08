"""Encoded queries (ServiceNow docs, "Encoded query strings"): parsed, evaluated, and forgiving.

A part that makes no sense is dropped and the rest runs; a bad value on a real column finds nothing.
`language` reads a query, `operators` and `dates` compare, `scripts` evaluates `javascript:` values,
`evaluator` puts them together.
"""

from sandbox.servicenow.queries.evaluator import Evaluator
from sandbox.servicenow.queries.language import Query, parse

__all__ = ["Evaluator", "Query", "parse"]
