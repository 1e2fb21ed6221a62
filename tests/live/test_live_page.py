"""The page of a real conversation in a real browser: walked with real keys, and what the DOM then says held
against annotate().
"""
import json
import pathlib

import pytest

from rawdock.teach.explain.annotate import AnnotatedRecording, annotate
from rawdock.teach.explain.explanations import explain_span
from rawdock.teach.explain.page import write_page
from rawdock.teach.record.record import Recording, WireEvent, redacted_recording
from tests.live.browser import CTRL, Browser
from tests.live.client import need_program
from tests.live.recordings import record_run

HERE = ("(() => { const e = document.activeElement; const part = e.closest('.part'); return "
        "e.classList.contains('w') ? [e.dataset.role, Number(e.dataset.at), "
        "[...document.querySelectorAll('.part')].indexOf(part)] : null; })()")
VIEWS = ("text", "hex", "decoded")


@pytest.fixture(scope="module")
def recording(engine):
    """`run --rm busybox echo hi`."""
    engine.pull("busybox")
    return record_run(engine)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(need_program("chromium"), str(tmp_path_factory.mktemp("chromium"))) as browser:
        yield browser


def write(recording, folder, name):
    """The page of a recording in a file → its address."""
    path = pathlib.Path(str(folder)) / name
    with path.open("wb") as file:
        write_page(AnnotatedRecording(recording), file)
    return path.as_uri()


@pytest.fixture(scope="module")
def address(recording, tmp_path_factory):
    return write(recording, tmp_path_factory.mktemp("page"), "run.html")


@pytest.fixture
def page(browser, address):
    page = opened(browser, address)
    yield page
    assert page.complaints == []
    assert page.value("performance.getEntriesByType('resource').length") == 0
    page.close()


def opened(browser, address, **size):
    page = browser.open(address, **size)
    page.until("document.documentElement.dataset.ready == 'yes'")
    return page


def exchange_named(recording, word):
    """The first exchange whose target holds `word` → (index among all, AnnotatedConnection, WireExchange)."""
    index = 0
    for connection in annotate(redacted_recording(recording)):
        for exchange in connection.exchanges:
            if word in exchange.request.head.target:
                return index, connection, exchange
            index += 1
    raise AssertionError("no exchange with %s" % word)


def show(page, index, view):
    """Open an exchange in a view with the keyboard alone."""
    page.value("document.querySelector('.exchange[tabindex=\"0\"]').focus()")
    page.press("Home")
    for _ in range(index):
        page.press("ArrowDown")
    page.press("Enter")
    page.until("document.activeElement.getAttribute('aria-current') == 'true'")
    page.press("Tab")
    page.until("document.activeElement.id.startsWith('tab-')")
    page.press("Home")
    for _ in range(VIEWS.index(view)):
        page.press("ArrowRight")
    page.until("document.activeElement.id == 'tab-%s' && "
               "document.activeElement.getAttribute('aria-selected') == 'true'" % view)


def into_bytes(page):
    page.press("Tab")
    page.until("document.activeElement.classList.contains('w')")


def walk_on(page, key, modifiers=0):
    """Press a key; where that led: (role, offset, part), or None if it led nowhere."""
    before = page.value(HERE)
    page.press(key, modifiers)
    after = page.value(HERE)
    return None if after == before else after


def said(page):
    return page.value("document.getElementById('live').textContent")


def raw_start(exchange):
    return exchange.raw_received[0][0]


# ---- walking

def test_the_keyboard_walks_every_span_of_an_exchange(page, recording):
    index, connection, exchange = exchange_named(recording, "/attach")
    show(page, index, "text")
    into_bytes(page)
    walked = [page.value(HERE)]
    while True:
        here = walk_on(page, "ArrowRight")
        if here is None:
            break
        walked.append(here)
    switch = raw_start(exchange)
    expected = [[span.role, span.start, 0] for span in exchange.request.spans]
    expected += [[span.role, span.start, 1 if span.start < switch else 2] for span in exchange.response.spans]
    assert walked == expected
    assert [role for role, _, _ in walked[:5]] == ["method", "SP", "request target", "SP", "version"]
    assert ([role for role, _, _ in walked[-4:]]
            == ["frame stream type", "frame padding", "frame length", "frame payload"])
    # And back, with Home and End.
    assert walk_on(page, "Home", CTRL) == expected[0] and walk_on(page, "End") == expected[5]
    assert (walk_on(page, "ArrowLeft") == expected[4]
            and walk_on(page, "ArrowDown")[0] in ("colon", "OWS", "field value", "CRLF", "field name"))
    assert walk_on(page, "End", CTRL) == expected[-1]


