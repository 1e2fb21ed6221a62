"""Archives into and out of a practice container, and its changed files: `docker cp`, `export`, `diff`."""
import json

from .files import FileProblem, base_name, path_stat, practice_tar, read_practice_tar
from .request import PracticeRefusal, join_path, unlocked


def archive_target(request, container):
    """Return (path with links followed, its node) for an archive request."""
    given = request.text("path")
    if not given:
        raise PracticeRefusal(400, "bad parameter: path cannot be empty")
    try:
        path, node = container.files.find(join_path("/", given))
    except FileProblem:
        raise PracticeRefusal(404, "Could not find the file %s in container %s" % (given, container.name))
    if given.endswith("/") and node.kind != "folder":
        raise PracticeRefusal(400, "%s is not a directory" % given)
    return path, node


def stat_field(request, container, path):
    """Return the header field about the path of an archive request; a link is described, not followed."""
    from base64 import b64encode
    given = join_path("/", request.text("path"))
    node = container.files.get(given) or container.files.get(path)
    facts = json.dumps(path_stat(given, node), separators=(",", ":"))
    return [("X-Docker-Container-Path-Stat", b64encode(facts.encode()).decode())]


def answer_archive_info(engine, connection, request, container):
    path, _ = archive_target(request, container)
    connection.send_bare(stat_field(request, container, path))


def answer_archive(engine, connection, request, container):
    path, _ = archive_target(request, container)
    engine.containers.emit(container, "archive-path")
    headers = [("Content-Type", "application/x-tar")] + stat_field(request, container, path)
    connection.send_pieces(practice_tar(container.files, path, base_name(path)), headers)


def answer_archive_put(engine, connection, request, container):
    path, node = archive_target(request, container)
    if node.kind != "folder":
        raise PracticeRefusal(500, "extraction point is not a directory")
    read_practice_tar(container.files, path, request.body)
    engine.containers.emit(container, "extract-to-dir")
    return 200


def answer_export(engine, connection, request, container):
    engine.containers.emit(container, "export")
    connection.send_pieces(practice_tar(container.files, "/", ""),
                           [("Content-Type", "application/octet-stream")])


def answer_changes(engine, connection, request, container):
    return 200, container.files.changes() or None


ARCHIVE_ROUTES = (
    ("HEAD", "/containers/(?P<container>[^/]+)/archive", unlocked(answer_archive_info)),
    ("GET", "/containers/(?P<container>[^/]+)/archive", unlocked(answer_archive)),
    ("PUT", "/containers/(?P<container>[^/]+)/archive", answer_archive_put),
    ("GET", "/containers/(?P<container>[^/]+)/export", unlocked(answer_export)),
    ("GET", "/containers/(?P<container>[^/]+)/changes", answer_changes),
)
