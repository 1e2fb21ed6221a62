"""The programs of practice containers: the shell, and what busybox has."""
import socket

import pytest

from tests.teach.practice.practice_wire import (Wire, ask, attach, create, eventually, frames_of, inspect,
                                                logs, output_of, run, run_exec, shell, start)


# -- the shell

@pytest.mark.parametrize("script, out, err, status", [
    ("echo x; echo e >&2; exit 7", b"x\n", b"e\n", 7),
    ("true && echo yes || echo no", b"yes\n", b"", 0),
    ("false && echo yes || echo no", b"no\n", b"", 0),
    ("false", b"", b"", 1),
    ("echo 'a;b' \"c && $HOME\" d\\ e", b"a;b c && /root d e\n", b"", 0),
    ("echo -n a; echo b", b"ab\n", b"", 0),
    ("for i in 1 2; do echo $i | cat; done", b"1\n2\n", b"", 0),
    ("if [ 1 = 2 ]; then echo a; elif true; then echo b; else echo c; fi", b"b\n", b"", 0),
    ("(exit 4) || echo $?", b"4\n", b"", 0),
    ("A=5; echo ${A}x; echo $NONE.", b"5x\n.\n", b"", 0),
    ("echo hidden >/dev/null; echo a 2>&1 >&2; (echo b; nosuch) 2>/dev/null", b"a\nb\n", b"", 127),
    ("A=x; while [ $A ]; do echo once; A=; done; pwd", b"once\n/\n", b"", 0),
    ("nosuch", b"", b"sh: nosuch: not found\n", 127),
    ("echo 'open", b"", b"sh: unterminated quoted string\n", 2),
    ("! true; echo $?", b"1\n", b"", 0),
    ("seq 3 | wc -l", b"3\n", b"", 0),
    ("cat nope", b"", b"cat: can't open 'nope': No such file or directory\n", 1),
    ("{ echo a; echo b; } | cat # comment", b"a\nb\n", b"", 0),
    ("set -e; false; echo no", b"", b"", 1),
    ("false && true; echo $?; set -e; false && true; if false; then :; fi; ! true; echo on; (false); echo"
     " off", b"1\non\n", b"", 1),
    ("set -e; false | true; while false; do :; done; false || echo on; nosuch; echo off", b"on\n",
     b"sh: nosuch: not found\n", 127),
    ("set -eu; echo $X; echo no", b"", b"sh: X: parameter not set\n", 2),
    ("set -z; echo a", b"", b"sh: illegal option -z\n", 2),
    ("set -o pipefail; echo a", b"", b"sh: illegal option -o\n", 2),
    ("trap 'echo bye' EXIT; echo a; exit 3", b"a\nbye\n", b"", 3),
    ("trap 'echo bye' 0; set -e; false", b"bye\n", b"", 1),
    ("trap 'x' NOPE; echo a", b"", b"sh: invalid signal: NOPE\n", 2),
    ("echo ${A:-x} ${A-y} ${HOME:+z} ${A:+n}.", b"x y z .\n", b"", 0),
    ("A=1 sh -c 'echo $A'; echo .$A", b"1\n.\n", b"", 0),
    ("cd ~; pwd; echo ~ ~/x '~'", b"/root\n/root /root/x ~\n", b"", 0),
    ("A=$(seq 3); echo $A; echo \"$A\"; for i in $(seq 2) x; do echo $i; done",
     b"1 2 3\n1\n2\n3\n1\n2\nx\n", b"", 0),
    ("echo \"<$(echo \"a b\"; exit 3)>\" '$(date)' \"\\$(date)\"; (exit 4); echo $(echo $?)",
     b"<a b> $(date) $(date)\n4\n", b"", 0),
    ("set -e; A=$(false; echo no)x; echo $A; cd /tmp; (cd /; pwd); pwd | cat", b"x\n/\n/tmp\n", b"", 0),
    # What it does not know it refuses, before it runs any of it where it can.
    ("echo a; echo $(echo $(date))", b"", b"sh: syntax error at '$(echo $(d'\n", 2),
    ("echo a; echo $((1 + 2))", b"", b"sh: syntax error at '$((1 + 2))'\n", 2),
    ("echo ${A?gone}; echo $?", b"", b"sh: ${A?gone}: bad substitution\n", 2),
    ("echo $! x", b"", b"sh: $!: bad substitution\n", 2),
    ("sleep 1 & echo", b"", b'sh: syntax error: unexpected "&"\n', 2),
    ("umask 077; echo a", b"a\n", b"sh: umask: not found\n", 0),
    ("echo a; while true; do break; done", b"", b'sh: syntax error: unexpected "break"\n', 2),
])
def test_shell(engine, script, out, err, status):
    assert shell(engine, script) == (out, err, status)