def test_what_the_keyboard_reaches_is_said(page, recording):
    index, connection, exchange = exchange_named(recording, "/attach")
    show(page, index, "text")
    into_bytes(page)
    sentence, source = explain_span(exchange.request.spans[0], connection.requests)
    assert said(page).startswith("method. %s %s. " % (sentence, source)), said(page)
    walk_on(page, "End", CTRL)
    walk_on(page, "ArrowLeft")
    length = exchange.response.spans[-2]
    sentence, source = explain_span(length, connection.responses)
    assert "3" in sentence and source.startswith("Engine API")
    assert said(page).startswith("frame length, in raw stream. %s %s. " % (sentence, source)), said(page)
    assert "Bytes %d to %d of" % (length.start, length.end - 1) in said(page)
    reading = page.value("document.getElementById('reading').textContent")
    assert (reading.startswith("frame length") and "00 00 00 03" in reading and sentence in reading
            and source in reading)
    assert page.value("document.getElementById('live').getAttribute('aria-live')") == "polite"
    # The focus is there to be seen.
    assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_hexdump_is_walked_byte_by_byte(page, recording):
    index, connection, exchange = exchange_named(recording, "/attach")
    show(page, index, "hex")
    into_bytes(page)
    start = exchange.request.start
    assert page.value(HERE) == ["method", start, 0]
    assert ([walk_on(page, "ArrowRight")[:2] for _ in range(4)]
            == [["method", start + 1], ["method", start + 2], ["method", start + 3], ["SP", start + 4]])
    assert walk_on(page, "ArrowRight", CTRL)[:2] == ["request target", start + 5]
    assert [walk_on(page, key)[1] - start for key in ("ArrowDown", "Home", "End")] == [21, 16, 31]
    switch = raw_start(exchange)
    walk_on(page, "End", CTRL)
    walked = [page.value(HERE)] + [walk_on(page, "ArrowLeft") for _ in range(10)]
    roles = ["frame stream type"] + 3 * ["frame padding"] + 4 * ["frame length"] + 3 * ["frame payload"]
    assert walked[::-1] == [[role, switch + at, 2] for at, role in enumerate(roles)]
    assert page.value("document.activeElement.textContent") == "01"
    assert said(page).startswith("frame stream type, in raw stream. ") and "Byte %d of" % switch in said(page)


def test_a_chunk_size_says_what_it_counts(page, recording):
    index, connection, exchange = exchange_named(recording, "/wait")
    show(page, index, "text")
    into_bytes(page)
    size = [span for span in exchange.response.spans if span.role == "chunk size"][0]
    here = page.value(HERE)
    while here is not None and here[0] != "chunk size":
        here = walk_on(page, "ArrowRight")
    assert here == ["chunk size", size.start, 1]
    sentence, source = explain_span(size, connection.responses)
    assert str(int(size.text, 16)) in sentence and source == "RFC 9112 §7.1"
    assert said(page).startswith("chunk size. %s %s. " % (sentence, source)), said(page)


def test_the_order_of_tab(page):
    """Each group is one stop: what is behind it is never far."""
    page.press("Tab")
    stops = []
    for _ in range(4):
        stops.append(page.value("(() => { const e = document.activeElement; return e.id || "
                                "e.className.split(' ')[0] || e.localName; })()"))
        page.press("Tab")
    assert ([stop for stop in stops if stop != "body"][:3]
            == ["exchange", "tab-text", "w"])


# ---- spans, bodies

def test_a_span_is_lit_with_all_its_bytes(page, recording):
    index, connection, exchange = exchange_named(recording, "/attach")
    show(page, index, "hex")
    lit = "[...document.querySelectorAll('.hex .w.hot')].map((e) => Number(e.dataset.at))"
    assert page.value(lit) == []
    page.point_at("document.querySelector('.w[data-role=\"frame length\"]')",
                  "document.querySelectorAll('.w.hot').length")
    assert page.value(lit) == list(range(raw_start(exchange) + 4, raw_start(exchange) + 8))
    assert page.value("document.querySelectorAll('.ascii .hot').length") == 4
    page.point_at("document.querySelector('h1')", "document.querySelectorAll('.hot').length == 0")
    into_bytes(page)
    assert page.value(lit) == list(range(exchange.request.start, exchange.request.start + 4))


def test_the_mouse_reads_a_byte_without_taking_the_focus(page, recording):
    index, connection, exchange = exchange_named(recording, "/attach")
    show(page, index, "text")
    before = page.value("document.activeElement.id")
    page.point_at("document.querySelector('.w[data-role=\"status code\"]')",
                  "document.getElementById('reading').textContent.startsWith('status code')")
    assert "101" in page.value("document.getElementById('reading').textContent")
    assert page.value("document.activeElement.id") == before


