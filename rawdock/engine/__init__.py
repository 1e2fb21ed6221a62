"""Floor 3, engine: the Engine API: its endpoints as a table, the client, the run algorithm."""
