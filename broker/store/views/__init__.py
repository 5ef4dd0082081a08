"""What each screen shows: frozen rows, read in few queries, already limited to the viewer."""
