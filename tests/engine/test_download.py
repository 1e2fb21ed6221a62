"""Contexts of builds from elsewhere: over HTTP from a scripted server, and out of a git repository."""
import io
import os
import shutil
import subprocess
import tarfile

import pytest

from rawdock.engine.download import clone_repository, download, is_git_url, join_url
from rawdock.errors import RawdockError, UsageError

from tests.cli.scripted_socket import clean_environment
from tests.live.build_cases import KeepingEngine
from tests.net.fake_engine import FakeEngine, response, serve


class FileServer:
    """Serves `pages` ({path: bytes, or (status line, fields)}) and the files below `folder` over HTTP."""

    def __init__(self, pages=None, folder=None):
        self.pages, self.folder = pages or {}, folder
        self.engine = FakeEngine(serve(self.answer), tcp=True)

    def __enter__(self):
        address = self.engine.__enter__().address
        self.url = address.replace("tcp://", "http://")
        return self

    def __exit__(self, *ended):
        self.engine.__exit__(*ended)

    def answer(self, seen):
        path = seen.target.partition("?")[0]
        page = self.pages.get(seen.target, self.pages.get(path))
        if page is None and self.folder and os.path.isfile(self.folder + path):
            with open(self.folder + path, "rb") as file:
                page = file.read()
        if isinstance(page, tuple):
            return response(b"moved", page[0], headers=page[1])
        return response(b"no such page\n", "404 Not Found") if page is None else response(page)


@pytest.mark.parametrize("url, git", [
    ("http://h/a.git", True), ("https://h/a.git#b", True), ("http://h/a.git#", False), ("http://h/a", False),
    ("http://h/a.git/x", False), ("git://h/a", True), ("git@h:a", True), ("ssh://h/a", True),
    ("github.com/a/b", True), ("ftp://h/a.git", False), ("a.git", False)])
def test_what_is_a_repository(url, git):
    assert is_git_url(url) is git


@pytest.mark.parametrize("url, place, joined", [
    ("http://h/a/b?q", "c", "http://h/a/c"), ("http://h", "c", "http://h/c"),
    ("http://h/a", "/", "http://h/"),
    ("http://h/a/b/c", "../d/", "http://h/a/d/"), ("http://h/a", "//g/x", "http://g/x"),
    ("http://h/a", "https://g/", "https://g/"), ("http://h/a/", "c?x=../y", "http://h/a/c?x=../y")])
def test_where_a_redirect_leads(url, place, joined):
    assert join_url(url, place) == joined


def test_redirects_are_followed_ten_times():
    pages = {"/%d" % at: ("302 Found", [("Location", "%d" % (at + 1))]) for at in range(20)}
    pages["/15"] = b"here"
    with FileServer(pages) as server:
        assert download(server.url + "/5").read() == b"here"
        with pytest.raises(UsageError, match="stopped after 10 redirects"):
            download(server.url + "/4")
    assert server.engine.requests[0].headers["host"] == server.url[len("http://"):]


def test_a_user_in_the_url_is_sent_as_credentials():
    with FileServer({"/a": b"here"}) as server:
        download(server.url.replace("http://", "http://ada:secret@") + "/a?b=c#d").read()
    seen = server.engine.requests[0]
    assert (seen.target, seen.headers["authorization"]) == ("/a?b=c", "Basic YWRhOnNlY3JldA==")


def test_a_refusal_says_what_the_server_says():
    with FileServer() as server:
        with pytest.raises(UsageError, match="(?s)GET .*/x with status 404 Not Found: no such page"):
            download(server.url + "/x")


@pytest.mark.parametrize("url", ["http://", "http:///a", "http://h:99999/", "http://h:/x y", "https://[::1/"])
def test_what_is_no_url_is_refused(url):
    with pytest.raises(UsageError, match="is no URL"):
        download(url)


def test_nobody_there_is_an_error():
    with pytest.raises(UsageError) as caught:
        download("http://127.0.0.1:1/")
    assert str(caught.value) == "unable to download remote context http://127.0.0.1:1/: connection refused"


# -- repositories

# On CI there has to be one, or the tests fail.
git = pytest.mark.skipif(shutil.which("git") is None and os.environ.get("CI") != "true",
                         reason="there is no git")


