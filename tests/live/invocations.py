"""Sessions of docker command lines that docker 28.2.2 and rawdock both run, and what docker answered.

A file tests/live/invocations_NAME.py has them as one text, SESSIONS:

    # Two containers                                 the title of a session
    = side by side                                   its invocations change nothing: several run at a time
    + run -d --name rec-one busybox sleep 600        what must be there: run by whichever docker is here
    pause rec-one                                    an invocation: its status, stdout and stderr are compared
    container prune < y                              the line that it reads; without one stdin is empty

and docker-28.2.2/invocations/NAME.json has, by session, one row for each invocation:

    {"words": "pause rec-one", "status": 0, "out": "rec-one\\n", "err": "",   what docker answered
     "differs": "the reason", "ours": {"err": "…"}}     where rawdock answers otherwise (null: not compared)

The invocations of a session run in their order, if it does not say `= side by side`, against the objects of
the session, so each may meet what the one before has left; they run in an empty folder. {host} and {registry}
stand for addresses, {n} for a text that differs in every run. What is called rec-… is removed after the
session.

To add some, write them into SESSIONS, then run `tools/record-docker --invocations` with a docker 28.2.2 and
the engine that `tools/engine up` brings. With --ours too it fills in `ours`; write the reason yourself.
"""
import glob
import importlib
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
import uuid
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor

from tests.live.docker_cli import TABLES, TO_BE_JUDGED, normalised, remove_objects, run

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDS = os.path.join(TABLES, "invocations")
ANSWER_KEYS = ("status", "out", "err")
OURS = [sys.executable, "-c", "import sys; sys.path.insert(0, %r); from rawdock.main import run_process; "
        "run_process()" % os.path.dirname(os.path.dirname(HERE))]

AT_ONCE = 8   # invocations of a session that run side by side

# `setup` and `invocations` are lists of lines. `at_once`: how many of the invocations run at a
# time.
Session = namedtuple("Session", "name title setup invocations at_once")

# What else differs from one run to the next.
FORMS = [
    (r"(?<![\w}])(/[\w.-]+)+/volumes/(?=rec-)", "{root}/volumes/"),
    (r"(?<![\w}])(/[\w.-]+)+/tmp/docker-import-\d+", "{root}/tmp/docker-import-NUMBER"),
    (r"\b\d+ (day|week|month|year)s?( ago)?", "A WHILE"),
    (r"\b172\.\d+\.\d+\.\d+\b", "IP"),
    (r"(?<=:)(3[2-9]|4\d|5\d|60)\d{3}\b", "PORT"),
]
# And what these commands print beside that: numbers that are measured.
MEASURING = re.compile(r"\b(stats|top|df)\b")
MEASURED_FORMS = [
    (r"\b\d+(\.\d+)?%", "PERCENT"),
    (r"\b\d+(\.\d+)?(e\+\d+)?([kKMGT]i?)?B\b", "SIZE"),
    (r"\b\d\d:\d\d(:\d\d)?\b", "CLOCK"),
    (r"\b\d+\b", "NUMBER"),
]
# The engine lists these in any order.
UNORDERED = re.compile(r"(container )?diff\b")


def names():
    """The NAMEs of the files of sessions."""
    return sorted(os.path.basename(path)[len("invocations_"):-len(".py")]
                  for path in glob.glob(os.path.join(HERE, "invocations_*.py")))


def sessions(name):
    """The Sessions of tests/live/invocations_NAME.py."""
    found = []
    for line in importlib.import_module("tests.live.invocations_" + name).SESSIONS.split("\n"):
        if line.startswith("# "):
            found.append(Session(name, line[2:], [], [], 1))
        elif line == "= side by side":
            found[-1] = found[-1]._replace(at_once=AT_ONCE)
        elif line.startswith("+ "):
            assert not found[-1].invocations, "a + line comes before the invocations: %s" % line
            found[-1].setup.append(line[2:])
        elif line.strip():
            found[-1].invocations.append(line)
    titles = [session.title for session in found]
    assert len(set(titles)) == len(titles), "titles repeat: %s" % titles
    return found


