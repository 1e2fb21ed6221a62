"""Floor 5, cli: the commands as tables, printing, progress."""
