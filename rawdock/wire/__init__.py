"""Floor 1, wire: bytes in, values out; values in, bytes out. No socket, file, clock or environment."""
