"""The single file keeps its compiled sections as Python keeps bytecode, and runs nobody else's."""
import marshal
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from binascii import crc32

import pytest

from tests.house.single_files import made
from tests.house.sources import ROOT

FROM_CACHE = 97   # the exit status of what an attacker would have us run
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def script():
    """The path of the default file in a folder that every user may enter."""
    folder = os.path.realpath(tempfile.mkdtemp(prefix="rawdock-cache-"))
    os.chmod(folder, 0o755)
    path = os.path.join(folder, "rawdock.py")
    with open(path, "wb") as file:
        file.write(made())
    yield path
    shutil.rmtree(folder)


def run(script, *words, **settings):
    """→ (exit status, standard output); nothing may be written to standard error."""
    options = settings.pop("options", ["-I", "-S"])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment.update(settings.pop("environment", {}))
    argv = [sys.executable] + options + [script] + list(words or ["--version"])
    ran = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                         **settings)
    assert ran.stderr == b""
    return ran.returncode, ran.stdout.decode("utf-8")


def cache_of(script, optimized=""):
    name = "rawdock-sections.%s%s.pyc" % (sys.implementation.cache_tag, optimized)
    return os.path.join(os.path.dirname(script), "__pycache__", name)


def names_beside(script):
    """What is in the folder of the script and in `__pycache__`."""
    folder = os.path.dirname(script)
    return sorted(os.path.relpath(os.path.join(where, name), folder)
                  for where, _, names in os.walk(folder) for name in names)


def rows_in(path):
    """{section: (its row, its code)} of a file in `__pycache__`."""
    with open(path, "rb") as file:
        data = file.read()
    assert crc32(data[20:]).to_bytes(4, "little") == data[16:20]
    return marshal.loads(data[20:])[1]


def write_cache(path, script, rows, key=None):
    payload = marshal.dumps((script, rows))
    with open(path, "r+b") as file:
        key = key or file.read(16)
        file.seek(0)
        file.write(key + crc32(payload).to_bytes(4, "little") + payload)
        file.truncate()


def poison(script):
    """What somebody would write who wants code of theirs to run: in the right place, with the right key."""
    rows = rows_in(cache_of(script))
    code = marshal.dumps(compile("import os; os._exit(%d)" % FROM_CACHE, script, "exec"))
    write_cache(cache_of(script), script, {name: (row, code) for name, (row, _) in rows.items()})


@pytest.fixture
def poisoned(script):
    assert run(script)[0] == 0
    poison(script)
    return script


def cache_class():
    """SectionCache and the namespace in which it works, without a script around it."""
    namespace = {"__name__": "loader", "__builtins__": __builtins__}
    with open(os.path.join(ROOT, "tools", "single_file", "loader.py"), encoding="utf-8") as source:
        text = source.read().partition("\nsys.modules[__name__]")[0]
    exec(compile(text, "loader.py", "exec"), namespace)
    return namespace["SectionCache"], namespace


def test_the_first_run_keeps_what_it_compiled_beside_the_file(script):
    first = run(script)
    assert first[0] == 0 and first[1].startswith("rawdock ")
    assert names_beside(script) == [os.path.relpath(cache_of(script), os.path.dirname(script)), "rawdock.py"]
    kept = rows_in(cache_of(script))
    assert "rawdock/main.py" in kept and "rawdock/engine/docker.py" not in kept
    assert run(script) == first


def test_a_later_run_takes_its_code_from_there(poisoned):
    """The attack works where it is none: in this user's file, in this user's folder."""
    assert run(poisoned)[0] == FROM_CACHE


def test_the_file_with_the_school_keeps_its_code_too(script):
    with open(script, "wb") as file:
        file.write(made("--whole"))
    assert run(script, "explain", "--help")[0] == 0
    assert "rawdock/teach/explain/commands.py" in rows_in(cache_of(script))
    poison(script)
    assert run(script)[0] == FROM_CACHE


def test_a_later_run_writes_nothing(script):
    run(script)
    before = os.stat(cache_of(script))
    run(script)
    after = os.stat(cache_of(script))
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_what_another_command_compiles_is_added(script):
    run(script)
    before = rows_in(cache_of(script))
    run(script, "ps", "--help")
    after = rows_in(cache_of(script))
    assert set(before) < set(after) and before == {name: after[name] for name in before}
    assert "rawdock/cli/listing.py" in after


@pytest.mark.parametrize("how", ["-B", "PYTHONDONTWRITEBYTECODE"])
def test_nothing_is_kept_where_python_must_not_keep_it(script, how):
    if how == "-B":
        assert run(script, options=["-I", "-S", "-B"])[0] == 0
    else:
        assert run(script, options=["-S"], environment={how: "1"})[0] == 0
    assert names_beside(script) == ["rawdock.py"]


