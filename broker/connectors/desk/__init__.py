"""Service desk products, one folder each."""
