"""Between a client and its engine: the tap, its faults, replays of a recording, and a sweep of cuts."""
