"""The colours, the style sheet, the markup and the script of the page that write_page() makes.

Strategy: constants only. Each colour has a light and a dark value in one table, so that a test can compute
the contrast of every pair that is drawn. The script builds the page from the JSON beside it. It sets text and
never markup, so that no byte of the wire can become part of the page, and it loads nothing. Of a long message
it draws one section at a time, so that the page stays fast.

Left out: an editor, a search, any library. The page needs a browser of 2020 or later.
"""

# ==== table begin: colours. A row is a name, a light and a dark value; a kind of bytes has an ink and a tint.
PAGE_COLOURS = """
ground          #f6f5f1  #131519
surface         #ffffff  #1a1d23
raised          #fbfaf8  #20242b
ink             #1e2227  #e7e9ec
dim             #5a606a  #a3abb8
line            #dfdcd4  #323842
accent          #1f55c4  #8db4ff
on-accent       #ffffff  #10131a
start           #1b4db3  #96b8ff
start-tint      #e9f0fd  #1c2941
name            #0b625b  #71d3c6
name-tint       #e0f3f0  #15302e
value           #2b3138  #d9dde3
value-tint      #eef7f5  #1b2729
mark            #5d626c  #a5acb8
mark-tint       #f1efea  #262a31
chunk           #824600  #f0b969
chunk-tint      #fcf0dd  #38290f
frame           #73299a  #dba8f6
frame-tint      #f5e9fb  #33203f
content         #24591f  #addb9f
content-tint    #ecf6e8  #1b2c19
wrong           #a81717  #ffa199
wrong-tint      #fde7e4  #471b1a
absent          #5a606a  #a3abb8
absent-tint     #f1efea  #262a31
"""
# ==== table end

