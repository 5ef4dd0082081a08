"""Words and rules. Standard library only: nothing here reads, writes or waits."""