def test_frames_and_json_are_decoded(page, recording):
    index, _, _ = exchange_named(recording, "/attach")
    show(page, index, "decoded")
    assert page.value("[...document.querySelectorAll('.frame')].map((e) => "
                      "e.querySelector('.from').textContent + ' ' + "
                      "e.querySelector('.text').textContent)") == ["stdout hi\\n\n"]
    index, _, exchange = exchange_named(recording, "/containers/create")
    show(page, index, "decoded")
    shown = page.value("[...document.querySelectorAll('.pretty')].map((e) => e.textContent)")
    connection = recording.connections[0]
    assert (json.loads(shown[0])["Cmd"] == ["echo", "hi"]
            and json.loads(shown[1])["Id"] in connection.stream("<").decode("latin-1"))
    # The timeline shows the status of the answer.
    assert (page.value("document.querySelector('.exchange[aria-current=\"true\"] .status').textContent")
            == "201")


# ---- looks

def test_a_phone_never_scrolls_sideways(browser, address, recording):
    page = opened(browser, address, width=375, height=812)
    count = page.value("document.querySelectorAll('.exchange').length")
    assert count >= 4
    for index in range(count):
        page.value("document.querySelectorAll('.exchange')[%d].click()" % index)
        for view in VIEWS:
            page.value("document.getElementById('tab-%s').click()" % view)
            page.value("(document.querySelector('.w') || document.body).focus()")
            widths = page.value("[document.documentElement.scrollWidth, innerWidth]")
            assert widths[0] <= widths[1] == 375, (index, view)
    page.value("document.getElementById('tab-hex').click()")
    assert page.value("document.querySelector('.hex .line .code').children.length") == 8
    # Nor does the panel below hide what has the focus.
    page.value("document.querySelector('.w').focus()")
    for _ in range(25):
        walk_on(page, "ArrowDown")
        bottom, panel = page.value("[document.activeElement.getBoundingClientRect().bottom, "
                                   "document.querySelector('.side').getBoundingClientRect().top]")
        assert bottom <= panel
    assert page.complaints == []
    page.close()


# Of each row of the hexdump: parts of it that lie on each other, or beyond its pane.
OVERLAPS = """[...document.querySelectorAll('.hex .line')].flatMap((line) => {
  const pane = line.closest('.bytes').getBoundingClientRect();
  const boxes = [...line.children].map((e) => e.getBoundingClientRect());
  const cells = [...line.querySelectorAll('.code > *')].map((e) => e.getBoundingClientRect());
  const bytesEnd = Math.max(...cells.map((box) => box.right)), text = line.querySelector('.ascii');
  const isCut = (box, i) => i && box.left < boxes[i - 1].right - 0.5 || box.right > pane.right + 0.5;
  return boxes.filter(isCut).map((box) => box.left)
    .concat(text && bytesEnd > text.getBoundingClientRect().left ? [bytesEnd] : []);
})"""


@pytest.mark.parametrize("width, row", [(375, 8), (768, 8), (1024, 16), (1200, 16), (1280, 16), (1440, 16)])
def test_the_hexdump_is_as_wide_as_its_pane_allows(browser, address, recording, width, row):
    index, _, _ = exchange_named(recording, "/containers/create")
    page = opened(browser, address, width=width, height=900)
    page.value("document.querySelectorAll('.exchange')[%d].click()" % index)
    page.value("document.getElementById('tab-hex').click()")
    assert page.value("document.querySelector('.hex .line .code').children.length") == row
    assert page.value(OVERLAPS) == []
    for narrower in (width - 60, width):   # the pane's width is watched, wherever it comes from
        page.resize(narrower, 900)
        page.until("innerWidth == %d" % narrower)
        page.until("%s.length == 0" % OVERLAPS)
    page.until("document.querySelector('.hex .line .code').children.length == %d" % row)
    assert page.complaints == []
    page.close()


@pytest.mark.parametrize("width, most", [(375, 0.4), (768, 0.3), (1024, 0.3)])
def test_the_panel_below_takes_room_for_what_it_has_to_show(browser, address, width, most):
    height = "document.querySelector('.side').getBoundingClientRect().height / innerHeight"
    page = opened(browser, address, width=width, height=900)
    assert page.value(height) == 0
    page.value("document.querySelector('.w').focus()")
    assert 0 < page.value(height) < most
    page.value("document.getElementById('tab-decoded').click()")
    assert page.value(height) == 0
    page.value("document.querySelectorAll('.exchange')[1].click()")
    page.value("document.getElementById('tab-text').click()")
    assert page.value(height) == 0
    page.close()