# ---- the record

def record_path(name):
    return os.path.join(RECORDS, name + ".json")


def read_record(name):
    """Session titles → rows; {} before anything was recorded."""
    if not os.path.exists(record_path(name)):
        return {}
    with open(record_path(name), encoding="utf-8") as file:
        return json.load(file)


def write_record(name, record):
    texts = []
    for title, rows in record.items():
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        texts.append("%s: [\n  %s]" % (json.dumps(title, ensure_ascii=False), ",\n  ".join(lines)))
    with open(record_path(name), "w", encoding="utf-8") as file:
        file.write("{\n" + ",\n".join(texts) + "\n}\n")


def differing(rows, answers, expected_of):
    """The rows that expect another answer, as texts for a person."""
    texts = []
    for row, answer in zip(rows, answers):
        expected = expected_of(row)
        for key in ANSWER_KEYS:
            if expected[key] is not None and expected[key] != answer[key]:
                texts.append("%s\n  %s expected: %r\n  %s found:    %r"
                             % (row["words"], key, expected[key], key, answer[key]))
    return texts


# ---- running them

def answers(argv, engine, session):
    """Run a Session with the command line `argv` → {"status", "out", "err"} of each invocation."""
    unique, folder = uuid.uuid4().hex[:8], tempfile.mkdtemp(prefix="rec-")

    def words_of(line):
        for mark, value in (("{host}", engine.address), ("{registry}", engine.registry), ("{n}", unique)):
            line = line.replace(mark, value)
        return shlex.split(line)

    def answer(line):
        line, _, said = line.partition(" < ")
        words = words_of(line)
        target = [] if words[:1] in (["-H"], ["--help"]) else ["-H", engine.address]
        status, out, err = run(argv + target + words, said and said + "\n", folder)
        out = stable(out, MEASURED_FORMS if MEASURING.search(line) else [])
        if UNORDERED.match(line):
            out = "".join(sorted(out.splitlines(True)))
        return {"status": status, "out": out, "err": stable(err, [])}

    def stable(text, forms):
        text = normalised(text, engine).replace(unique, "{n}").replace(folder, "{folder}")
        for pattern, form in FORMS + forms:
            text = re.sub(pattern, form, text)
        return text

    try:
        for line in session.setup:
            ran = run([engine.docker_cli, "-H", engine.address] + words_of(line), cwd=folder)
            assert ran[0] == 0, (line, ran)
        with ThreadPoolExecutor(session.at_once) as pool:
            return list(pool.map(answer, session.invocations))
    finally:
        remove_objects(engine)
        shutil.rmtree(folder)


def record_sessions(name, argv, engine, check=False):
    """Write down what docker (`argv`) answers → how many answers are new. `check`: write nothing."""
    old, new, changed = read_record(name), {}, 0
    for session in sessions(name):
        rows = []
        known = list(old.get(session.title, ()))
        for words, answer in zip(session.invocations, answers(argv, engine, session)):
            # The next row with these words: an invocation may occur several times in its session.
            before = next((row for row in known if row["words"] == words), {})
            if before:
                known.remove(before)
            row = dict(before, words=words, **answer)
            if row != before:
                changed += 1
                print("%s: %s: %s" % (name, session.title, words))
            rows.append(row)
        new[session.title] = rows
    if not check:
        write_record(name, new)
    return changed


def note_ours_of_sessions(name, engine):
    """Write down where rawdock answers otherwise → in how many rows that is new."""
    record, changed = read_record(name), 0
    for session in sessions(name):
        rows = record[session.title]
        for row, found in zip(rows, answers(OURS, engine, session)):
            before = row.pop("ours", {})
            other = {key: None if before.get(key, "") is None else found[key]
                     for key in ANSWER_KEYS if found[key] != row[key]}
            if other != before:
                changed += 1
                print("%s: %s: %s" % (name, session.title, row["words"]))
            reason = row.pop("differs", TO_BE_JUDGED)
            if other:
                row.update(differs=reason, ours=other)
    write_record(name, record)
    return changed
