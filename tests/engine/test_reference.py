"""Image references: the vectors of the grammar, and that every form of a reference reads back as an equal
one."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawdock.engine.reference import Reference, parse_reference, pull_query, require_image
from rawdock.errors import UsageError

HEX = "0123456789abcdef" * 4
DIGEST = "sha256:" + HEX


@pytest.mark.parametrize("text, domain, path, tag, digest, familiar", [
    ("ubuntu", "docker.io", "library/ubuntu", None, None, "ubuntu"),
    ("redis:2.8", "docker.io", "library/redis", "2.8", None, "redis:2.8"),
    ("foo/bar", "docker.io", "foo/bar", None, None, "foo/bar"),
    ("library/redis", "docker.io", "library/redis", None, None, "redis"),
    ("docker.io/redis", "docker.io", "library/redis", None, None, "redis"),
    ("index.docker.io/redis:1", "docker.io", "library/redis", "1", None, "redis:1"),
    ("docker.io/library/a/b", "docker.io", "library/a/b", None, None, "library/a/b"),
    ("docker.io/foo.bar/x", "docker.io", "foo.bar/x", None, None, "docker.io/foo.bar/x"),
    ("docker.io/localhost/x", "docker.io", "localhost/x", None, None, "docker.io/localhost/x"),
    ("x.y", "docker.io", "library/x.y", None, None, "x.y"),
    ("localhost", "docker.io", "library/localhost", None, None, "localhost"),
    ("library/" + HEX, "docker.io", "library/" + HEX, None, None, "library/" + HEX),
    ("localhost/x", "localhost", "x", None, None, "localhost/x"),
    ("localhost:5000/x/y:1", "localhost:5000", "x/y", "1", None, "localhost:5000/x/y:1"),
    ("host.tld/x", "host.tld", "x", None, None, "host.tld/x"),
    ("example:5000", "docker.io", "library/example", "5000", None, "example:5000"),
    ("Upper/x", "Upper", "x", None, None, "Upper/x"),
    ("127.0.0.1:5000/x", "127.0.0.1:5000", "x", None, None, "127.0.0.1:5000/x"),
    ("[2001:db8::1]:5000/x:t", "[2001:db8::1]:5000", "x", "t", None, "[2001:db8::1]:5000/x:t"),
    ("a__b/c_d/e---f.g", "docker.io", "a__b/c_d/e---f.g", None, None, "a__b/c_d/e---f.g"),
    ("x@" + DIGEST, "docker.io", "library/x", None, DIGEST, "x@" + DIGEST),
    ("h.tld/x:1@" + DIGEST, "h.tld", "x", "1", DIGEST, "h.tld/x:1@" + DIGEST),
    ("x@sha512+b64:" + HEX * 2, "docker.io", "library/x", None, "sha512+b64:" + HEX * 2,
     "x@sha512+b64:" + HEX * 2),
    ("x:" + "t" * 128, "docker.io", "library/x", "t" * 128, None, "x:" + "t" * 128),
    ("h.tld/" + "a" * 255, "h.tld", "a" * 255, None, None, "h.tld/" + "a" * 255),
    (HEX[1:], "docker.io", "library/" + HEX[1:], None, None, HEX[1:]),
    (HEX + ":t", "docker.io", "library/" + HEX, "t", None, "library/" + HEX + ":t"),
])
def test_references(text, domain, path, tag, digest, familiar):
    reference = parse_reference(text)
    assert reference == Reference(domain, path, tag, digest)
    assert reference.repository() == domain + "/" + path
    assert reference.familiar() == familiar
    assert parse_reference(familiar) == reference
    suffix = (":" + tag if tag else "") + ("@" + digest if digest else "")
    assert reference.canonical() == domain + "/" + path + (suffix or ":latest")


@pytest.mark.parametrize("text, reason", [
    ("", "empty"), (HEX, "64-byte hexadecimal"), (DIGEST, "64-byte hexadecimal"),
    ("Redis", r"repository name \(library/Redis\) must be lowercase"), ("foo/Bar:1", "must be lowercase"),
    ("localhost/X", "must be lowercase"),
    ("a//b", "no path component"), ("a/", "no path component"), ("/a", "no path component"),
    ("h.tld/", "names no repository"), (":1", "names no repository"), ("@" + DIGEST, "names no repository"),
    ("a...b", "no path component"), ("a___b", "no path component"), ("-a", "no path component"),
    ("a.", "no path component"), ("a b", "no path component"), ("a\n", "no path component"),
    ("é", "no path component"),
    ("x:", "no tag"), ("x:.t", "no tag"), ("x:-t", "no tag"), ("x:" + "t" * 129, "no tag"),
    ("x:a:b", "no tag"),
    ("x:t\n", "no tag"), ("x:\u0661", "no tag"),
    ("x@", "no digest"), ("x@sha256:abc", "no digest"), ("x@" + DIGEST + "\n", "no digest"),
    ("x@" + DIGEST + "@" + DIGEST, "no digest"), ("x@1:" + HEX, "no digest"),
    ("x@sha256:" + HEX[1:], "64 lower-case hex"), ("x@sha256:" + HEX.upper(), "64 lower-case hex"),
    ("-h.tld/x", "no registry host"), ("h..tld/x", "no registry host"), ("h.tld:/x", "no registry host"),
    ("h.tld:5a/x", "no registry host"), ("[zz]:1/x", "no registry host"), ("http://x/y", "no registry host"),
    ("h.tld/" + "a" * 256, "256 characters"), ("a" * 248, "256 characters"),
])
def test_what_is_no_reference_is_refused_with_the_reason(text, reason):
    with pytest.raises(UsageError, match=reason) as refused:
        parse_reference(text)
    form = "repository name (%s), " % text if text in (HEX, DIGEST) else "reference format: "
    assert "\n" not in str(refused.value) and str(refused.value).startswith("invalid " + form)


def test_what_names_an_image_that_is_here():
    for text in (HEX, DIGEST, "redis", "h.tld:5/x:1@" + DIGEST):
        require_image(text)
    for text in ("", "Redis", HEX.upper(), "x:"):
        with pytest.raises(UsageError, match="^invalid reference format"):
            require_image(text)


@pytest.mark.parametrize("value", [None, b"redis", 5])
def test_a_reference_is_a_str(value):
    with pytest.raises(UsageError, match="must be a str"):
        parse_reference(value)


@pytest.mark.parametrize("text, name, tag", [
    ("redis", "redis", "latest"),
    ("redis:2.8", "redis", "2.8"),
    ("localhost:5055/x/y", "localhost:5055/x/y", "latest"),
    ("x@" + DIGEST, "x", DIGEST),
    ("x:1@" + DIGEST, "x", DIGEST),
])
def test_pull_query(text, name, tag):
    assert pull_query(text) == pull_query(parse_reference(text)) == {"fromImage": name, "tag": tag}


def test_equal_references_hash_alike_and_others_differ():
    assert len({parse_reference("redis"), parse_reference("docker.io/library/redis")}) == 1
    assert parse_reference("redis") != parse_reference("redis:latest") and parse_reference("redis") != "redis"
    assert repr(parse_reference("redis:2.8")) == "<Reference docker.io/library/redis:2.8>"


words = st.text(alphabet="abcxyz019", min_size=1, max_size=8)
components = st.builds(lambda first, rest: first + "".join(mark + word for mark, word in rest), words,
                       st.lists(st.tuples(st.sampled_from([".", "_", "__", "-", "---"]), words), max_size=2))
domains = st.sampled_from(["docker.io", "localhost", "localhost:5000", "h.tld", "Host:1", "[::1]:5",
                           "10.0.0.1:80"])
tags = st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
digests = st.none() | st.text(alphabet="0123456789abcdef", min_size=64,
                              max_size=64).map(lambda text: "sha256:" + text)


@given(domains, st.lists(components, min_size=1, max_size=4), tags, digests)
def test_every_form_reads_back_as_the_same_reference(domain, parts, tag, digest):
    if domain == "docker.io" and len(parts) == 1:
        parts = ["library"] + parts
    reference = Reference(domain, "/".join(parts), tag, digest)
    assert parse_reference(reference.familiar()) == reference
    again = parse_reference(reference.canonical())
    assert (again.domain, again.path, again.digest) == (domain, reference.path, digest)
    assert again.tag == (tag if tag or digest else "latest")
    query = pull_query(reference)
    assert parse_reference(query["fromImage"]).repository() == reference.repository()
    assert query["tag"] == (digest or tag or "latest")


@given(st.text(alphabet="abA0.:/@-_[] \n\u00e9", max_size=20))
def test_any_text_is_a_reference_that_reads_back_or_a_usage_error(text):
    try:
        reference = parse_reference(text)
    except UsageError:
        return
    assert parse_reference(reference.familiar()) == reference
