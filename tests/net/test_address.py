"""The address grammar: what docker's CLI takes is taken, everything else gets one line that says what to
write."""
import pickle

import pytest
from hypothesis import given, strategies as st

from rawdock.errors import AddressError, APIError
from rawdock.net.address import parse_address


@pytest.mark.parametrize("text, shown, parts", [
    ("unix:///var/run/docker.sock", "unix:///var/run/docker.sock",
     ("unix", "/var/run/docker.sock", None, None, "")),
    ("unix://", "unix:///var/run/docker.sock", ("unix", "/var/run/docker.sock", None, None, "")),
    ("unix://rel/d.sock", "unix://rel/d.sock", ("unix", "rel/d.sock", None, None, "")),
    ("unix:///tmp/my engine/d.sock", "unix:///tmp/my engine/d.sock",
     ("unix", "/tmp/my engine/d.sock", None, None, "")),
    ("unix:///tmp/é.sock", "unix:///tmp/é.sock", ("unix", "/tmp/é.sock", None, None, "")),
    ("tcp://", "tcp://localhost:2375", ("tcp", None, "localhost", 2375, "")),
    ("tcp://:7000", "tcp://localhost:7000", ("tcp", None, "localhost", 7000, "")),
    ("tcp://h", "tcp://h:2375", ("tcp", None, "h", 2375, "")),
    ("tcp://h:", "tcp://h:2375", ("tcp", None, "h", 2375, "")),
    (" tcp://h:1\r\n", "tcp://h:1", ("tcp", None, "h", 1, "")),
    ("unix://a:b@c", "unix://a:b@c", ("unix", "a:b@c", None, None, "")),
    ("tcp://h:1/a:b@c", "tcp://h:1/a:b@c", ("tcp", None, "h", 1, "/a:b@c")),
    ("tcp://1.2.3.4:80/base/", "tcp://1.2.3.4:80/base", ("tcp", None, "1.2.3.4", 80, "/base")),
    ("tcp://[::1]:2376", "tcp://[::1]:2376", ("tcp", None, "::1", 2376, "")),
    ("tcp://[fe80::1%eth0]", "tcp://[fe80::1%eth0]:2375", ("tcp", None, "fe80::1%eth0", 2375, "")),
    ("127.0.0.1:2375", "tcp://127.0.0.1:2375", ("tcp", None, "127.0.0.1", 2375, "")),
    ("practice:", "practice:", ("practice", None, None, None, "")),
    ("ssh://me@host", "ssh://me@host", ("ssh", None, "host", None, "")),
    ("ssh://host:22/run/d.sock", "ssh://host:22/run/d.sock", ("ssh", "/run/d.sock", "host", 22, "")),
    ("ssh://[::1]:/a%20b?#", "ssh://[::1]:/a%20b?#", ("ssh", "/a b", "::1", None, "")),
    ("ssh://[fe80::1%25eth0]:22", "ssh://[fe80::1%25eth0]:22", ("ssh", None, "fe80::1%eth0", 22, "")),
    ("ssh://-oProxyCommand=x", "ssh://-oProxyCommand=x", ("ssh", None, "-oProxyCommand=x", None, "")),
])
def test_accepted(text, shown, parts):
    address = parse_address(text)
    assert (address.scheme, address.path, address.host, address.port, address.base) == parts
    assert str(address) == shown and parse_address(shown) == address and parse_address(address) is address


@pytest.mark.parametrize("text, says", [
    ("", "empty"), (" ", "empty"), (None, "empty"), (5, "no str: 5"),
    (b"unix:///x", "no str: b'unix"),
    ("/var/run/docker.sock", "no scheme"), ("./d.sock", "no scheme"),
    ("http://x:1", "unknown scheme"), ("https://x", "unknown scheme"),
    ("http+unix://x", "unknown scheme"),
    ("npipe:////./pipe/x", "unknown scheme"), ("fd://", "unknown scheme"), ("ftp://x", "unknown scheme"),
    ("tcp://h:0", "between 1 and 65535"), ("tcp://h:65536", "between 1 and 65535"),
    ("tcp://h:1x", "not HOST:PORT"),
    ("tcp://h:123456", "not HOST:PORT"), ("tcp://h:١", "not HOST:PORT"), ("tcp://u@h", "not HOST:PORT"),
    ("tcp://h/a?b", "query"), ("tcp://h/#f", "fragment"),
    ("tcp://h h", "blank"), ("tcp://h/a b", "blank"), ("unix:///a\nb", "control"),
    ("unix:///a\0b", "control"),
    ("tcp://::1:2375", "not HOST:PORT"), ("unix:///\ud800", "UTF-8"), ("ssh://u@h/\ud800", "UTF-8"),
    ("ssh://me:pw@h", "invalid SSH URL: plain-text password is not supported"), ("ssh://me:@h", "password"),
    ("ssh://", "invalid SSH URL: hostname is empty"), ("ssh:///run/d.sock", "hostname is empty"),
    ("ssh://h?x=1", 'invalid SSH URL: query parameters are not allowed: "x=1"'),
    ("ssh://h#top", 'invalid SSH URL: fragments are not allowed: "top"'),
    ("ssh://h:abc", "not ssh://"), ("ssh://h:0", "between 1 and 65535"), ("ssh://u%0a@h", "control"),
])
def test_refused_in_one_line(text, says):
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert says in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [
    "ssh://me:hunter2@host", "tcp://me:hunter2@host:1", "me:hunter2@host", "https://me:hunter2@host",
    "tcp://me@here:hunter2@host", "tcp://:hunter2@ho st", "tcp://me:hunter2@:x"])
def test_a_refused_password_is_not_repeated(text):
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_the_user_of_ssh():
    texts = "ssh://h", "ssh://@h", "ssh://me@h", "ssh://a%20b@h", "ssh://me@domain@h"
    assert [parse_address(text).user for text in texts] == [None, None, "me", "a b", "me@domain"]
    assert parse_address("ssh://me@domain@h").host == "h"


def test_socket_path_bound():
    assert parse_address("unix:///" + "a" * 106).path == "/" + "a" * 106
    for path in ("/" + "a" * 107, "/" + "é" * 54):
        with pytest.raises(AddressError, match="108|109") as caught:
            parse_address("unix://" + path)
        assert "shorter" in caught.value.hint


@given(st.one_of(st.text(), st.text("tcpunixsh:/[]@?#%.0129a\\ \n"),
                 st.text().map(lambda text: "unix://" + text), st.text().map(lambda text: "tcp://" + text),
                 st.text("u:@/?#%0aé.[]\ud800 ").map(lambda text: "ssh://" + text)))
def test_any_text_is_an_address_or_an_address_error(text):
    try:
        address = parse_address(text)
    except AddressError:
        return
    assert parse_address(str(address)) == address


def test_an_error_says_what_to_try():
    """In a traceback too, and when it has been sent to another process."""
    with pytest.raises(AddressError) as caught:
        parse_address("/tmp/x.sock")
    error = caught.value
    assert str(error) == "%s; %s" % (error.message, error.hint) and "write unix:///tmp/x.sock" in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.message, again.hint) == (str(error), error.message, error.hint)
    assert str(APIError(404, "no such image")) == APIError(404, "no such image").message == "no such image"
