"""Floor 4, teach: the practice engine."""