# ==== table begin: the style sheet
PAGE_STYLE = r"""
*, *::before, *::after { box-sizing: border-box; }
html { text-size-adjust: 100%; }
:root { --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 var(--sans); }
h1, h2, h3, p, ol { margin: 0; padding: 0; }
ol { list-style: none; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; text-align: inherit;
  cursor: pointer; }
.mono { font-family: var(--mono); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
[hidden] { display: none !important; }
.dim { color: var(--dim); }

.top { padding: 26px 32px 20px; }
.top h1 { font-size: 22px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
.top p { color: var(--dim); margin-top: 4px; max-width: 78ch; overflow-wrap: anywhere; }
.top .brand { font-size: 13px; margin: 0 0 2px; }

main { display: grid; gap: 20px; padding: 0 32px 40px; align-items: start;
  grid-template-columns: clamp(250px, 22vw, 340px) minmax(0, 1fr) clamp(240px, 20vw, 300px); }
main.bare { grid-template-columns: clamp(250px, 22vw, 340px) minmax(0, 1fr); }
.bare .side { display: none; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
.card > h2 { font-size: 13px; font-weight: 600; color: var(--dim); padding: 14px 18px 0; }
.timeline, .side { position: sticky; top: 16px; max-height: calc(100vh - 32px); overflow-y: auto;
  scrollbar-width: thin; }

.timeline .group { padding: 12px 10px 10px; } .timeline .group + .group { border-top: 1px solid var(--line); }
.timeline h3 { font-size: 13px; font-weight: 600; padding: 0 8px; }
.event { display: flex; gap: 8px; padding: 3px 8px; font-size: 12.5px; color: var(--dim); }
.event time { margin-left: auto; white-space: nowrap; font-variant-numeric: tabular-nums; }
.event span { overflow-wrap: anywhere; min-width: 0; }
.exchange { display: block; width: 100%; border-radius: 7px; padding: 7px 8px 9px; font-size: 12.5px; }
.exchange:hover { background: var(--raised); }
.exchange[aria-current="true"] { background: var(--start-tint); }
.exchange > span { display: flex; gap: 8px; align-items: baseline; font-variant-numeric: tabular-nums; }
.exchange .number { color: var(--dim); min-width: 2ch; }
.exchange .method, .exchange .status { font-weight: 650; }
.exchange .path { flex: 1 1 auto; min-width: 0; max-height: 3.1em; overflow: hidden;
  overflow-wrap: anywhere; }
.exchange .when { justify-content: space-between; font-size: 12px; color: var(--dim); margin-top: 2px; }
.exchange .when span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.exchange .when span + span { flex: 0 0 auto; }
.event.bad, .exchange .bad { color: var(--wrong); }

.detail { min-width: 0; }
.about { padding: 18px 22px 0; }
.about h2 { font-size: 17px; line-height: 1.4; font-weight: 600; overflow-wrap: anywhere; }
.about p { color: var(--dim); font-size: 13.5px; margin-top: 3px; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 18px; padding: 14px 22px 12px; }
.tabs { display: inline-flex; border: 1px solid var(--line); border-radius: 8px; padding: 2px;
  background: var(--ground); }
.tabs button { padding: 4px 13px; border-radius: 6px; font-size: 13.5px; color: var(--dim); }
.tabs button[aria-selected="true"] { background: var(--surface); color: var(--ink); font-weight: 600;
  box-shadow: 0 0 0 1px var(--line); }
.keys { font-size: 12.5px; color: var(--dim); }

.part { border-top: 1px solid var(--line); padding: 14px 22px 18px; }
.part > h3 { font-size: 14px; font-weight: 600; display: flex; flex-wrap: wrap; gap: 2px 12px;
  align-items: baseline; margin-bottom: 8px; }
.part > h3 .dim { font-weight: 400; font-size: 13px; }
.alarm { border: 1px solid var(--wrong); background: var(--wrong-tint); color: var(--wrong);
  border-radius: 7px; padding: 8px 12px; margin-bottom: 10px; font-size: 13.5px; overflow-wrap: anywhere; }
.alarm button { text-decoration: underline; margin-left: 8px; }
.empty { color: var(--dim); font-size: 13.5px; }
.more { margin: 8px 10px 0 0; border: 1px solid var(--line); border-radius: 7px; padding: 6px 12px;
  font-size: 13px; }
.more:hover { border-color: var(--dim); }

.bytes { font: 13px/1.7 var(--mono); }
.line { display: grid; grid-template-columns: var(--at) minmax(0, 1fr); column-gap: 14px; }
.line .at { color: var(--dim); text-align: right; font-size: 11.5px; line-height: 1.9; user-select: none; }
.line .code { white-space: break-spaces; word-break: break-all; min-width: 0; }
.line.inner .code { border-left: 3px solid var(--line); padding-left: 10px; }
.hex .line { grid-template-columns: var(--at) max-content max-content; column-gap: 18px;
  content-visibility: auto; contain-intrinsic-height: 22px; }
.hex .code { min-width: 22ch; } .hex.wide .code { min-width: 45.1ch; }
.hex .code, .hex .ascii { display: flex; }
.hex .code > *, .hex .ascii > * { flex: 0 0 auto; text-align: center; }
.hex .code > .w { width: 2.75ch; } .hex .code > .w.fold { width: auto; padding: 0 8px; }
.hex .code > .w:nth-child(8n+9) { margin-left: 1.1ch; }
.hex .ascii > i { width: 1ch; font-style: normal; }
.w { color: var(--c); background: var(--t); border-radius: 2px; cursor: pointer;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; padding: 1px 0; unicode-bidi: isolate; }
.ascii i { color: var(--c); background: var(--t); }
.text .w[data-role$="CRLF"] { display: inline-block; white-space: nowrap; line-height: 1.3; }
.esc { font-style: normal; font-size: .86em; border-radius: 3px; box-shadow: inset 0 0 0 1px var(--line);
  padding: 0 2px; margin: 0 1px; }
.fold { font: italic 12px/1.7 var(--sans); padding: 0 6px; }
.hot { box-shadow: inset 0 -2px 0 var(--c); }
.w.k-wrong, .ascii i.k-wrong { background: var(--wrong); color: var(--surface); }
.w:focus-visible { outline-width: 2px; outline-offset: -1px; border-radius: 2px; }
.w.here, .ascii i.here { background: var(--accent); color: var(--on-accent); box-shadow: none; }

.side { padding-bottom: 14px; }
.reading { padding: 8px 18px 2px; overflow-wrap: anywhere; font-size: 13.5px; }
.reading p { margin-top: 6px; }
.reading .role { font-weight: 650; color: var(--c); background: var(--t); border-radius: 5px;
  padding: 2px 9px; }
.reading .shown { margin-left: 8px; }
.reading .source { font-weight: 600; }

.frame { display: grid; grid-template-columns: 9ch minmax(0, 1fr) auto; gap: 12px; padding: 3px 0;
  font-size: 13px; border-top: 1px solid var(--line); }
.frame .text { white-space: break-spaces; overflow-wrap: anywhere; }
.frame .from { font-weight: 650; color: var(--frame); }
.frame .size { color: var(--dim); font-size: 12px; white-space: nowrap; text-decoration: underline; }
.pretty { font-size: 13px; line-height: 1.6; margin: 0; white-space: break-spaces; overflow-wrap: anywhere; }

@media (max-width: 1180px) {   /* what a byte means is in a panel below */
  html { scroll-padding-bottom: 40vh; }   /* the panel must not cover what has the focus */
  main, main.bare { grid-template-columns: minmax(250px, 300px) minmax(0, 1fr); }
  .side { top: auto; bottom: 0; z-index: 2; grid-column: 1 / -1; max-height: 28vh;
    box-shadow: 0 -6px 18px rgb(0 0 0 / 12%); }
  .side.idle { display: none; }
}
@media (max-width: 760px) {
  .top { padding: 18px 16px 14px; }
  main, main.bare { display: block; padding: 0 0 24px; }
  .card { border-radius: 0; border-left: 0; border-right: 0; }
  .timeline { position: static; max-height: 44vh; margin-bottom: 12px; }
  .about, .bar, .part { padding-left: 16px; padding-right: 16px; }
  .side { max-height: 38vh; }
  .bytes { font-size: 12.5px; }
  .line { column-gap: 8px; } .hex .line { column-gap: 10px; }
  .hex .code { min-width: 19.6ch; } .hex.wide .code { min-width: 40.3ch; }
  .hex .code > .w { width: 2.45ch; }
}
"""
# ==== table end

