"""The base class of connections, streams, listeners and clients, which a `with` block closes at its end."""


class Closing:
    """A context manager that calls its close() at the end, also after an exception."""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
