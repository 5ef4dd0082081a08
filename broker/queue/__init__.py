"""Two bells, nothing that listens: the listeners are in `jobs`."""