# ==== table begin: the markup
PAGE_BODY = r"""
<header class="top">
<p class="brand mono">rawdock</p><h1>What crossed the socket</h1><p id="summary"></p>
</header>
<noscript><p>This page is drawn by the script inside it, which this browser does not run. It loads nothing
from anywhere.</p></noscript>
<main>
<nav class="card timeline" aria-label="Timeline"><h2>Timeline</h2><div id="timeline"></div></nav>
<article class="card detail" id="detail" aria-labelledby="title">
<div class="about"><h2 id="title"></h2><p id="about"></p></div>
<div class="bar">
<div class="tabs" role="tablist" aria-label="How the bytes are shown" id="tabs">
<button type="button" role="tab" id="tab-text" aria-controls="parts">Text</button>
<button type="button" role="tab" id="tab-hex" aria-controls="parts">Hexdump</button>
<button type="button" role="tab" id="tab-decoded" aria-controls="parts">Decoded</button>
</div>
<p class="keys">Walk the bytes with the arrow keys, Page Up and Down, Home and End; Ctrl goes further.</p>
</div>
<div id="parts" role="tabpanel"></div>
</article>
<aside class="card side" aria-labelledby="reading-title">
<h2 id="reading-title">This byte</h2><div class="reading" id="reading"></div>
</aside>
</main>
<div class="hidden" role="status" aria-live="polite" id="live"></div>
"""
# ==== table end

