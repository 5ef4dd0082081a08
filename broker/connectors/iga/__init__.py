"""Identity governance products, one folder each."""
