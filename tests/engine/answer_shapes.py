"""Whether an answer has the types that the stubs give it (shapes-v1.55.json): what it has may not be another.

Fields that an answer lacks are no difference, because an older engine lacks some. Those that it has and its
shape has not are found by unknown_fields().
"""
import ast
import json
import os

with open(os.path.join(os.path.dirname(__file__), "shapes-v1.55.json"), encoding="utf-8") as file:
    FACTS = json.load(file)
PYTHON_TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "None": type(None),
                "object": object}


def name_of(node):
    """The name of a type in an annotation; before Python 3.8 None is of a class of its own."""
    return getattr(node, "id", "None")


def differences(operation, value):
    """["Container.Ports: list, not None", …] of the answer `value` (decoded JSON) of an operation."""
    return [one for one in all_differences(operation, value) if not one.endswith(" is unknown")]


def unknown_fields(operation, value):
    """["Container.Colour is unknown", …]: the fields of an answer that its shape does not have."""
    return [one for one in all_differences(operation, value) if one.endswith(" is unknown")]


def all_differences(operation, value):
    return sorted(set(compare(ast.parse(FACTS["returns"][operation], mode="eval").body, value, operation)))


def compare(node, value, place):
    """Yield each difference of `value` from the annotation `node`, which is in a field called `place`."""
    if isinstance(node, ast.BinOp):   # X | None
        if value is not None:
            yield from compare(node.left, value, place)
        return
    kind = name_of(node.value if isinstance(node, ast.Subscript) else node)
    inner = node.slice if isinstance(node, ast.Subscript) else None
    inner = getattr(inner, "value", inner) if type(inner).__name__ == "Index" else inner
    if kind == "NotRequired":
        yield from compare(inner, value, place)
    elif kind == "list":
        yield from compare_all(isinstance(value, list), inner, value, place, "list")
    elif kind == "dict":
        yield from compare_all(isinstance(value, dict), inner.elts[1], value, place, "dict")
    elif kind in FACTS["shapes"]:
        if not isinstance(value, dict):
            yield "%s: %s, not %.40r" % (place, kind, value)
            return
        for name, one in value.items():
            if name in FACTS["shapes"][kind]:
                annotation = ast.parse(FACTS["shapes"][kind][name], mode="eval").body
                yield from compare(annotation, one, "%s.%s" % (kind, name))
            else:
                yield "%s.%s is unknown" % (kind, name)
    elif not isinstance(value, PYTHON_TYPES[kind]) or kind in ("int", "float") and isinstance(value, bool):
        yield "%s: %s, not %.40r" % (place, kind, value)


def compare_all(is_right, node, values, place, kind):
    if not is_right:
        yield "%s: %s, not %.40r" % (place, kind, values)
        return
    for one in values.values() if isinstance(values, dict) else values:
        yield from compare(node, one, place)
