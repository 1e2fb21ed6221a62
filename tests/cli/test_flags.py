"""Command lines read against flag tables, in every form the docker CLI takes; output descriptors."""
import errno
import fcntl
import os
import threading

import pytest

from rawdock.cli.console import Output, one_line
from rawdock.cli.flags import Flag, parse_command_line, parse_flag_table
from rawdock.errors import ConnectError, InvalidArgument, TruncatedError

FLAGS = parse_flag_table("""
-d, --detach           bool  in the background
-i, --interactive      bool  send stdin
-e, --env              list  NAME=VALUE  a variable
-t, --timeout, --time  int   SECONDS  how long
--name                 text  NAME  the name
--sig-proxy            on    pass signals on
-N                     bool  half-close
-f, --filter           filter  NAME=VALUE  keep what matches
""")
NOTHING = {"detach": False, "interactive": False, "env": None, "timeout": None, "name": None, "filter": None,
           "sig_proxy": True, "N": False}


def read(line, program=False):
    options, arguments = parse_command_line(line.split(" ") if line else [], FLAGS, program)
    assert set(options) == set(NOTHING)
    return {key: value for key, value in options.items() if value != NOTHING[key]
            or type(value) is not type(NOTHING[key])}, arguments


@pytest.mark.parametrize("line, options, arguments", [
    ("", {}, []),
    ("-d", {"detach": True}, []),
    ("-di x", {"detach": True, "interactive": True}, ["x"]),
    ("-d=false -i=true", {"interactive": True}, []),
    ("-id=false", {"interactive": True}, []),
    ("--detach=1 --interactive=F", {"detach": True}, []),
    ("-e A=1 -eB=2 -e=C=3 --env D=4 --env=E=5", {"env": ["A=1", "B=2", "C=3", "D=4", "E=5"]}, []),
    ("-die A=1", {"detach": True, "interactive": True, "env": ["A=1"]}, []),
    ("-deA", {"detach": True, "env": ["A"]}, []),
    ("-e=", {"env": ["="]}, []),   # as pflag reads it
    ("--env=", {"env": [""]}, []),
    ("--name=", {"name": ""}, []),
    ("--name --detach", {"name": "--detach"}, []),
    ("-e -d", {"env": ["-d"]}, []),
    ("--name a --name b", {"name": "b"}, []),
    ("-t 5", {"timeout": 5}, []),
    ("-t -1", {"timeout": -1}, []),
    ("-t=+3", {"timeout": 3}, []),
    ("-t 0x1F", {"timeout": 31}, []),
    ("-t 017", {"timeout": 15}, []),
    ("-t -0b11", {"timeout": -3}, []),
    ("-t 1_000", {"timeout": 1000}, []),
    ("-t 0", {"timeout": 0}, []),
    ("-t -9223372036854775808", {"timeout": -2 ** 63}, []),
    ("-f a=b --filter=c= -f =d", {"filter": ["a=b", "c=", "=d"]}, []),
    ("--time 7 x", {"timeout": 7}, ["x"]),
    ("--timeout=9", {"timeout": 9}, []),
    ("x -d y", {"detach": True}, ["x", "y"]),
    ("x -- -d y", {}, ["x", "-d", "y"]),
    ("- x", {}, ["-", "x"]),
    ("-N", {"N": True}, []),
    # a bool never takes the next word, not even one that is true by default
    ("--sig-proxy false", {}, ["false"]),
    ("--sig-proxy=false x", {"sig_proxy": False}, ["x"]),
    ("--sig-proxy=0", {"sig_proxy": False}, []),
    ("--sig-proxy=t", {}, []),
    ("--detach true", {"detach": True}, ["true"]),
])
def test_forms_of_flags(line, options, arguments):
    assert read(line) == (options, arguments)


@pytest.mark.parametrize("line, options, arguments", [
    ("-d image -d --nonsense", {"detach": True}, ["image", "-d", "--nonsense"]),
    ("--name n image --name m", {"name": "n"}, ["image", "--name", "m"]),
    ("-e A=1 image -- x", {"env": ["A=1"]}, ["image", "--", "x"]),
    ("-d -- image -- x", {"detach": True}, ["image", "--", "x"]),
    ("-- -d", {}, ["-d"]),
    ("image -i", {}, ["image", "-i"]),
    ("- -i", {}, ["-", "-i"]),
])
def test_flags_end_at_the_first_argument_of_a_program_command(line, options, arguments):
    assert read(line, program=True) == (options, arguments)


