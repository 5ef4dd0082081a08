"""Everything that speaks to an outside system: one folder a product, one translator for HTTP."""
