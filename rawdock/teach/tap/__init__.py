"""Between a client and its engine: the tap, its faults, replays, and what a client makes of cut answers."""
