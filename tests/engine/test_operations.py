"""The operations as methods of Docker: made when first used, with the table's signature and manual page."""
import inspect
import pydoc
import subprocess
import sys
from unittest import mock

import pytest

from net.fake_engine import FakeEngine, response, serve
from rawdock.engine.docker import CREDENTIAL_FIELDS, Docker, EngineOperations
from rawdock.engine.endpoints import endpoint_names, endpoints, find_endpoint
from rawdock.engine.manual import (PARAMETER_MEANINGS, REGISTRY_OPERATIONS, operation_manual,
                                   operation_parameters)
from rawdock.engine.operations import Operation
from rawdock.errors import UsageError

ROWS = pytest.mark.parametrize("row", endpoints(), ids=endpoint_names())

LOGS_PAGE = """container_logs(self, id, *, follow=None, stdout=None, stderr=None, since=None, until=None, \
timestamps=None, tail=None, details=None, headers=None, timeout=None, tty=None)
    ContainerLogs: what it wrote to stdout and stderr; follow=1 keeps listening.

    GET /containers/{id}/logs

    Parameters (None is not sent):
      id (str): name or id of the container
      follow (bool): go on with what is written from now on
      stdout (bool): with what goes to stdout
      stderr (bool): with what goes to stderr
      since (int, float or str): only what is not older, in seconds since 1970
      until (int, float or str, API 1.35): only what is older, in seconds since 1970; the
          stream then ends
      timestamps (bool): put the time (RFC 3339, UTC) before every line
      tail (str): only so many of the last lines; "all" by default
      details (bool): put the attributes of the log driver before every line
      headers (dict or pairs): more header fields of the request
      timeout (int, float or dict): seconds for all of it, or a dict of head, idle and total
      tty (bool): whether the output is a terminal's; without it an inspect operation tells

    Returns an iterator of (stream, data): stream 1 is stdout, 2 stderr, data are bytes; all
    is stream 1 where the container has a terminal.

    Raises APIError if the engine refuses (NotFound for 404, Conflict for 409), ConnectError,
    Timeout, ProtocolError and TruncatedError if the connection or the answer fails,
    UsageError before a byte is sent if a parameter is wrong or needs a newer engine.
"""


def page_of(thing):
    """What help() prints of it, with the signature in one line and no space at an end of line."""
    text = pydoc.render_doc(thing, renderer=pydoc.plaintext).split("\n\n", 1)[1]
    return "\n".join(line.rstrip() for line in text.split("\n")).replace("\n    self,", "self,")


def test_help_reads_like_a_manual_page():
    shown = page_of(Docker.container_logs)
    if sys.version_info < (3, 13):   # later ones break a long signature into lines
        assert shown.rstrip() == LOGS_PAGE.rstrip()
    assert shown.rstrip().endswith(LOGS_PAGE.partition("\n")[2].rstrip())
    assert "ContainerLogs: what it wrote" in page_of(Docker("unix:///x").container_logs)


def test_help_of_the_class_has_all_of_them():
    shown = pydoc.render_doc(Docker, renderer=pydoc.plaintext)
    assert [name for name in endpoint_names() if "\n |  %s(" % name not in shown] == []


@ROWS
def test_the_signature_has_the_names_of_the_row(row):
    method = getattr(Docker, row.name)
    assert list(inspect.signature(method).parameters)[0] == "self"
    parameters = inspect.signature(getattr(Docker("unix:///x"), row.name)).parameters
    by_position = [name for name, one in parameters.items() if one.kind == one.POSITIONAL_OR_KEYWORD]
    assert tuple(by_position) == row.path_parameters
    by_name = [name for name in parameters if name not in by_position]
    queried = [one.name.replace("-", "_") for one in row.query + row.extra]
    assert by_name[:len(queried)] == queried
    assert ("body" in by_name) is (row.body != "-")
    assert ("auth" in by_name) is (row.name in CREDENTIAL_FIELDS)
    assert ("tty" in by_name) is (row.result in ("frames", "upgrade")) and "headers" in by_name
    assert set(by_name) - set(queried) <= {"body", "auth", "tty", "headers", "timeout"}


