"""How fast, measured against what could be done by hand in the same run: `make bench`."""
