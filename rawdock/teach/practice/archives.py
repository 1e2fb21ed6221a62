"""Tars in and out of a practice container, and what it changed: `docker cp`, `export` and `diff`."""
import json

from .files import FileProblem, base_name, join_path, path_stat, read_practice_tar, write_practice_tar
from .request import PracticeRefusal


def archive_target(engine, request, name):
    """(container, path without links, its node) of an archive request."""
    given = request.text("path")
    if not given:
        raise PracticeRefusal(400, "bad parameter: path cannot be empty")
    container = engine.state.containers.find(name)
    try:
        path, node = container.files.find(join_path("/", given))
    except FileProblem:
        raise PracticeRefusal(404, "Could not find the file %s in container %s" % (given, name))
    if given.endswith("/") and node.kind != "folder":
        raise PracticeRefusal(400, "%s is not a directory" % given)
    return container, path, node


def stat_field(request, container, path):
    """The head field that tells what is at the path asked for, a link as itself."""
    from base64 import b64encode
    asked = join_path("/", request.text("path"))
    node = container.files.get(asked) or container.files.get(path)
    facts = json.dumps(path_stat(asked, node), separators=(",", ":"))
    return [("X-Docker-Container-Path-Stat", b64encode(facts.encode()).decode())]


def answer_archive_info(engine, connection, request, name):
    container, path, _ = archive_target(engine, request, name)
    connection.send_bare(stat_field(request, container, path))


def answer_archive(engine, connection, request, name):
    container, path, _ = archive_target(engine, request, name)
    body = connection.measured_body("application/x-tar", stat_field(request, container, path))
    write_practice_tar(container.files, path, base_name(path) if path != "/" else "", body)
    body.end()


def answer_archive_put(engine, connection, request, name):
    container, path, node = archive_target(engine, request, name)
    if node.kind != "folder":
        raise PracticeRefusal(500, "extraction point is not a directory")
    read_practice_tar(container.files, path, request.body, request.flag("noOverwriteDirNonDir"))
    connection.send_empty(200)


def answer_export(engine, connection, request, name):
    container = engine.state.containers.find(name)
    body = connection.measured_body("application/octet-stream")
    write_practice_tar(container.files, "/", "", body)
    body.end()


def answer_changes(engine, connection, request, name):
    connection.send_json(engine.state.containers.find(name).files.changes() or None)


ARCHIVE_ROUTES = (
    ("HEAD", "/containers/([^/]+)/archive", answer_archive_info),
    ("GET", "/containers/([^/]+)/archive", answer_archive),
    ("PUT", "/containers/([^/]+)/archive", answer_archive_put),
    ("GET", "/containers/([^/]+)/export", answer_export),
    ("GET", "/containers/([^/]+)/changes", answer_changes),
)