@ROWS
def test_what_the_signature_has_is_taken(row):
    """No UsageError of an unknown parameter: a name of the signature is one that the operation has."""
    docker = Docker("unix:///nosuch", "1.55")
    values = {"bool": True, "int": 1, "str": "x", "list": ["x"], "filters": {}, "json": {}, "jsonlist": [{}],
              "time": 1}
    kinds = {one.name.replace("-", "_"): one.kind for one in row.query + row.extra}
    options = {"body": b"", "headers": {}, "auth": None, "tty": False, "timeout": 5}
    given = {name: values[kinds[name]] if name in kinds else options.get(name, "x")
             for name in inspect.signature(getattr(docker, row.name)).parameters}
    with mock.patch.object(Docker, "_exchange", side_effect=KeyError("sent")) as exchange:
        with pytest.raises(KeyError, match="sent"):
            getattr(docker, row.name)(**given)
    assert exchange.call_count == 1


@ROWS
def test_the_page_says_what_the_row_says(row):
    page = operation_manual(row)
    assert page == getattr(Docker, row.name).__doc__ and max(map(len, page.split("\n"))) <= 90
    words = " ".join(page.split())
    assert page.startswith(row.operation_id + ": ") and " ".join(row.help.split()) in words
    assert "%s %s" % (row.method, row.path) in words
    assert ("API %s and newer" % row.since in words) is (row.since != "1.24")
    for parameter in row.query + row.extra:
        assert "\n  %s (" % parameter.name.replace("-", "_") in page
        assert (", API %s): " % parameter.since in words) or parameter.since == row.since


def test_each_meaning_belongs_to_a_parameter():
    used = set()
    for row in endpoints():
        for _, name, _, _ in operation_parameters(row):
            used |= {name, "%s.%s" % (row.name, name), "%s.%s" % (row.tag, name)}
        assert "the Engine API's reference has it" not in operation_manual(row), row.name
    names = [line.split()[0] for line in PARAMETER_MEANINGS.split("\n") if line]
    assert len(names) == len(set(names)) and set(names) <= used


def test_the_operations_with_credentials_are_those_of_the_client():
    assert set(REGISTRY_OPERATIONS) == set(CREDENTIAL_FIELDS)


def test_an_operation_is_made_once_and_may_be_overridden():
    class Mine(Docker):
        def container_list(self, **parameters):
            return ["mine"] + super().container_list(**parameters)

    assert Docker.container_list is Docker.container_list is EngineOperations.container_list
    assert isinstance(Docker.container_list, Operation) and callable(Docker.container_list)
    assert set(endpoint_names()) <= set(dir(Docker)) & set(dir(Docker("unix:///x")))
    assert "address" in dir(Docker("unix:///x")) and not hasattr(Docker, "_container_list")
    with pytest.raises(AttributeError, match="container_list"):
        Docker.container_lst
    with pytest.raises(TypeError, match=r"called on a client, as in rawdock.Docker\(\).container_list"):
        Docker.container_list()
    with FakeEngine(serve(response(b"[]"))) as engine, Mine(engine.address, "1.41") as docker:
        assert docker.container_list(all=True) == ["mine"]
        assert Docker.container_list(docker, all=True) == []
        assert [seen.line for seen in engine.requests] == ["GET /v1.41/containers/json?all=1"] * 2


def test_a_double_of_the_client_knows_the_operations():
    docker = mock.create_autospec(Docker)("unix:///x")
    docker.container_list(all=True)
    docker.container_list.assert_called_once_with(all=True)
    with pytest.raises(AttributeError):
        docker.container_lst(all=True)


def test_a_wrong_name_is_an_error_that_lists_the_right_ones():
    with pytest.raises(UsageError, match="follow.*until"):
        Docker("unix:///x", "1.41").container_logs("c", folow=True)


def test_nothing_of_it_is_made_or_loaded_at_the_start():
    program = ("import sys, rawdock; made = vars(rawdock.Docker.__bases__[0]); names = rawdock.endpoints();"
               "print([one.name for one in names if one.name in made],"
               " [name for name in ('inspect', 'textwrap', 'rawdock.engine.manual',"
               " 'rawdock.engine.operations') if name in sys.modules]);"
               "rawdock.Docker.container_list; print('container_list' in made, 'inspect' in sys.modules)")
    ran = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (ran.returncode, ran.stdout.decode(), ran.stderr) == (0, "[] []\nTrue False\n", b"")


def test_the_manual_of_a_parameter_that_python_cannot_spell():
    assert ("one_shot", "one-shot", "bool", "1.41") in operation_parameters(find_endpoint("container_stats"))
    assert "one_shot (bool, API 1.41): " in Docker.container_stats.__doc__
    assert "with stream=False the one object (dict)." in " ".join(Docker.container_stats.__doc__.split())
