"""Every operation of the table as a method of the class, made when it is first used.

Strategy: a class is given no method before somebody asks for one, so that 108 of them cost the start nothing.
The metaclass finds the row, makes an Operation and keeps it in the class, where Python finds it from then on.
What help() and inspect.signature() print of it is written from the table only when they ask (manual.py).
The short ways over the operations (shortcuts.py) are loaded in this way too.
"""
from ..errors import UsageError
from ..net.closing import Closing
from .endpoints import endpoint_names, find_endpoint

SHORTCUT_NAMES = ("run", "exec", "logs", "pull", "build", "copy_in", "copy_out")


class OperationsAtFirstUse(type):
    """The type of a class whose methods are the operations of the table."""

    def __getattr__(cls, name):
        if name.startswith("_"):
            raise AttributeError(name)
        if name in SHORTCUT_NAMES:
            from .shortcuts import Shortcuts
            method = vars(Shortcuts)[name]
        else:
            method = find_operation(name)
        setattr(EngineOperations, name, method)
        return method

    def __dir__(cls):
        return sorted(set(type.__dir__(cls)) | set(method_names()))


def method_names():
    """The names of all methods that are made at first use."""
    return endpoint_names() + list(SHORTCUT_NAMES)


def find_operation(name):
    """The Operation called `name`. AttributeError that says which ones there are."""
    try:
        return Operation(find_endpoint(name))
    except UsageError as error:
        similar = [one for one in endpoint_names() if name.rstrip("s") in one.split("_")]   # images, info
        raise AttributeError("Docker has no %r: %s" % (
            name, "there are " + ", ".join(similar) if similar else error)) from None


class EngineOperations(Closing, metaclass=OperationsAtFirstUse):
    """A base class with a method for each operation: container_list(all=True) is the row `container_list`.

    The values of the path come first, by position or by name; query parameters, `body`, `headers` and `auth`
    go by name.
    """

    def __init_subclass__(cls):
        if EngineOperations not in cls.__bases__:   # a class that may call super().container_list()
            for name in method_names():
                getattr(EngineOperations, name)

    def __getattr__(self, name):
        return getattr(type(self), name).__get__(self)

    def __dir__(self):
        return sorted(set(dir(type(self))) | set(vars(self)))


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
