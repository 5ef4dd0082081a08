"""Small servers that behave like the products, for the demo, the tests and the benchmarks.

They import nothing of the broker: an independent second opinion on what it does.
"""
