"""The methods of Docker that are made when they are first used: the operations, and short ways over them.

What help() and inspect.signature() print of it is written from the table only when they ask (manual.py).
The short ways (shortcuts.py) are loaded in this way too.
"""
from ..errors import UsageError
from .endpoints import endpoint_names, find_endpoint

SHORTCUT_NAMES = ("run", "exec", "logs", "pull", "build", "copy_in", "copy_out")


def method_names():
    """The names of all methods that are made at first use."""
    return endpoint_names() + list(SHORTCUT_NAMES)


def make_method(name):
    """The method of Docker called `name`. AttributeError that says which ones there are."""
    if name in SHORTCUT_NAMES:
        from .shortcuts import Shortcuts
        return vars(Shortcuts)[name]
    try:
        return Operation(find_endpoint(name))
    except UsageError as error:
        similar = [one for one in endpoint_names() if name.rstrip("s") in one.split("_")]   # images, info
        raise AttributeError("Docker has no %r: %s" % (
            name, "there are " + ", ".join(similar) if similar else error)) from None


class Operation:
    """One operation of the Engine API as a method: it calls Docker.call() with its name.

    Its signature and its help are those that the table gives it.
    """

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.__name__ = endpoint.name
        self.__qualname__ = "Docker." + endpoint.name

    def __get__(self, docker, owner=None):
        return self if docker is None else type(docker.close)(self, docker)   # the type of a bound method

    def __call__(*arguments, **parameters):   # no named parameter here: the engine has some of any name
        if len(arguments) < 2:
            raise TypeError("%s() is called on a client, as in rawdock.%s" % (
                arguments[0].__qualname__, arguments[0].__qualname__.replace(".", "().")))
        self, docker, *path_values = arguments
        return docker.call(self.endpoint.name, *path_values, **parameters)

    def __repr__(self):
        return "<operation %s>" % self.__qualname__

    @property
    def __signature__(self):
        from .manual import operation_signature
        return operation_signature(self.endpoint)

    @property
    def __doc__(self):
        from .manual import operation_manual
        return operation_manual(self.endpoint)