@pytest.mark.skipif(sys.version_info < (3, 8), reason="Python 3.8 began to know PYTHONPYCACHEPREFIX")
def test_a_prefix_for_bytecode_is_honoured(script, tmp_path):
    assert run(script, options=["-S"], environment={"PYTHONPYCACHEPREFIX": str(tmp_path)})[0] == 0
    assert names_beside(script) == ["rawdock.py"]
    folder = os.path.join(str(tmp_path), os.path.dirname(script).lstrip("/"))
    assert "rawdock/main.py" in rows_in(os.path.join(folder, os.path.basename(cache_of(script))))


def test_optimized_code_has_a_file_of_its_own(script):
    run(script)
    assert run(script, options=["-I", "-S", "-OO"])[0] == 0
    assert names_beside(script) == sorted(
        os.path.relpath(path, os.path.dirname(script))
        for path in (script, cache_of(script), cache_of(script, ".opt-2")))


def test_one_cache_serves_every_path_that_leads_to_the_file(poisoned, tmp_path):
    os.symlink(poisoned, str(tmp_path / "rawdock"))
    assert run(str(tmp_path / "rawdock"))[0] == FROM_CACHE
    assert run("rawdock.py", cwd=os.path.dirname(poisoned))[0] == FROM_CACHE
    assert os.listdir(str(tmp_path)) == ["rawdock"]


@pytest.mark.parametrize("old, new", [
    ('out.line("rawdock %s" % __version__)', 'out.line("other %s!" % __version__)'),
    ('out.line("rawdock %s" % __version__)', 'out.line("another %s" % __version__)')])
def test_a_file_that_changed_never_runs_old_code(script, old, new):
    """Not even one of equal size with the modification time put back, which Python takes for unchanged."""
    run(script)
    before = os.stat(script)
    with open(script, encoding="utf-8") as file:
        text = file.read()
    assert text.count(old) == 1
    with open(script, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))
    os.utime(script, ns=(before.st_atime_ns, before.st_mtime_ns))
    for _ in range(2):
        status, out = run(script)
        assert status == 0 and out.startswith(("other ", "another "))


def test_a_file_with_another_time_is_compiled_again(poisoned):
    os.utime(poisoned, (1, 1))
    assert run(poisoned)[0] == 0
    assert run(poisoned)[0] == 0   # what was there has been written anew


def test_sections_that_moved_are_compiled_again(script):
    """Tracebacks name lines; a section whose text is unchanged may be at another."""
    run(script)
    before = rows_in(cache_of(script))
    with open(script, encoding="utf-8") as file:
        text = file.read()
    with open(script, "w", encoding="utf-8") as file:
        file.write(text.replace("\n# ==== begin rawdock/errors.py\n", "\n\n# ==== begin rawdock/errors.py\n")
                   .replace('SECTIONS["rawdock/errors.py"] = (', 'SECTIONS["rawdock/errors.py"] = (1 + '))
    run(script)
    after = rows_in(cache_of(script))
    assert after["rawdock/errors.py"][0][0] == before["rawdock/errors.py"][0][0] + 1
    assert marshal.loads(after["rawdock/errors.py"][1]) != marshal.loads(before["rawdock/errors.py"][1])


# -- who may write there

@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_may_write_is_not_used(poisoned, mode):
    os.chmod(cache_of(poisoned), mode)
    assert run(poisoned)[0] == 0


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777, 0o1777])
def test_nothing_in_a_folder_that_others_may_write_is_used_or_written(poisoned, mode):
    os.chmod(os.path.dirname(cache_of(poisoned)), mode)
    before = os.stat(cache_of(poisoned))
    assert run(poisoned)[0] == 0
    after = os.stat(cache_of(poisoned))
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


@as_root
@pytest.mark.parametrize("theirs", ["file", "folder", "both"])
def test_what_belongs_to_somebody_else_is_not_used(poisoned, theirs):
    """A shared /tmp: somebody made `__pycache__` beside the file before we ran it."""
    os.chmod(os.path.dirname(poisoned), 0o1777)
    if theirs != "folder":
        os.chown(cache_of(poisoned), NOBODY, NOBODY)
    if theirs != "file":
        os.chown(os.path.dirname(cache_of(poisoned)), NOBODY, NOBODY)
    assert run(poisoned)[0] == 0


def run_as_nobody(script):
    """What `--version` does when another user runs the file → (exit status, standard output)."""
    # Another user may not be able to read this interpreter's modules: they are imported first.
    program = """
import binascii, collections, errno, gc, json, locale, marshal, os, re, shutil, socket, struct, sys, time
from _signal import signal
__file__, sys.argv[1:] = sys.argv[1], ["--version"]
with open(__file__, encoding="utf-8") as source:
    text = source.read()
os.setgid(%d)
os.setuid(%d)
exec(compile(text, __file__, "exec"))
""" % (NOBODY, NOBODY)
    argv = [sys.executable, "-I", "-S", "-c", program, script]
    ran = subprocess.run(argv, stdout=subprocess.PIPE, timeout=60)
    return ran.returncode, ran.stdout


