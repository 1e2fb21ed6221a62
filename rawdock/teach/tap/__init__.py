"""Between a client and its engine: the tap, its faults, replays of a recording, and what a client makes of cut answers."""
