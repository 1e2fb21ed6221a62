"""`rawdock conform`: the report, its exit status, and what it says when there is nothing to compare."""
import re

import pytest

from rawdock.main import main
from rawdock.teach.practice.engine import PracticeEngine


def conform(capfd, *words):
    status = main(list(words))
    out, err = capfd.readouterr()
    return status, out, err


def test_the_report(capfd):
    with PracticeEngine() as engine:
        for words in (("conform", engine.socket_path), ("conform", engine.address),
                      ("-H", engine.address, "conform")):
            status, out, err = conform(capfd, *words)
            lines = out.splitlines()
            assert status == 1 and lines[0].startswith(engine.address + " compared with dockerd 20.10")
            assert re.fullmatch(r" *93 / 93   output: attach, wait, logs",
                                lines[[line[12:] for line in lines].index("output: attach, wait, logs")])
            equal, compared = map(int, re.fullmatch(r" *(\d+) / (\d+) +equal / compared", lines[-1]).groups())
            assert compared > 780 and 0 < compared - equal < 12
            assert any(line.strip().startswith("6 x status: expected 500, seen 400 (the engine itself, "
                                               "bad-filter; ")
                       and line.endswith("; 3 more)") for line in lines), lines
            assert err == ("rawdock: busybox is not there: pulling it\n" if words[1] == engine.socket_path
                           else "")


@pytest.mark.parametrize("words, text", [
    (("conform", "/no/such/sock"), "/no/such/sock"),
    (("conform", "127.0.0.1:1"), "127.0.0.1:1"),
    (("conform", "nothing://x"), "nothing"),
])
def test_what_cannot_be_compared_is_one_line(capfd, words, text):
    status, out, err = conform(capfd, *words)
    assert status == 1 and out == "" and text in err and err.count("\n") == 1


def test_too_many_arguments_show_the_usage(capfd):
    status, out, err = conform(capfd, "conform", "a", "b")
    assert status == 1 and out == "" and "at most 1 argument" in err.split("\n")[0]
    assert err.count("Usage:  rawdock conform") == 1
