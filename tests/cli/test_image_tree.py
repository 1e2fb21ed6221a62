"""images --tree: what docker 28.2.2 prints for these answers, but without colours where it is piped."""
import pytest

from rawdock.cli.image_tree import TreeTable, read_tree
from rawdock.errors import ProtocolError
from tests.cli.canned_engine import run_on_fake_engine


def manifest(digit, platform=None, content=0, total=0, containers=(), **more):
    fields = {"ID": "sha256:" + digit * 64, "Available": True, "Kind": "image",
              "Size": {"Content": content, "Total": total}}
    if platform:
        os_name, architecture, variant = platform
        fields["ImageData"] = {"Platform": {"os": os_name, "architecture": architecture, "variant": variant},
                               "Containers": list(containers)}
    return dict(fields, **more)


REDIS = {"Id": "sha256:" + "1" * 64, "Created": 1700000000, "Size": 19914129, "Containers": -1,
         "RepoTags": ["redis:2.8", "example.com/some/repository/with/a/very/long/path/name:and-a-long-tag"],
         "Manifests": [
             manifest("a", ("linux", "amd64", ""), 7900000, 19900000, ["c1"]),
             manifest("b", ("linux", "arm64", "v8"), Available=False),
             manifest("c", content=2000, Kind="attestation"), manifest("d", Kind="unknown")]}
BUSYBOX = {"Id": "sha256:" + "2" * 64, "Created": 1700000500, "Size": 1234, "Containers": 2,
           "RepoTags": ["b:one", "b:two"], "Manifests": []}
UNTAGGED = {"Id": "sha256:" + "3" * 64, "Created": 1700000300, "Size": 0, "Containers": 0, "RepoTags": None,
            "Manifests": [manifest("e", ("windows", "amd64", ""), 1, 999999),
                          manifest("f", ("linux", "arm", "v7"), 1500, 999999)]}
WARNING = "WARNING: This is an experimental feature. The output may change and shouldn't be depended on.\n"
LEGEND = " " * 62 + "Info ->  U In Use \n\n"
# In 80 columns.
LISTED = """\
IMAGE                           ID             DISK USAGE   CONTENT SIZE   EXTRA
b:one
b:two                           222222222222       1.23kB             0B   U    .

example.com/some/repository/with/a/very/long/path/name:and-a-long-tag
redis:2.8                       111111111111       19.9MB          7.9MB   U    .
├─ linux/amd64                  aaaaaaaaaaaa       19.9MB          7.9MB   U    .
└─ linux/arm64/v8               bbbbbbbbbbbb           0B             0B        .

""".replace(".\n", "\n")
UNTAGGED_LISTED = """\
<untagged>                      333333333333           0B          1.5kB        .
├─ windows/amd64                eeeeeeeeeeee      1e+03kB             1B        .
└─ linux/arm/v7                 ffffffffffff      1e+03kB          1.5kB        .

""".replace(".\n", "\n")
NARROW = """\
IMAGE             ID          .
b:one
b:two             222222222222

example.com/some/repository/w…
redis:2.8         111111111111
├─ linux/amd64    aaaaaaaaaaaa
└─ linux/arm64…   bbbbbbbbbbbb
""".replace(".\n", "\n")
COLOURED = [
    "\x1b[39m\x1b[2m└─ linux/arm64/v8\x1b[0m               \x1b[39m\x1b[2mbbbbbbbbbbbb\x1b[0m           "
    "\x1b[39m\x1b[2m0B\x1b[0m             \x1b[39m\x1b[2m0B\x1b[0m        ",
    "\x1b[34m\x1b[1mredis:2.8\x1b[0m                       \x1b[39m111111111111\x1b[0m       "
    "\x1b[39m19.9MB\x1b[0m          \x1b[39m7.9MB\x1b[0m   \x1b[38;5;0m\x1b[48;5;14m U \x1b[0m  ",
    "\x1b[93m%s\x1b[0m" % WARNING.rstrip("\n"),
    " " * 59 + "\x1b[1m\x1b[106m\x1b[30mi\x1b[0m\x1b[0m \x1b[96mInfo → \x1b[0m\x1b[0m "
    "\x1b[38;5;0m\x1b[48;5;14m U \x1b[0m In Use "]


def tree(images, *words):
    return run_on_fake_engine({"GET /images/json": images}, ["images", "--tree"] + list(words), api="1.50")


def test_a_tree():
    ran = tree([REDIS, BUSYBOX, UNTAGGED])
    assert (ran.status, ran.out) == (0, WARNING + LEGEND + LISTED)
    assert ran.requests == [("GET", "/images/json", {"manifests": "1"})]
    out = tree([REDIS, BUSYBOX, UNTAGGED], "-a").out
    assert out == WARNING + LEGEND + LISTED.replace("\nexample", "\n" + UNTAGGED_LISTED + "example")


def test_without_platforms_no_line_is_between_images_and_none_is_marked():
    assert tree([BUSYBOX]).out == WARNING + LEGEND + (
        "IMAGE   ID             DISK USAGE   CONTENT SIZE   EXTRA\nb:one\n"
        "b:two   222222222222       1.23kB             0B        \n")
    assert tree([]).out == WARNING + LEGEND + "IMAGE   ID             DISK USAGE   CONTENT SIZE   EXTRA\n"


def test_at_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    trees = [read_tree(image) for image in (BUSYBOX, REDIS)]
    lines = TreeTable(trees, 80).lines()
    assert [line for line in COLOURED if line not in lines] == []
    monkeypatch.setenv("NO_COLOR", "1")
    lines = TreeTable(trees, 30).lines()
    assert "\n".join(lines[3:]) == NARROW
    assert lines[1] == "         i Info →   U  In Use "


def test_names_do_not_control_the_terminal():
    assert "\x1b" not in tree([dict(BUSYBOX, RepoTags=["a\x1b[2J:b", "c\x1bc:d"])]).out


@pytest.mark.parametrize("words, named", [
    (["-q"], "quiet"), (["--no-trunc", "--format", "x"], "no-trunc"), (["--digests"], "show-digest"),
    (["--format", "json"], "format"), (["--json"], "json")])
def test_what_does_not_go_with_it(words, named):
    ran = tree([], *words)
    assert (ran.status, ran.err) == (1, "--%s is not yet supported with --tree\n" % named)
    assert ran.requests == []


@pytest.mark.parametrize("wrong", [{"Size": 5}, {"Size": {"Total": 1}}, {"ImageData": None}])
def test_a_malformed_answer_is_reported(wrong):
    with pytest.raises(ProtocolError):
        tree([dict(REDIS, Manifests=[manifest("a", ("linux", "amd64", ""), **wrong)])])