def test_dark_and_light(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    page.prefer("light")
    light = page.value(ground)
    page.prefer("dark")
    dark = page.value(ground)
    assert light == "rgb(246, 245, 241)" and dark == "rgb(19, 21, 25)"


# ---- records that are not as they should be

def test_hostile_and_broken_bytes(browser, tmp_path):
    recording = Recording(started=1.0, address="</title><script>window.broken = 1</script>")
    hostile = (
        b"</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>\xe2\x80\xae\x00")
    for number, answer in ((1, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(hostile) + hostile),
                           (2, b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n" + hostile),
                           (3, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
                           (4, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                            b"30000\r\n\r\n" + b"[" * 30000)):
        recording.take(number, WireEvent(0.0, ">", "data", b"GET /<b>x</b> HTTP/1.1\r\nHost: d\r\n\r\n"))
        recording.take(number, WireEvent(0.1, "<", "data", answer))
        recording.take(number, WireEvent(0.2, "", "note", hostile))
        recording.take(number, WireEvent(0.2, "<", "close", b""))
    page = opened(browser, write(recording, tmp_path, "hostile.html"))
    assert (page.value("[...document.querySelectorAll('.exchange .status')].map((e) => e.textContent)")[:3]
            == ["200", "malformed", "cut"])
    for index in range(4):
        for view in VIEWS:
            page.value("document.querySelectorAll('.exchange')[%d].click()" % index)
            page.value("document.getElementById('tab-%s').click()" % view)
    assert (page.value("[typeof window.broken, document.querySelectorAll('img, script').length]")
            == ["undefined", 2])
    page.value("document.querySelectorAll('.exchange')[0].click()")
    page.value("document.getElementById('tab-text').click()")
    text = page.value("document.querySelector('.w[data-role=content]').textContent")
    assert text == hostile.decode("utf-8").replace("\u202e", "\\u{202e}").replace("\0", "\\x00")
    page.value("document.querySelectorAll('.exchange')[1].click()")
    assert "RFC 9112 §5.1" in page.value("document.querySelector('.alarm').textContent")
    page.value("document.querySelector('.alarm button').focus()")
    page.press("Enter")
    assert page.until(HERE)[:2] == ["malformed", 20]
    assert page.complaints == []
    page.close()


def test_ten_mebibytes_open_as_a_small_page(browser, tmp_path):
    recording = Recording(started=1.0, address="unix:///s")
    recording.take(1, WireEvent(0.0, ">", "data", b"GET /containers/x/export HTTP/1.1\r\nHost: d\r\n\r\n"))
    recording.take(1, WireEvent(0.1, "<", "data", b"HTTP/1.1 200 OK\r\nContent-Type: "
                                b"application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"))
    for at in range(320):
        recording.take(1, WireEvent(0.1 + at / 1000.0, "<", "data", b"8000\r\n"
                                    + bytes(bytearray(range(256))) * 128 + b"\r\n"))
    recording.take(1, WireEvent(0.5, "<", "data", b"0\r\n\r\n"))
    page = opened(browser, write(recording, tmp_path, "big.html"))
    assert (tmp_path / "big.html").stat().st_size < 400000
    size = len(recording.connections[0].stream("<"))
    for view, most in (("text", 6000), ("hex", 6000)):
        page.value("document.getElementById('tab-%s').click()" % view)
        assert page.value("document.querySelectorAll('*').length") < most
        page.value("document.querySelector('.w').focus()")
        assert walk_on(page, "End", CTRL) == ["CRLF", size - (2 if view == "text" else 1), 1]
        assert walk_on(page, "Home", CTRL) == ["method", 0, 0]
        # The end of what is drawn is not the end of the bytes: who walks on draws on, and who walks back
        # draws back.
        page.value("document.querySelectorAll('.part')[1].querySelector('.w').focus()")
        before = page.value(HERE)
        assert walk_on(page, "ArrowLeft")[1] < before[1]
        assert page.value("document.querySelectorAll('*').length") < 4 * most
    # So over what is not in the page, all the way.
    page.value("document.getElementById('tab-text').click()")
    for key, place, last in (("ArrowLeft", "0", ["version", 0, 1]),
                             ("ArrowRight", "drawn.length - 1", ["CRLF", size - 2, 1])):
        passed = 0
        for _ in range(40):
            page.value("(() => { const drawn = document.querySelectorAll('.part')[1].querySelectorAll('.w'); "
                       "drawn[%s].focus(); })()" % place)
            passed += page.value("document.querySelectorAll('.w[data-role=\"not in this page\"]').length")
            if page.value(HERE) == last:
                break
            assert walk_on(page, key) is not None
        assert page.value(HERE) == last and passed
    assert ("bytes of long messages left out of this page"
            in page.value("document.getElementById('summary').textContent"))
    assert page.complaints == []
    page.close()
