"""Floor 4, cli: the docker commands as tables, the console, printing, progress."""