def test_a_shell_has_arguments_options_and_script_files(engine):
    def output(*cmd):
        identity, status = run(engine, list(cmd))
        return frames_of(logs(engine, identity)), status
    assert output("sh", "-c", 'echo $1 $# $@ $0; for i in "$@"; do echo "<$i>"; done', "a", "b", "c d") == (
        [(1, b"b 2 b c d a\n"), (1, b"<b>\n"), (1, b"<c d>\n")], 0)
    assert output("sh", "-ec", "false; echo no") == ([], 1)
    assert output("sh", "-z") == ([(2, b"sh: illegal option -z\n")], 2)
    assert output("sh", "-c", "echo 'echo $1; exit 4' >/s; sh /s x") == ([(1, b"x\n")], 4)
    assert output("sh", "/nosuch") == ([(2, b"sh: /nosuch: No such file or directory\n")], 1)


def test_a_trap_is_sprung_between_commands(engine):
    identity = create(engine, ["sh", "-c", "trap 'echo got; exit 5' TERM; echo ready; while :; do sleep 0.01;"
                                           " done"])
    start(engine, identity)
    eventually(lambda: logs(engine, identity) != b"")
    assert ask(engine, "POST", "/containers/%s/stop?t=10" % identity)[0] == 204
    assert (output_of(frames_of(logs(engine, identity)), 1),
            inspect(engine, identity)["State"]["ExitCode"]) == (b"ready\ngot\n", 5)


# -- the other programs

@pytest.mark.parametrize("script, out, status", [
    ("top -d 1", b"top: invalid option -- 'd'\n", 1), ("cat /dev/null; tail -n 3 /dev/null", b"", 0),
    ("echo -e 'a\\x41\\101'", b"aAA\n", 0), ("ls -Z", b"ls: invalid option -- 'Z'\n", 1),
    ("ls -1 /etc/passwd", b"/etc/passwd\n", 0),
    ("date -q", b"date: invalid option -- 'q'\n", 1),
    ("date -u +%%", b"%\n", 0), ("wc -l /etc/passwd", b"2 /etc/passwd\n", 0),
    ("seq 3 | wc", b"      3       3       6\n", 0),
    ("env A=1 sh -c 'echo $A'", b"1\n", 0),
    ("head -c 3", b"head: invalid option -- 'c'\n", 1), ("id -Z", b"id: invalid option -- 'Z'\n", 1),
    ("mkdir -m 700 /x", b"mkdir: invalid option -- 'm'\n", 1),
    ("test -t 1 || echo no", b"no\n", 0), ("touch -t 1 /x", b"touch: invalid option -- 't'\n", 1),
])
def test_programs_refuse_what_they_do_not_do(engine, script, out, status):
    found, err, code = shell(engine, script)
    assert code == status and (out is None or found + err == out)


@pytest.mark.parametrize("cmd, status", [(["top"], 143), (["tail", "-f", "/dev/null"], 137),
                                         (["sh", "-c", "sleep infinity"], 137)])
def test_what_keeps_a_container_alive(engine, cmd, status):
    identity = create(engine, cmd)
    start(engine, identity)
    if cmd == ["top"]:
        eventually(lambda: b"\x1b[H\x1b[J" in logs(engine, identity)
                   and b"    1     0 root     S" in logs(engine, identity))
    assert inspect(engine, identity)["State"]["Running"]
    assert ask(engine, "POST", "/containers/%s/stop?t=%d" % (identity, 10 if cmd == ["top"] else 0))[0] == 204
    assert inspect(engine, identity)["State"]["ExitCode"] == status


def test_tail_follows_what_is_written(engine):
    identity = create(engine, ["sh", "-c", "echo one >/f; echo two >>/f; tail -n 1 -f /f"])
    start(engine, identity)
    eventually(lambda: frames_of(logs(engine, identity)) == [(1, b"two\n")])
    run_exec(engine, identity, ["sh", "-c", "echo three >>/f"])
    eventually(lambda: frames_of(logs(engine, identity)) == [(1, b"two\n"), (1, b"three\n")])
    assert ask(engine, "DELETE", "/containers/%s?force=1" % identity)[0] == 204


def test_a_program_that_fails_ends_its_container_and_not_the_engine(engine):
    out, err, status = shell(engine, "(" * 2000 + "true" + ")" * 2000)
    assert (out, status) == (b"", 134) and err.startswith(b"practice engine: sh failed: RecursionError")


def test_a_shell_reads_commands_from_stdin(engine):
    identity = create(engine, ["sh"], OpenStdin=True, StdinOnce=True)
    with Wire(engine) as wire:
        attach(wire, identity)
        start(engine, identity)
        wire.send(b"echo one\ncat\nis input\n")
        wire.sock.shutdown(socket.SHUT_WR)
        assert output_of(wire.frames(), 1) == b"one\nis input\n"
