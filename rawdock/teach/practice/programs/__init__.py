"""The programs that the practice engine's containers run: a shell, busybox and redis, all in Python."""
