"""What is closed where its `with` block ends: the base of connections, streams, listeners and clients."""


class Closing:
    """A context manager that calls its close() at the end, also after an exception."""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