# ==== table begin: the script
PAGE_SCRIPT = r"""
"use strict";
(function () {
const record = JSON.parse(document.getElementById("record").textContent);
const $ = (id) => document.getElementById(id);
const WAYS = ["client to engine", "engine to client"];
const STREAM_NAMES = ["stdin", "stdout", "stderr", "system error"];
const SHOWN = {text: 8192, hex: 2048, decoded: Infinity};   // bytes of a part that are drawn at a time
const NUMBER = new Intl.NumberFormat("en");
const count = (n, word) => NUMBER.format(n) + " " + word + (n === 1 ? "" : "s");
const timed = record.milliseconds > 0;   // captured bytes are not
const shortIds = (text) => text.replace(/\b[0-9a-f]{64}\b/g, (id) => id.slice(0, 12) + "\u2026");
const ms = (t) => t.toFixed(Math.abs(t) < 10 ? 2 : Math.abs(t) < 1000 ? 1 : 0) + " ms";

function make(tag, className, ...content) {   // strings and elements
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}
function button(className, content, action) {
  const element = make("button", className, ...content);
  element.type = "button";
  element.addEventListener("click", action);
  return element;
}
function stopAt(elements, target) {   // of these elements the one that Tab stops at
  for (const element of elements) element.tabIndex = element === target ? 0 : -1;
}
// Arrow keys, Home and End: action(the element to go to).
function arrows(box, keys, elements, action) {
  box.addEventListener("keydown", (event) => {
    const found = elements(), last = found.length - 1, at = found.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0,
      End: last}[event.key];
    if (at < 0 || to === undefined || !keys.test(event.key)) return;
    event.preventDefault();
    action(found[Math.max(0, Math.min(last, to))], found);
  });
}

// ---- streams: spans and bytes by offset

function prepare(stream) {
  const rows = stream.spans;
  stream.spans = [];
  for (let i = 0, start = 0; i < rows.length; i += 4) {
    const [size, role, outer, text] = rows.slice(i, i + 4), [name, kind] = record.roles[role];
    const end = start + size, within = record.roles[outer][0];
    stream.spans.push({start, end, name, kind, within, text: record.texts[text]});
    start = end;
  }
  for (const piece of stream.pieces)
    piece.bytes = Uint8Array.from(atob(piece[1]), (letter) => letter.charCodeAt(0));
}
for (const connection of record.connections) connection.streams.forEach(prepare);

function lastAtOrBefore(size, offset, at) {
  let low = 0, high = size - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (at(middle) <= offset) low = middle; else high = middle - 1;
  }
  return low;
}
const spansIn = (stream, start, end) => start >= end ? [] : stream.spans.slice(
  lastAtOrBefore(stream.spans.length, start, (i) => stream.spans[i].start),
  lastAtOrBefore(stream.spans.length, end - 1, (i) => stream.spans[i].start) + 1);

// The bytes of [start, end) as runs: {start, end, bytes}, or {start, end} where this page does not have them.
function runs(stream, start, end) {
  const found = [];
  for (const piece of stream.pieces) {
    const from = Math.max(start, piece[0]), to = Math.min(end, piece[0] + piece.bytes.length);
    if (from >= to) continue;
    if (from > start) found.push({start: start, end: from});
    found.push({start: from, end: to, bytes: piece.bytes.subarray(from - piece[0], to - piece[0])});
    start = to;
  }
  if (start < end) found.push({start: start, end: end});
  return found;
}
// The offsets where the sections of a part begin. Bytes that this page does not have take no room.
function sectionsOf(part) {
  const sections = [part.start];
  let room = SHOWN[view];
  for (const run of runs(part.stream, part.start, part.end)) {
    if (!run.bytes) continue;
    let at = run.start;
    for (; run.end - at > room; room = SHOWN[view]) {
      at += room;
      sections.push(at);
    }
    room -= run.end - at;
  }
  return sections;
}
function timeAt(stream, offset) {
  const size = stream.arrivals.length / 2;
  return size ? stream.arrivals[2 * lastAtOrBefore(size, offset, (i) => stream.arrivals[2 * i]) + 1] : null;
}

// ---- bytes as text: [text, whether it is an escape for bytes that cannot be shown]

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/u;
const ESCAPES = {9: "\\t", 10: "\\n", 13: "\\r"};
const strict = new TextDecoder("utf-8", {fatal: true, ignoreBOM: true});
const hex = (byte) => byte.toString(16).padStart(2, "0");

function words(bytes) {
  const found = [];
  const add = (text, special) => {
    const last = found[found.length - 1];
    const joins = last && last[1] === special && (!special || text.length > 2 && last[0].length > 2);
    if (joins) last[0] += text; else found.push([text, special]);
  };
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte >= 0x20 && byte < 0x7f) { add(String.fromCharCode(byte), false); continue; }
    if (byte in ESCAPES) {
      add(ESCAPES[byte], true);
      if (byte !== 13) add(String.fromCharCode(byte), false);
      continue;
    }
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
    let character = "";
    try {
      if (size && i + size <= bytes.length) character = strict.decode(bytes.subarray(i, i + size));
    } catch (error) { /* no UTF-8 */ }
    if (!character) { add("\\x" + hex(byte), true); continue; }
    i += size - 1;
    if (!INVISIBLE.test(character)) add(character, false);
    else add("\\u{" + character.codePointAt(0).toString(16) + "}", true);
  }
  return found;
}
function fillText(element, bytes, breaks) {
  for (const [text, special] of words(bytes)) {
    if (special) element.append(make("i", "esc", text));
    else element.append(breaks ? text : text.replace(/\n/g, ""));
  }
}
// Append the bytes [start, end) of a span to an element → whether they end a line.
function fillSpan(element, stream, span, start, end) {
  let last = 0;
  for (const {start: from, end: to, bytes} of runs(stream, start, end)) {
    if (!bytes) element.append(make("span", "fold", foldText(to - from)));
    else if (isHeader(span.name)) element.append(make("i", "esc", Array.from(bytes, hex).join(" ")));
    else fillText(element, bytes, span.end - span.start > 2);
    last = bytes ? bytes[bytes.length - 1] : 0;
  }
  return last === 10;
}
const foldText = (size) => "\u2026 " + count(size, "byte") + " not in this page \u2026";
const isHeader = (role) => role.startsWith("frame ") && role !== "frame payload";

// ---- state

let view = "text", open = null, current = null;
let stripes = [], walked = [];   // what is drawn: the elements of each line, and all of them
const tabs = Array.from($("tabs").children);
const all = [];   // every exchange: {connection, exchange, button}
let wide = 16, drawnWidth = 0;   // bytes in a row of the hexdump, and the width of the pane when it was drawn

// ---- timeline

function drawTimeline() {
  for (const connection of record.connections) {
    const list = make("ol"), rows = connection.exchanges.map((one) => [one.times[0], drawExchange, one]);
    for (const mark of connection.marks) {   // the opening of a connection is before what crossed it then
      if (mark[1] === "open") rows.unshift([mark[0], drawMark, mark]);
      else rows.push([mark[0], drawMark, mark]);
    }
    rows.sort((a, b) => a[0] - b[0]);
    for (const [, drawRow, value] of rows) list.append(make("li", "", drawRow(value, connection)));
    $("timeline").append(make("section", "group", make("h3", "", "Connection " + connection.number), list));
  }
  if (!all.length) $("timeline").append(make("p", "group dim", "No byte was recorded."));
  arrows($("timeline"), /Up|Down|Home|End/, () => all.map((one) => one.button), (target, found) => {
    stopAt(found, target);
    target.focus();
  });
}
function drawMark([when, kind, text]) {
  return make("div", "event" + (kind === "reset" || kind === "note" ? " bad" : ""), make("span", "", text),
    make("time", "", timed ? ms(when) : ""));
}
function drawExchange(exchange, connection) {
  const index = all.length;
  const failed = exchange.wrong || exchange.status >= 400, [from, to] = exchange.times;
  const what = make("span", "what mono", make("span", "number", exchange.label),
    make("span", "method", exchange.method), make("span", "path", shortIds(exchange.path)),
    make("span", "status" + (failed ? " bad" : ""), exchange.wrong || exchange.status || "\u2013"));
  const when = make("span", "when", make("span", "", exchange.says),
    make("span", "", timed ? ms(from).slice(0, -3) + " + " + ms(to - from) : ""));
  const element = button("exchange", [what, when], () => openExchange(index, true));
  element.tabIndex = index ? -1 : 0;
  all.push({connection: connection, exchange: exchange, button: element});
  return element;
}

// ---- one exchange

function openExchange(index, byUser) {
  open = all[index];
  stopAt(all.map((one) => one.button), open.button);
  for (const one of all) one.button.setAttribute("aria-current", one === open);
  const exchange = open.exchange;
  $("title").textContent = shortIds(exchange.title);
  let numbered = exchange.label > 0 ? ", exchange " + exchange.label : "";
  if (exchange.label === "ping") numbered = ", the ping";
  $("about").textContent = "Connection " + open.connection.number + numbered + ". " + exchange.about;
  current = null;
  for (const part of exchange.parts)
    Object.assign(part, {stream: open.connection.streams[part.way], section: 0});
  draw();
  read(null);
  if (byUser) {
    $("live").textContent = exchange.title + ". " + exchange.about;
    if ($("detail").getBoundingClientRect().top > window.innerHeight * 0.6) $("detail").scrollIntoView();
  }
}
function draw() {
  stopAt(tabs, $("tab-" + view));
  for (const tab of tabs) tab.setAttribute("aria-selected", tab.tabIndex === 0);
  $("parts").setAttribute("aria-labelledby", "tab-" + view);
  document.querySelector("main").classList.toggle("bare", view === "decoded");
  drawParts(16);
  const row = Array.from($("parts").querySelectorAll(".hex .line")).find((line) => line.code.children[15]);
  if (row) {
    row.style.contentVisibility = "visible";   // else its content may not have been laid out yet
    if (row.scrollWidth > row.clientWidth) drawParts(8);
  }
  drawnWidth = $("parts").clientWidth;
  settle();
}
function drawParts(size) {
  wide = size;
  $("parts").textContent = "";
  for (const part of open.exchange.parts) {
    part.element = make("section", "part");
    part.sections = sectionsOf(part);
    drawPart(part);
    $("parts").append(part.element);
  }
}
function drawPart(part) {
  const box = part.element;
  box.textContent = "";
  box.append(make("h3", "", make("span", "", (part.way ? "< " : "> ") + part.title),
    make("span", "dim", part.about)));
  if (part.error) {
    const alarm = make("p", "alarm", part.error.text[0].toUpperCase() + part.error.text.slice(1));
    if (view !== "decoded" && part.error.offset !== null && part.end > part.start) {
      alarm.append(button("", ["Go to byte ", part.error.offset],
        () => goTo(part, Math.max(part.start, Math.min(part.end - 1, part.error.offset)))));
    }
    box.append(alarm);
  }
  part.elements = new Map();
  if (part.start === part.end) box.append(make("p", "empty", "No byte."));
  else if (view === "decoded") drawDecoded(part, box);
  else drawBytes(part, box);
}
function drawBytes(part, section) {
  const box = make("div", "bytes " + view + (view === "hex" && wide === 16 ? " wide" : ""));
  box.setAttribute("aria-label", part.title + ", " + WAYS[part.way]);
  box.style.setProperty("--at", String(part.end).length + "ch");
  part.from = part.sections[part.section];
  part.to = part.section + 1 < part.sections.length ? part.sections[part.section + 1] : part.end;
  (view === "hex" ? drawRows : drawLines)(part, box);
  section.append(box);
  if (part.from > part.start)
    section.append(button("more", ["Show what comes before"], () => goTo(part, part.from - 1)));
  if (part.to < part.end)
    section.append(button("more", ["Show more: " + count(part.end - part.to, "byte") + " to come"],
      () => goTo(part, part.to)));
}
function walkable(part, span, offset) {
  const element = make("span", "w k-" + span.kind);
  element.tabIndex = -1;
  Object.assign(element, {home: part, span: span, offset: offset});
  element.dataset.role = span.name;
  element.dataset.at = offset;
  if (!part.elements.has(span)) part.elements.set(span, []);
  part.elements.get(span).push(element);
  return element;
}
function newLine(box, offset) {
  const code = make("span", "code"), line = make("div", "line", make("span", "at", offset), code);
  line.code = code;
  box.append(line);
  return line;
}

const BEGIN_LINE = ["frame stream type", "JSON message", "chunk size", "chunk data CRLF"];
function drawLines(part, box) {
  let line = null, ended = true, outer = "";
  for (const span of spansIn(part.stream, part.from, part.to)) {
    const start = Math.max(part.from, span.start), end = Math.min(part.to, span.end);
    if (ended || BEGIN_LINE.includes(span.name) || span.within !== outer) {
      line = newLine(box, start);
      if (span.within) line.classList.add("inner");
    }
    const element = walkable(part, span, start);
    outer = span.within;
    ended = fillSpan(element, part.stream, span, start, end) || span.name === "frame payload";
    line.code.append(element);
  }
}
function drawRows(part, box) {
  for (const span of spansIn(part.stream, part.from, part.to)) {
    for (const run of runs(part.stream, Math.max(part.from, span.start), Math.min(part.to, span.end)))
      (run.bytes ? drawCells : drawFold)(part, box, span, run);
  }
}
function drawFold(part, box, span, run) {
  const cell = walkable(part, span, run.start);
  cell.classList.add("fold");
  cell.textContent = foldText(run.end - run.start);
  newLine(box, run.start).code.append(cell);
}
function drawCells(part, box, span, run) {
  run.bytes.forEach((byte, i) => {
    let row = box.lastChild;
    if (!row || !row.ascii || row.ascii.children.length === wide) {
      row = newLine(box, run.start + i);
      row.ascii = make("span", "ascii");
      row.append(row.ascii);
    }
    const cell = walkable(part, span, run.start + i);
    cell.textContent = hex(byte);
    const shown = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "\u00b7";
    cell.twin = make("i", "k-" + span.kind, shown);
    cell.twin.twin = cell;
    part.elements.get(span).push(cell.twin);
    row.code.append(cell);
    row.ascii.append(cell.twin);
  });
}

// ---- decoded bodies

// The bytes in `ranges`, a list of start, end, start, end, …, without those that this page does not have.
function bytesIn(stream, ranges) {
  const found = [];
  for (let i = 0; i < ranges.length; i += 2) {
    for (const run of runs(stream, ranges[i], ranges[i + 1]))
      for (const byte of run.bytes || []) found.push(byte);
  }
  return Uint8Array.from(found);
}
function drawDecoded(part, box) {
  const say = (text) => box.append(make("p", "empty", text));
  const bytes = bytesIn(part.stream, part.body);
  if (part.size > bytes.length)
    say(count(part.size - bytes.length, "byte") + " of this body not in this page: what follows has holes.");
  if (!part.size) say("No body.");
  else if (part.frames) drawFrames(part, box, say);
  else if (part.json) box.append(make("pre", "pretty mono", prettyJson(bytes)));
  else {
    box.append(make("pre", "pretty mono"));
    fillText(box.lastChild, bytes, true);
  }
}
function drawFrames(part, box, say) {
  for (const [stream, ...ranges] of part.frames) {
    const bytes = bytesIn(part.stream, ranges), text = make("span", "text mono");
    fillText(text, bytes, true);
    box.append(make("div", "frame", make("span", "from mono", STREAM_NAMES[stream]), text,
      button("size", [count(bytes.length, "byte")], () => { show("text"); goTo(part, ranges[0]); })));
  }
  if (part.framesLeft) say(count(part.framesLeft, "frame") + " more in the other two views.");
}
// JSON is laid out token by token, never parsed: it is shown as sent, big numbers and doubled keys too. A
// short line, as in a stream of messages, stays a line.
const TOKEN = /"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+/gs;
function prettyJson(bytes) {
  const isBlank = ([text, special]) => special && /^\\[nrt]$/.test(text);
  const text = words(bytes).map((word) => isBlank(word) ? "" : word[0]).join("").trim();
  return text.split(/\n+/).map((line) => line.length < 77 ? line : prettyLine(line)).join("\n");
}
function prettyLine(line) {
  let depth = 0, last = "", shown = "";
  for (const token of line.match(TOKEN) || []) {
    const opens = /^[{[]$/.test(last), closes = /^[}\]]$/.test(token);
    depth += opens - closes;
    if (last === ":") shown += " ";
    else if (last && !/^[,:]$/.test(token) && !(opens && closes))
      shown += "\n" + "  ".repeat(Math.max(0, Math.min(depth, 24)));   // a hostile body may nest very deep
    shown += token;
    last = token;
  }
  return shown;
}

// ---- walking

// Show what is known of the span of `element` → the sentence for a screen reader.
function read(element) {
  const box = $("reading");
  document.querySelector(".side").classList.toggle("idle", !element);
  for (const one of document.querySelectorAll(".hot")) one.classList.remove("hot");
  if (!element) {
    box.replaceChildren("Point at a byte, or press Tab until the bytes have the focus and walk with the "
      + "arrow keys.");
    return "";
  }
  const {home: part, offset, span} = element, stream = part.stream, time = timeAt(stream, offset);
  for (const one of part.elements.get(span) || []) one.classList.add("hot");
  const {start, end, name, within, text: [sentence, source]} = span;
  const where = (end - start === 1 || view === "hex" ? "Byte " + offset : "Bytes " + start + " to "
    + (end - 1)) + " of " + NUMBER.format(stream.length) + ", " + WAYS[part.way]
    + (timed && time !== null ? ", at " + ms(time) : "") + ".";
  const shown = make("code", "shown"), limit = Math.min(end, start + 96);
  fillSpan(shown, stream, span, start, limit);
  if (limit < end) shown.append(" \u2026");
  box.className = "reading k-" + span.kind;
  box.replaceChildren(make("span", "role", name), within ? " in " + within : "", shown,
    make("p", "", sentence), make("p", "source", source),
    make("p", "dim", count(end - start, "byte") + ". " + where));
  return name + (within ? ", in " + within : "") + ". " + sentence + " "
    + (source ? source + ". " : "") + where;
}
function select(element) {
  for (const one of document.querySelectorAll(".here")) one.classList.remove("here");
  if (current) current.tabIndex = -1;
  current = element;
  current.tabIndex = 0;
  for (const one of [element, element.twin]) if (one) one.classList.add("here");
  $("live").textContent = read(element);
}
// Find the lines and elements to walk, and the one of them that Tab stops at: the last one, else the first.
function settle() {
  stripes = Array.from($("parts").querySelectorAll(".line"), (line) => Array.from(line.code.children));
  walked = stripes.flat();
  walked.forEach((one, i) => { one.place = i; });
  const had = current && document.activeElement === current;
  current = current && upTo(current.home, current.offset) || walked[0] || null;
  if (current) current.tabIndex = 0;
  if (had) current.focus();
}
const upTo = (part, offset) => walked.filter((one) => one.home === part && one.offset <= offset).pop();
// The element with the byte at `offset`, drawn if it was not.
function reach(part, offset) {
  const section = lastAtOrBefore(part.sections.length, offset, (i) => part.sections[i]);
  if (section !== part.section) {
    part.section = section;
    drawPart(part);
    settle();
  }
  return upTo(part, offset);
}
function goTo(part, offset) {
  const target = reach(part, offset);
  target.focus();
  target.scrollIntoView({block: "center"});
}
const STEPS = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10};
// Where a key leads from an element: undefined for a key that does not walk, null beyond what is drawn.
function destination(from, event) {
  const step = STEPS[event.key], row = stripes.findIndex((stripe) => stripe.includes(from));
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    let to = from.place + step;
    const stays = (one) => one && one.span === from.span && one.home === from.home;
    while (event.ctrlKey && stays(walked[to])) to += step;
    return walked[to] || null;
  }
  if (step) {
    const to = Math.max(0, Math.min(stripes.length - 1, row + step)), column = stripes[row].indexOf(from);
    return to === row ? null : stripes[to][Math.min(stripes[to].length - 1, column)];
  }
  const parts = open.exchange.parts.filter((part) => part.end > part.start), last = parts[parts.length - 1];
  if (event.key === "Home") return event.ctrlKey ? reach(parts[0], parts[0].start) : stripes[row][0];
  if (event.key !== "End") return undefined;
  return event.ctrlKey ? reach(last, last.end - 1) : stripes[row][stripes[row].length - 1];
}
function walk(event) {
  const from = event.target.closest(".w");
  if (!from || event.altKey || event.metaKey || event.shiftKey) return;
  let target = destination(from, event);
  if (target === undefined) return;
  event.preventDefault();
  const part = from.home, step = STEPS[event.key], next = step > 0 ? part.to : part.from - 1;
  if (step && (!target || target.home !== part) && next >= part.start && next < part.end)
    target = reach(part, next);   // what is not drawn yet is drawn when somebody walks there
  if (target) target.focus();
}
$("parts").addEventListener("keydown", walk);
$("parts").addEventListener("focusin",
  (event) => { if (event.target.classList.contains("w")) select(event.target); });
function pointed(event) {
  const element = event.target.closest(".w, .ascii i");
  return element && (element.classList.contains("w") ? element : element.twin);
}
const chosen = () => document.querySelector(".w.here");
$("parts").addEventListener("pointerover", (event) => read(pointed(event) || chosen()));
$("parts").addEventListener("pointerleave", () => read(chosen()));
$("parts").addEventListener("click",
  (event) => { const element = pointed(event); if (element) element.focus(); });

// ---- tabs, start

function show(name) {
  const kept = chosen();
  view = name;
  for (const part of open.exchange.parts) part.section = 0;
  draw();
  read(null);
  if (kept && walked.length) select(reach(kept.home, kept.offset));
  $("tab-" + name).focus();
}
for (const tab of tabs) tab.addEventListener("click", () => show(tab.id.slice(4)));
arrows($("tabs"), /Left|Right|Home|End/, () => tabs, (tab) => show(tab.id.slice(4)));
new ResizeObserver(() => {
  if (open && view === "hex" && $("parts").clientWidth !== drawnWidth) draw();
}).observe($("parts"));

$("summary").textContent = record.summary;
drawTimeline();
if (all.length) openExchange(0, false);
else {
  $("title").textContent = "No exchange";
  $("tabs").hidden = true;
  document.querySelector("main").classList.add("bare");
}
document.documentElement.dataset.ready = "yes";
})();
"""
# ==== table end
