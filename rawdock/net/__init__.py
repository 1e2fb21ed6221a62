"""Floor 2, net: where an engine listens, how to reach it, one connection to it."""
