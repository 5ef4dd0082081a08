"""What every page shares: who looks, at what time, and how things are worded."""