@as_root
@pytest.mark.parametrize("what", ["file", "folder"])
def test_another_user_does_not_use_a_third_ones(poisoned, what):
    path = cache_of(poisoned) if what == "file" else os.path.dirname(cache_of(poisoned))
    os.chown(path, 1234, 1234)
    assert run_as_nobody(poisoned)[0] == 0


@as_root
def test_roots_files_are_used_by_everybody(poisoned):
    assert run_as_nobody(poisoned)[0] == FROM_CACHE


@as_root
def test_another_user_uses_files_of_their_own(poisoned):
    os.chown(cache_of(poisoned), NOBODY, NOBODY)
    os.chown(os.path.dirname(cache_of(poisoned)), NOBODY, NOBODY)
    assert run_as_nobody(poisoned)[0] == FROM_CACHE


@as_root
def test_a_folder_that_cannot_be_written_is_no_trouble(script):
    status, out = run_as_nobody(script)
    assert status == 0 and out.startswith(b"rawdock ")
    assert names_beside(script) == ["rawdock.py"]


def test_a_link_in_the_place_of_the_file_is_not_followed(poisoned):
    os.rename(cache_of(poisoned), poisoned + ".elsewhere")
    os.symlink(poisoned + ".elsewhere", cache_of(poisoned))
    assert run(poisoned)[0] == 0


def test_a_link_in_the_place_of_the_folder_is_not_followed(poisoned):
    folder = os.path.dirname(cache_of(poisoned))
    os.rename(folder, folder + "-elsewhere")
    os.symlink(folder + "-elsewhere", folder)
    before = os.stat(cache_of(poisoned)).st_mtime_ns
    assert run(poisoned)[0] == 0
    assert os.stat(cache_of(poisoned)).st_mtime_ns == before


def test_what_is_read_is_what_was_checked(poisoned, monkeypatch):
    """Somebody puts another file in its place after the check, by the path: the opened one is read."""
    SectionCache, namespace = cache_class()
    good = SectionCache(poisoned).rows
    assert good
    check = os.fstat
    swapped = []

    def swap_after_check(descriptor):
        status = check(descriptor)
        if stat.S_ISREG(status.st_mode):
            with open(cache_of(poisoned) + ".theirs", "wb"):
                os.replace(cache_of(poisoned) + ".theirs", cache_of(poisoned))
            swapped.append(descriptor)
        return status
    monkeypatch.setattr(os, "fstat", swap_after_check)
    assert SectionCache(poisoned).rows == good and len(swapped) >= 1
    monkeypatch.undo()
    assert SectionCache(poisoned).rows == {}


# -- damage