@pytest.mark.parametrize("line, says", [
    ("--nonsense", "unknown flag: --nonsense"),
    ("--nonsense=1", "unknown flag: --nonsense"),
    ("--nam x", "unknown flag: --nam"),
    ("--", None),
    ("-z", "unknown shorthand flag: 'z' in -z"),
    ("-dz", "unknown shorthand flag: 'z' in -z"),
    ("-d1", "unknown shorthand flag: '1' in -1"),
    ("-e", "flag needs an argument: 'e' in -e"),
    ("-die", "flag needs an argument: 'e' in -e"),
    ("--name", "flag needs an argument: --name"),
    ("--detach=maybe",
     'invalid argument "maybe" for "-d, --detach" flag: strconv.ParseBool: parsing "maybe": invalid syntax'),
    ("-d=", "unknown shorthand flag: '=' in -="),
    ("--=x", "bad flag syntax: --=x"),
    ("---", "bad flag syntax: ---"),
    ("-f nonsense",
     'invalid argument "nonsense" for "-f, --filter" flag: bad format of filter (expected name=value)'),
    ("--detach=", 'invalid argument "" for'),
    ("-d=yes", 'invalid argument "yes" for "-d, --detach" flag'),
    ("--sig-proxy=never", 'invalid argument "never" for "--sig-proxy" flag'),
    ("-t soon",
     'invalid argument "soon" for "-t, --timeout" flag: strconv.ParseInt: parsing "soon": invalid syntax'),
    ("-t 1.5", '"1.5": invalid syntax'),
    ("-t 08", '"08": invalid syntax'),
    ("-t 1__0", '"1__0": invalid syntax'),
    ("-t _1", '"_1": invalid syntax'),
    ("-t 0x", '"0x": invalid syntax'),
    ("-t=", 'invalid argument "=" for'),
    ("--timeout=", 'invalid argument "" for'),
    ("-t 99999999999999999999999", 'parsing "99999999999999999999999": value out of range'),
    ("-t 9223372036854775808", "value out of range"),
])
def test_what_is_refused_is_named(line, says):
    if says is None:
        assert read(line) == ({}, [])
        return
    with pytest.raises(InvalidArgument) as caught:
        read(line)
    assert says in one_line(caught.value)


def test_a_number_in_other_digits_is_refused():
    with pytest.raises(InvalidArgument):
        read("-t \u0663")


def test_a_flag_shows_its_spellings():
    assert [flag.spelled() for flag in FLAGS] == [
        "-d, --detach", "-i, --interactive", "-e, --env NAME=VALUE", "-t, --timeout SECONDS",
        "    --name NAME", "    --sig-proxy", "-N",
        "-f, --filter NAME=VALUE"]
    assert Flag("--a-b, --c  text  V  help").key == "a_b"


def test_an_error_is_one_line_with_its_hint():
    assert one_line(InvalidArgument("a\nb\tc", "try d")) == "a b c; try d"
    assert one_line(ConnectError("unix:///x", "no such socket", hint="start it")) == (
        "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running? (no such socket); "
        "start it")
    assert one_line(ConnectError("unix:///x", "permission denied", errno.EACCES)) == (
        "permission denied while trying to connect to the Docker daemon socket at unix:///x: permission "
        "denied")
    assert one_line(ConnectError("unix:///x", "it broke",
                                 connected=True)) == "lost the engine at unix:///x: it broke"
    assert one_line(TruncatedError("a body", 7, 9,
                                   2)).endswith(
        "got 2 of 9 bytes (RFC 9112 §8); did the engine stop? What came is not all")


def test_output_waits_for_a_pipe_that_does_not_block():
    """Another process may have made our standard output non-blocking: nothing may be lost for that."""
    reading, writing = os.pipe()
    flags = fcntl.fcntl(writing, fcntl.F_GETFL)
    fcntl.fcntl(writing, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    data = os.urandom(1 << 20)
    got = []

    def drain():
        while True:
            part = os.read(reading, 65536)
            if not part:
                return
            got.append(part)

    thread = threading.Thread(target=drain)
    thread.start()
    assert Output(writing).write(data) == len(data)
    os.close(writing)
    thread.join()
    os.close(reading)
    assert b"".join(got) == data


def test_a_line_of_output_is_utf8_whatever_is_in_it():
    reading, writing = os.pipe()
    Output(writing).line("caf\u00e9 \udcff\n\ta \u65e5\u672c \U0001f469\u200d\U0001f4bb")
    os.close(writing)
    assert os.read(reading,
                   100) == "caf\u00e9 \\udcff\n\ta \u65e5\u672c \U0001f469\u200d\U0001f4bb\n".encode("utf-8")
    os.close(reading)


@pytest.mark.parametrize("pieces", [[b"ab", b"", b"cde"], [b"x"] * 3000, [b"y" * 300000, b"z" * 300000], []],
                         ids=["few", "many", "large", "none"])
def test_a_run_is_written_whole_though_the_reader_is_slow(pieces):
    """Also to a non-blocking pipe, which takes a part of it only."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    got = []

    def drain():
        while True:
            data = os.read(readable, 65536)
            if not data:
                return
            got.append(data)

    reader = threading.Thread(target=drain)
    reader.start()
    Output(writable).write_run([memoryview(piece) for piece in pieces])
    os.close(writable)
    reader.join()
    os.close(readable)
    assert b"".join(got) == b"".join(pieces)


@pytest.mark.parametrize("line, shown", [
    ("-f a\nX", 'invalid argument "a\\nX" for "-f, --filter" flag: bad format of filter '
     '(expected name=value)'),
    ("-t 1\nX", 'invalid argument "1\\nX" for "-t, --timeout" flag: strconv.ParseInt: parsing "1\\nX": '
     'invalid syntax'),
    ("--detach=\nX", 'invalid argument "\\nX" for "-d, --detach" flag: strconv.ParseBool: parsing "\\nX": '
     'invalid syntax'),
])
def test_a_value_with_a_line_end_is_refused_in_one_line(line, shown):
    with pytest.raises(InvalidArgument) as caught:
        read(line)
    assert caught.value.message == shown
