"""Containers and what is in them: commit, diff, pause, unpause, port, top.

Promises: the docker CLI's lines and exit statuses.
"""
import re

from ..engine.answers import answer_field
from ..engine.reference import REFERENCE_TAG, parse_reference
from .console import CommandFailed, write_lines
from .flags import Command, command_table
from .format import align_columns, natural_order, with_port
from .lifecycle import call_each
from .queries import answer_objects

COMMIT_FLAGS = """
-a, --author   text  string  Author (e.g., "John Hannibal Smith <hannibal@a-team.com>")
-c, --change   list  list  Apply Dockerfile instruction to the created image
-m, --message  text  string  Commit message
-p, --pause    on    Pause container during commit (default true)
"""
CHANGE_LETTERS = "CAD"     # by the Kind of a change: changed, added, deleted
TOP_LEAST_WIDTH = 20       # of a column of `top`, its padding included


def commit_command(console, options, arguments):
    query = {}
    if not arguments[0].strip():
        raise CommandFailed("invalid container name or ID: value is empty", 1)
    if len(arguments) > 1 and arguments[1]:
        reference = parse_reference(arguments[1])
        if reference.digest:
            raise CommandFailed("refusing to create a tag with a digest reference", 1)
        query = {"repo": reference.repository(), "tag": reference.tag or REFERENCE_TAG}
    made = console.docker.call("image_commit", container=arguments[0], body={},
                               comment=options["message"], author=options["author"],
                               changes=options["change"], pause=None if options["pause"] else False, **query)
    console.out.line(answer_field(made, "ImageCommit", str, "Id"))
    return 0


def diff_command(console, options, arguments):
    if not arguments[0]:
        raise CommandFailed("Container name cannot be empty", 1)
    answer = console.docker.call("container_changes", arguments[0])
    write_lines(console.out, ["%s %s" % (CHANGE_LETTERS[change["Kind"]], change["Path"])
                              for change in answer_objects(answer, "ContainerChanges", "Path")])
    return 0


def pause_command(console, options, arguments):
    return call_each(console, arguments, "container_pause")


def unpause_command(console, options, arguments):
    return call_each(console, arguments, "container_unpause")


def port_number_mistake(text):
    """Why `text` is not a port number, in the words of Go's strconv; None if it is one."""
    if not re.fullmatch("[0-9]+", text):
        return "invalid syntax"
    return "value out of range" if int(text) > 65535 else None


def published_addresses(ports, wanted):
    """What of `ports` (dict, from inspect) is published: "ADDRESS:PORT" each, for port `wanted` ("80/tcp").

    For None it is every port, as "PORT/PROTOCOL -> ADDRESS:PORT".
    """
    return sorted([("" if wanted else port + " -> ") + with_port(one["HostIp"], one["HostPort"])
                   for port in ports if port == wanted or wanted is None for one in ports[port] or ()],
                  key=natural_order)


def port_command(console, options, arguments):
    inspected = console.docker.call("container_inspect", arguments[0])
    ports = answer_field(inspected, "ContainerInspect", (dict, type(None)), "NetworkSettings", "Ports") or {}
    if not arguments[1:] or not arguments[1]:
        write_lines(console.out, published_addresses(ports, None))
        return 0
    number, _, protocol = arguments[1].partition("/")
    mistake = port_number_mistake(number)
    if mistake:
        raise CommandFailed('Error: invalid port (%s): strconv.ParseUint: parsing "%s": %s'
                            % (number, number, mistake), 1)
    lines = published_addresses(ports, "%s/%s" % (number, protocol or "tcp"))
    if not lines:
        raise CommandFailed("Error: No public port '%s' published for %s" % (arguments[1], arguments[0]), 1)
    write_lines(console.out, lines)
    return 0


def top_command(console, options, arguments):
    found = console.docker.call("container_top", arguments[0],
                                ps_args=" ".join(arguments[1:]) or None)
    rows = [answer_field(found, "ContainerTop", list, "Titles")]
    rows += answer_field(found, "ContainerTop", (list, type(None)), "Processes") or []
    write_lines(console.out, align_columns(rows, TOP_LEAST_WIDTH))
    return 0


CONTAINER_COMMANDS = command_table(
    Command("commit", commit_command, "CONTAINER [REPOSITORY[:TAG]]",
            "Create a new image from a container's changes", COMMIT_FLAGS, 1, 2),
    Command("diff", diff_command, "CONTAINER",
            "Inspect changes to files or directories on a container's filesystem", "", 1, 1),
    Command("pause", pause_command, "CONTAINER [CONTAINER...]",
            "Pause all processes within one or more containers", "", 1),
    Command("unpause", unpause_command, "CONTAINER [CONTAINER...]",
            "Unpause all processes within one or more containers", "", 1),
    Command("port", port_command, "CONTAINER [PRIVATE_PORT[/PROTO]]",
            "List port mappings or a specific mapping for the container", "", 1, 2),
    Command("top", top_command, "CONTAINER [ps OPTIONS]", "Display the running processes of a container", "",
            1, program=True),
)