def test_a_damaged_or_cut_file_is_noticed_wherever_it_is(poisoned):
    SectionCache, _ = cache_class()
    with open(cache_of(poisoned), "rb") as file:
        whole = file.read()
    places = list(range(40)) + list(range(40, len(whole), len(whole) // 60)) + [len(whole) - 1]
    assert SectionCache(poisoned).rows
    for place in places:
        for data in (whole[:place], whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:]):
            with open(cache_of(poisoned), "wb") as file:
                file.write(data)
            assert SectionCache(poisoned).rows == {}, place


@pytest.mark.parametrize("data", [b"", b"\0" * 1000, b"not what is expected here", None])
def test_a_run_beside_a_damaged_file_writes_it_anew(poisoned, data):
    with open(cache_of(poisoned), "r+b") as file:
        if data is None:
            file.seek(-1000, os.SEEK_END)
            file.truncate()
        else:
            file.truncate(0)
            file.write(data)
    expected = run(poisoned, options=["-I", "-S", "-B"])
    assert expected[0] == 0
    assert run(poisoned) == expected
    assert "rawdock/main.py" in rows_in(cache_of(poisoned))
    poison(poisoned)
    assert run(poisoned)[0] == FROM_CACHE


@pytest.mark.parametrize("rows", [
    None, [], {1: 2}, {"rawdock/main.py": None}, {"rawdock/main.py": ((1, "", ""), b"")}])
def test_a_file_with_the_right_sum_and_other_contents_is_no_trouble(poisoned, rows):
    write_cache(cache_of(poisoned), poisoned, rows)
    assert run(poisoned)[0] == 0


@pytest.mark.parametrize("place", range(16))
def test_the_files_of_another_interpreter_or_source_are_not_used(poisoned, place):
    SectionCache, _ = cache_class()
    with open(cache_of(poisoned), "rb") as file:
        key = bytearray(file.read(16))
    key[place] ^= 1
    write_cache(cache_of(poisoned), poisoned, rows_in(cache_of(poisoned)), bytes(key))
    assert SectionCache(poisoned).rows == {}


def test_a_copy_of_the_folder_does_not_name_the_old_path(poisoned, tmp_path):
    """Code knows the path of its source, which tracebacks show."""
    shutil.copytree(os.path.dirname(poisoned), str(tmp_path / "copy"))   # with the times
    assert run(str(tmp_path / "copy" / "rawdock.py"))[0] == 0


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_something_else_in_the_place_of_the_file_is_no_trouble(script, make):
    os.mkdir(os.path.dirname(cache_of(script)), 0o755)
    make(cache_of(script))
    assert run(script)[0] == 0


def test_a_file_in_the_place_of_the_folder_is_no_trouble(script):
    with open(os.path.dirname(cache_of(script)), "w"):
        assert run(script)[0] == 0
    assert names_beside(script) == ["__pycache__", "rawdock.py"]


# -- writing

def test_a_full_disk_leaves_nothing_behind(script):
    def limit_files():
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    assert run(script, preexec_fn=limit_files)[0] == 0
    assert names_beside(script) == ["rawdock.py"]


@pytest.mark.parametrize("mode, kept", [(0o755, 0o644), (0o600, 0o600), (0o777, 0o644)])
def test_nobody_may_read_it_who_may_not_read_the_source(script, mode, kept):
    os.chmod(script, mode)
    run(script, preexec_fn=lambda: os.umask(0))
    assert stat.S_IMODE(os.stat(cache_of(script)).st_mode) == kept
    assert stat.S_IMODE(os.stat(os.path.dirname(cache_of(script))).st_mode) == 0o755


def test_runs_at_the_same_time_leave_one_whole_file(script):
    running = [subprocess.Popen([sys.executable, "-I", "-S", script, "--version"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE) for _ in range(4)]
    outcomes = {one.communicate(timeout=60) + (one.returncode,) for one in running}
    assert outcomes == {(run(script)[1].encode(), b"", 0)}
    assert len(names_beside(script)) == 2
    poison(script)
    assert run(script)[0] == FROM_CACHE


# -- other ways to run it

@pytest.mark.parametrize("words", [["-"], ["-c", "import sys; exec(sys.stdin.read())"]])
def test_it_runs_where_its_path_is_not_known(script, words):
    with open(script, "rb") as source:
        status, out = run(words[0], *words[1:], "--version", stdin=source, cwd=os.path.dirname(script))
    assert status == 0 and out.startswith("rawdock ")
    assert names_beside(script) == ["rawdock.py"]


def test_as_a_module_it_leaves_its_sections_to_their_user(script):
    program = ("import sys; sys.path.insert(0, %r); import rawdock\n"
               "rawdock.Docker; print(rawdock.section_cache)")
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", program % os.path.dirname(script)],
                         stdout=subprocess.PIPE, check=True)
    assert ran.stdout == b"None\n"
    assert not os.path.exists(cache_of(script))


PYPY = shutil.which("pypy3")
POISON_WITH_PYPY = """
import marshal, sys
from binascii import crc32
path = sys.argv[1]
with open(path, "rb") as file:
    data = file.read()
source, rows = marshal.loads(data[20:])
code = marshal.dumps(compile("import os; os._exit(%d)", source, "exec"))
payload = marshal.dumps((source, {name: (row, code) for name, (row, _) in rows.items()}))
with open(path, "wb") as file:
    file.write(data[:16] + crc32(payload).to_bytes(4, "little") + payload)
""" % FROM_CACHE


@pytest.mark.skipif(PYPY is None, reason="there is no pypy3")
def test_pypy_uses_what_pypy_keeps(script):
    run(script)
    first = subprocess.check_output([PYPY, "-I", "-S", script, "--version"])
    assert first.startswith(b"rawdock ")
    kept, = [name for name in names_beside(script) if "pypy" in name]
    path = os.path.join(os.path.dirname(script), kept)
    assert subprocess.check_output([PYPY, "-I", "-S", script, "--version"]) == first
    subprocess.check_call([PYPY, "-c", POISON_WITH_PYPY, path])
    assert subprocess.call([PYPY, "-I", "-S", script, "--version"]) == FROM_CACHE
    os.chmod(path, 0o666)
    assert subprocess.check_output([PYPY, "-I", "-S", script, "--version"]) == first


def test_its_self_test_passes_beside_its_cache(script):
    for _ in range(2):
        status, out = run(script, "--self-test")
        assert status == 0 and "checks passed" in out
        run(script, "ps", "--help")


def test_what_fails_at_the_end_of_a_process_does_not_change_its_status():
    program = ("import sys; sys.argv[1:] = ['--version']\n"
               "from rawdock.main import run_process; run_process(lambda: 1 / 0)")
    assert subprocess.call([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.DEVNULL) == 0