def run_git(folder, *words):
    environment = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", HOME=str(folder), GIT_AUTHOR_NAME="a",
                       GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b")
    subprocess.run(("git",) + words, cwd=str(folder), env=environment, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A folder with r.git, a repository that a server of files can serve: a branch, a folder, a link out."""
    folder = tmp_path_factory.mktemp("repository")
    work = folder / "work"
    (work / "sub").mkdir(parents=True)
    (work / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (work / "sub" / "Dockerfile").write_text("FROM scratch\n")
    (work / "out").symlink_to("/")
    run_git(work, "init", "-q", ".")
    run_git(work, "add", ".")
    run_git(work, "commit", "-qm", "one")
    run_git(work, "branch", "other")
    run_git(work, "clone", "-q", "--bare", str(work), str(folder / "r.git"))
    run_git(folder / "r.git", "update-server-info")
    return str(folder)


@git
@pytest.mark.parametrize("fragment, names", [
    ("", [".git", "Dockerfile", "out", "sub"]), ("#other", [".git", "Dockerfile", "out", "sub"]),
    ("#:sub", ["Dockerfile"]), ("#other:/sub/", ["Dockerfile"]), ("#:../../sub", ["Dockerfile"])])
def test_a_repository_is_checked_out(repository, tmp_path, fragment, names):
    with FileServer(folder=repository) as server:
        root = clone_repository(server.url + "/r.git" + fragment, str(tmp_path))
    assert sorted(os.listdir(root)) == names


@git
@pytest.mark.parametrize("fragment, said", [
    ("#nosuch", "error fetching"), ("#--upload-pack=x", "invalid refspec"), ("#:nosuch", "not a directory"),
    ("#:out", "not within git root"), ("#:Dockerfile", "not a directory")])
def test_what_is_not_in_a_repository(repository, tmp_path, fragment, said):
    with FileServer(folder=repository) as server:
        with pytest.raises(UsageError, match=said):
            clone_repository(server.url + "/r.git" + fragment, str(tmp_path))


def test_without_git_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="unable to find 'git'"):
        clone_repository("git://nosuch.invalid/a", str(tmp_path))


# -- the command

def build(command, *words, **environment):
    """Build against an engine that keeps the tar → (exit status, stdout, stderr, names in the tar)."""
    with KeepingEngine() as engine:
        ran = subprocess.run(command + ["-H", engine.address, "build"] + list(words), timeout=60,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             env=dict(clean_environment(), DOCKER_BUILDKIT="0", **environment))
        sent = engine.sent()
    names = None
    if sent is not None:
        with tarfile.open(fileobj=io.BytesIO(sent.body)) as tar:
            names = tar.getnames()
    return ran.returncode, ran.stdout.decode(), ran.stderr.decode(), names


def test_a_dockerfile_is_built_from_a_url(rawdock_command):
    with FileServer({"/x/Dockerfile": b"FROM scratch\n"}) as server:
        status, out, err, names = build(rawdock_command, server.url + "/x/Dockerfile")
    assert (status, err, names) == (0, "", ["Dockerfile"])
    assert out.startswith("Downloading build context from remote url: %s/x/Dockerfile [" % server.url)
    assert "13B/13B" in out


def test_a_download_that_is_cut_is_a_failure(rawdock_command):
    def cut(peer):
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nFROM")
        peer.close()

    with FakeEngine(cut, tcp=True) as engine:
        status, _, err, names = build(rawdock_command, engine.address.replace("tcp", "http") + "/Dockerfile")
    assert status == 1 and names is None and "cut" in err and err.count("\n") == 1
    assert "unable to download remote context" in err and "engine" not in err


@git
def test_a_repository_is_built_and_removed(rawdock_command, repository, tmp_path):
    with FileServer(folder=repository) as server:
        status, _, err, names = build(rawdock_command, server.url + "/r.git#:sub", TMPDIR=str(tmp_path))
        assert (status, err, names, os.listdir(str(tmp_path))) == (0, "", ["Dockerfile"], [])
        status, _, err, names = build(rawdock_command, "-f", "../x", server.url + "/r.git#:sub",
                                      TMPDIR=str(tmp_path))
        assert (status, names, os.listdir(str(tmp_path))) == (1, None, []) and err.count("\n") == 1
        status, _, err, names = build(rawdock_command, "-f", "../Dockerfile", server.url + "/r.git#:sub",
                                      TMPDIR=str(tmp_path))
    assert (status, names) == (1, None) and "must be within the build context" in err


def test_a_dry_run_downloads_nothing(rawdock_command):
    with FileServer({"/Dockerfile": b"FROM scratch\n"}) as server:
        ran = subprocess.run(rawdock_command + ["-H", "unix:///nonexistent/s", "--dry-run", "build",
                                                server.url + "/Dockerfile"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
    assert ran.returncode == 1 and b"a dry run downloads nothing" in ran.stderr and not server.engine.requests
