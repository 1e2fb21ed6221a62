"""The colours, the style sheet, the markup and the script of the page that write_page() makes.

Strategy: constants only. Each colour has a light and a dark value in one table, so that a test can compute
the contrast of every pair that is drawn. The script builds the page from the JSON beside it. It sets text and
never markup, so that no byte of the wire can become part of the page, and it loads nothing.

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
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
:root { --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.55 var(--sans); }
h1, h2, h3, h4, p, ol, ul, dl, dd { margin: 0; padding: 0; }
ol, ul { list-style: none; }
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; text-align: inherit;
  cursor: pointer; }
code, kbd, .mono { font-family: var(--mono); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
.skip:focus { position: fixed; z-index: 9; top: 8px; left: 8px; width: auto; height: auto; clip-path: none;
  padding: 8px 14px; background: var(--accent); color: var(--on-accent); border-radius: 6px; }
.dim { color: var(--dim); }
.small { font-size: 13px; }

.top { display: flex; gap: 16px 32px; align-items: flex-start; justify-content: space-between;
  padding: 26px 32px 20px; }
.top h1 { font-size: 22px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
.top p { color: var(--dim); margin-top: 4px; max-width: 78ch; overflow-wrap: anywhere; }
.top .brand { font-size: 13px; color: var(--dim); margin: 0 0 2px; }
.action { border: 1px solid var(--line); background: var(--surface); border-radius: 7px; padding: 6px 12px;
  font-size: 13px; white-space: nowrap; }
.action:hover { border-color: var(--dim); }

main { display: grid; grid-template-columns: minmax(270px, 340px) minmax(0, 1fr) 300px; gap: 20px;
  padding: 0 32px 40px; align-items: start; }
main.bare { grid-template-columns: minmax(270px, 340px) minmax(0, 1fr); }
.bare .side { display: none; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; }
.card > h2, .side h2 { font-size: 13px; font-weight: 600; color: var(--dim); padding: 14px 18px 0; }

.timeline, .side { position: sticky; top: 16px; max-height: calc(100vh - 32px); overflow-y: auto;
  scrollbar-width: thin; }
.timeline .group { padding: 12px 10px 10px; } .timeline .group + .group { border-top: 1px solid var(--line); }
.timeline h3 { font-size: 13px; font-weight: 600; padding: 0 8px; overflow-wrap: anywhere; }
.timeline .event { display: flex; gap: 8px; padding: 3px 8px; font-size: 12.5px; color: var(--dim); }
.timeline .event time { flex: 0 0 auto; margin-left: auto; font-variant-numeric: tabular-nums; }
.timeline .event span { overflow-wrap: anywhere; min-width: 0; } .timeline .event.bad { color: var(--wrong); }
.exchange { display: block; width: 100%; border-radius: 7px; padding: 7px 8px 9px; }
.exchange:hover { background: var(--raised); }
.exchange[aria-current="true"] { background: var(--start-tint); }
.exchange .what { display: flex; gap: 8px; align-items: baseline; }
.exchange .number { font-size: 12px; color: var(--dim); min-width: 2ch; font-variant-numeric: tabular-nums; }
.exchange .method { font-size: 12.5px; font-weight: 650; }
.exchange .path { flex: 1 1 auto; min-width: 0; font-size: 12.5px; overflow-wrap: anywhere; }
.exchange .path { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2;
  overflow: hidden; }
.exchange .status { font-size: 12.5px; font-weight: 650; font-variant-numeric: tabular-nums; }
.exchange .status.bad { color: var(--wrong); }
.exchange .when { display: flex; justify-content: space-between; gap: 8px; font-size: 12px; color: var(--dim);
  margin-top: 2px; font-variant-numeric: tabular-nums; }
.exchange .when span:first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.exchange .when span:last-child { flex: 0 0 auto; }
.track { position: relative; display: block; height: 6px; margin-top: 6px; border-radius: 3px;
  background: var(--mark-tint); overflow: hidden; }
.track i { position: absolute; top: 0; bottom: 0; min-width: 2px; border-radius: 2px; }
.t-request { background: var(--start); } .t-wait { background: var(--line); }
.t-response { background: var(--content); } .t-stream { background: var(--frame); }
[hidden] { display: none !important; }
.bars { display: flex; flex-wrap: wrap; gap: 2px 14px; padding: 8px 18px 0; font-size: 12px;
  color: var(--dim); }
.bars i { display: inline-block; width: 14px; height: 6px; border-radius: 3px; margin-right: 6px;
  vertical-align: 1px; }

.detail { min-width: 0; } .detail .about { padding: 18px 22px 0; }
.detail .about h2 { font-size: 17px; line-height: 1.4; font-weight: 600; overflow-wrap: anywhere; padding: 0;
  color: inherit; }
.detail .about p { color: var(--dim); font-size: 13.5px; margin-top: 3px; }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 18px; padding: 14px 22px 12px; }
.tabs { display: inline-flex; border: 1px solid var(--line); border-radius: 8px; padding: 2px;
  background: var(--ground); }
.tabs button { padding: 4px 13px; border-radius: 6px; font-size: 13.5px; color: var(--dim); }
.tabs button[aria-selected="true"] { background: var(--surface); color: var(--ink); font-weight: 600;
  box-shadow: 0 0 0 1px var(--line); }
.keys { font-size: 12.5px; color: var(--dim); } .keys summary { cursor: pointer; }
.keys dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 14px; padding: 6px 0 2px; }
kbd { font-size: 12px; }

.part { border-top: 1px solid var(--line); padding: 14px 22px 18px; }
.part > h3 { font-size: 14px; font-weight: 600; display: flex; flex-wrap: wrap; gap: 2px 12px;
  align-items: baseline; margin-bottom: 8px; }
.part > h3 .dim { font-weight: 400; font-size: 13px; }
.way { display: inline-block; font-weight: 700; margin-right: 7px; color: var(--start); }
.way.back { color: var(--content); }
.alarm { border: 1px solid var(--wrong); background: var(--wrong-tint); color: var(--wrong);
  border-radius: 7px; padding: 8px 12px; margin-bottom: 10px; font-size: 13.5px; overflow-wrap: anywhere; }
.alarm button { text-decoration: underline; margin-left: 8px; }
.empty { color: var(--dim); font-size: 13.5px; }

.bytes { font: 13px/1.7 var(--mono); }
.line { display: grid; grid-template-columns: var(--at) minmax(0, 1fr) auto; column-gap: 14px; }
.line .at { color: var(--dim); text-align: right; font-size: 11.5px; line-height: 1.9; user-select: none; }
.line .code { white-space: break-spaces; word-break: break-all; min-width: 0; }
.line .note { color: var(--dim); font: 12px/1.9 var(--sans); text-align: right; max-width: 20ch; }
.line.inner .code { border-left: 3px solid var(--line); padding-left: 10px; }
.hex .line { grid-template-columns: var(--at) max-content max-content; column-gap: 18px; }
.hex .line { content-visibility: auto; contain-intrinsic-height: 22px; } .hex .code { min-width: 22ch; }
.hex.wide .code { min-width: 45.1ch; } .hex .code, .hex .ascii { display: flex; }
.hex .code > *, .hex .ascii > * { flex: 0 0 auto; text-align: center; } .hex .code > .w { width: 2.75ch; }
.hex .code > .w:nth-child(8n+9) { margin-left: 1.1ch; } .hex .ascii > i { width: 1ch; font-style: normal; }
.hex .code > .w.fold { width: auto; padding: 0 8px; }
.w { color: var(--c); background: var(--t); border-radius: 2px; cursor: pointer;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; padding: 1px 0; unicode-bidi: isolate; }
.ascii i { color: var(--c); background: var(--t); }
.w:focus-visible { outline-offset: 0; border-radius: 2px; position: relative; z-index: 1; }
.text .w[data-role$="CRLF"] { display: inline-block; white-space: nowrap; line-height: 1.3; }
.esc { font-style: normal; opacity: 1; font-size: .86em; border-radius: 3px;
  box-shadow: inset 0 0 0 1px var(--line); padding: 0 2px; margin: 0 1px; }
.fold { font: italic 12px/1.7 var(--sans); padding: 0 6px; }
.hot { box-shadow: inset 0 -2px 0 var(--c); }
.here { box-shadow: inset 0 0 0 1px var(--c); }
.picked, .ascii i.picked { background: var(--c); color: var(--surface); }
.picked .esc { box-shadow: inset 0 0 0 1px var(--surface); }
.w.k-wrong, .ascii i.k-wrong { background: var(--wrong); color: var(--surface); }
.hex .w:focus-visible { outline-width: 2px; outline-offset: -2px; }
.hex .w.here, .ascii i.here { background: var(--accent); color: var(--on-accent); box-shadow: none; }
.more { margin: 8px 0 0; } .more button { margin-right: 10px; }

.side > section { padding-bottom: 14px; } .side > section + section { border-top: 1px solid var(--line); }
.reading { padding: 8px 18px 2px; overflow-wrap: anywhere; }
.reading .role { display: inline-block; font-weight: 650; color: var(--c); background: var(--t);
  border-radius: 5px; padding: 2px 9px; }
.reading .within { display: block; color: var(--dim); font-size: 13px; margin-top: 4px; }
.reading .shown { display: block; margin-top: 8px; font-size: 13px; max-height: 4.8em; overflow: hidden; }
.reading .says { margin-top: 8px; }
.reading .source, .reading .where { color: var(--dim); font-size: 13px; margin-top: 6px; }
.reading .source { color: var(--ink); font-weight: 600; }
.roles { padding: 8px 12px 0; display: flex; flex-direction: column; gap: 2px; }
.roles button { display: flex; align-items: baseline; gap: 9px; width: 100%; border-radius: 6px;
  padding: 2px 7px; font-size: 13.5px; }
.roles button:hover { background: var(--raised); }
.roles button[aria-pressed="true"] { background: var(--mark-tint); font-weight: 600;
  box-shadow: inset 0 0 0 1px var(--line); }
.roles i { flex: 0 0 auto; width: 12px; height: 12px; border-radius: 3px; background: var(--t);
  box-shadow: inset 0 0 0 2px var(--c); align-self: center; }
.roles .count { margin-left: auto; color: var(--dim); font-size: 12.5px; font-weight: 400;
  white-space: nowrap; }

.frames { border: 1px solid var(--line); border-radius: 8px; overflow: hidden; }
.frame { display: grid; grid-template-columns: 9ch minmax(0, 1fr) auto; gap: 12px; padding: 3px 12px;
  font-size: 13px; }
.frame + .frame { border-top: 1px solid var(--line); }
.frame .text { white-space: break-spaces; overflow-wrap: anywhere; }
.frame .from { font-weight: 650; font-size: 12.5px; } .frame .from.s1 { color: var(--content); }
.frame .from.s2 { color: var(--chunk); } .frame .from.s0 { color: var(--start); }
.frame .size { color: var(--dim); font-size: 12px; white-space: nowrap; text-decoration: underline;
  text-underline-offset: 3px; }
.pretty { border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; font-size: 13px;
  line-height: 1.6; margin: 0; white-space: break-spaces; overflow-wrap: anywhere; }
.pretty + .pretty { margin-top: 6px; }
.j-key { color: var(--name); } .j-text { color: var(--content); }
.j-number { color: var(--start); } .j-word { color: var(--frame); }

@media (max-width: 1400px) {
  main { grid-template-columns: minmax(250px, 300px) minmax(0, 1fr) 260px; }
  main.bare { grid-template-columns: minmax(250px, 300px) minmax(0, 1fr); }
}
@media (max-width: 1180px) {
  html { scroll-padding-bottom: 30vh; }   /* the panel below must not cover what has the focus */
  main { grid-template-columns: minmax(250px, 300px) minmax(0, 1fr); }
  .side { position: sticky; top: auto; bottom: 0; z-index: 2; grid-column: 1 / -1; display: grid;
    grid-template-columns: 1fr 1fr; max-height: 28vh; box-shadow: 0 -6px 18px rgb(0 0 0 / 12%); }
  .side > section + section { border-top: 0; border-left: 1px solid var(--line); }
  .bare .side, .side.idle > section:first-child { display: none; }
  .side.idle { display: block; } .side.idle > section + section { border-left: 0; }
  .side.idle .roles { flex-wrap: nowrap; overflow-x: auto; scrollbar-width: thin; }
  .side.idle .roles button { flex: 0 0 auto; }
  .timeline { max-height: calc(72vh - 40px); }
  .roles { flex-direction: row; flex-wrap: wrap; gap: 2px 8px; } .roles button { width: auto; }
}
@media (max-width: 760px) {
  html { scroll-padding-bottom: 40vh; }
  body { font-size: 14.5px; }
  .top { padding: 18px 16px 14px; flex-wrap: wrap; }
  main, main.bare { display: block; padding: 0 0 24px; }
  .card { border-radius: 0; border-left: 0; border-right: 0; }
  .timeline { position: static; max-height: 44vh; margin-bottom: 12px; }
  .detail .about, .part { padding-left: 16px; padding-right: 16px; }
  .bar { padding: 12px 16px; }
  .bytes { font-size: 12.5px; }
  .line { grid-template-columns: var(--at) minmax(0, 1fr); column-gap: 8px; } .line .note { display: none; }
  .hex .line { column-gap: 10px; } .hex .code { min-width: 19.6ch; } .hex.wide .code { min-width: 40.3ch; }
  .hex .code > .w { width: 2.45ch; }
  .detail .about h2 { font-size: 15.5px; }
  .side { display: block; max-height: 38vh; } .side > section { padding-bottom: 8px; }
  .side > section + section { border-left: 0; border-top: 1px solid var(--line); }
  .side h2 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .reading { padding: 10px 16px 0; font-size: 14px; line-height: 1.45; }
  .reading .shown, .reading .within { display: inline; margin-left: 8px; } .reading .says { margin-top: 5px; }
  .reading .source, .reading .where { display: inline; margin-right: 8px; }
  .roles { flex-wrap: nowrap; overflow-x: auto; padding: 6px 10px 2px; scrollbar-width: thin; }
  .roles button { flex: 0 0 auto; }
  .frame { grid-template-columns: 7ch minmax(0, 1fr); } .frame .size { grid-column: 2; justify-self: start; }
}
@media print { .timeline, .side { position: static; max-height: none; } main { display: block; } }
"""
# ==== table end

# ==== table begin: the markup
PAGE_BODY = r"""
<a class="hidden skip" href="#detail">To the bytes</a>
<header class="top">
<div><p class="brand mono">rawdock</p><h1>What crossed the socket</h1><p id="summary"></p></div>
<button type="button" class="action" id="theme"></button>
</header>
<noscript><p>This page is drawn by the script inside it, which this browser does not run. It loads nothing
from anywhere.</p></noscript>
<main>
<nav class="card timeline" aria-labelledby="timeline-title">
<h2 id="timeline-title">Timeline</h2>
<div class="bars" aria-hidden="true"><span><i class="t-request"></i>request</span><span><i
class="t-wait"></i>waiting</span><span><i class="t-response"></i>response</span><span><i
class="t-stream"></i>raw stream</span></div>
<div id="timeline"></div>
</nav>
<article class="card detail" id="detail" tabindex="-1" aria-labelledby="title">
<div class="about"><h2 id="title"></h2><p id="about"></p></div>
<div class="bar">
<div class="tabs" role="tablist" aria-label="How the bytes are shown" id="tabs">
<button type="button" role="tab" id="tab-text" aria-controls="parts">Text</button>
<button type="button" role="tab" id="tab-hex" aria-controls="parts">Hexdump</button>
<button type="button" role="tab" id="tab-decoded" aria-controls="parts">Decoded</button>
</div>
<details class="keys"><summary>Keys</summary><dl id="keys">
<dt><kbd>← →</kbd></dt><dd>one element (text) or one byte (hexdump) back, on</dd>
<dt><kbd>Ctrl ← →</kbd></dt><dd>one element in the hexdump</dd>
<dt><kbd>↑ ↓</kbd></dt><dd>one line; <kbd>Page ↑ ↓</kbd> ten</dd>
<dt><kbd>Home End</kbd></dt><dd>ends of the line; with <kbd>Ctrl</kbd> of the exchange</dd>
<dt><kbd>Enter</kbd></dt><dd>highlight every byte of this role; <kbd>Esc</kbd> stops it</dd>
<dt><kbd>Tab</kbd></dt><dd>timeline, views, bytes, roles</dd>
</dl></details>
</div>
<div id="parts" role="tabpanel"></div>
</article>
<aside class="card side" aria-label="What the bytes mean">
<section><h2>This byte</h2><div class="reading" id="reading"></div></section>
<section><h2 id="roles-title">Roles</h2><div class="roles" id="roles" role="toolbar"
aria-orientation="vertical" aria-labelledby="roles-title"></div></section>
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
const SHOWN = {text: 8192, hex: 2048};   // bytes drawn at first in each part; more on demand
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
function attributes(element, values) {
  for (const name of Object.keys(values)) element.setAttribute(name, values[name]);
  return element;
}
const hide = (element) => attributes(element, {"aria-hidden": "true"});   // from a screen reader
function stopAt(elements, target) {   // of these elements the one that Tab stops at
  for (const element of elements) element.tabIndex = element === target ? 0 : -1;
}
// Arrow keys, Home and End: action(the element to go to). `round`: from the last to the first too.
function arrows(box, keys, elements, round, action) {
  box.addEventListener("keydown", (event) => {
    const found = elements(), last = found.length - 1, at = found.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0,
      End: last}[event.key];
    if (at < 0 || to === undefined || !keys.test(event.key)) return;
    event.preventDefault();
    action(found[round ? (to + found.length) % found.length : Math.max(0, Math.min(last, to))], found);
  });
}
const moveFocus = (target, found) => { stopAt(found, target); target.focus(); };

// ---- streams: spans and bytes by offset

function prepare(stream) {
  const rows = stream.spans;
  stream.spans = [];
  for (let i = 0, start = 0; i < rows.length; i += 4) {
    const [size, role, outer, text] = rows.slice(i, i + 4), [name, kind] = record.roles[role];
    const end = start + size, within = record.roles[outer][0];
    stream.spans.push({start, end, role, name, kind, within, text: record.texts[text]});
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
function foldText(size, isWhole) {
  return "\u2026 " + count(size, "byte") + (isWhole ? "" : " of it") + " not in this page \u2026";
}
const isHeader = (role) => role.startsWith("frame ") && role !== "frame payload";

// ---- state

let view = "text", open = null, current = null, pinned = -1;
let stripes = [], walked = [];   // what is drawn: the elements of each line, and all of them
const tabs = Array.from($("tabs").children);
const all = [];   // every exchange: {connection, exchange, button}
let wide = 16, drawnWidth = 0;   // bytes in a row of the hexdump, and the width of the pane when it was drawn

// ---- timeline

function drawTimeline() {
  const total = record.milliseconds;
  document.querySelector(".bars").hidden = !timed;
  for (const connection of record.connections) {
    const rows = connection.marks.map((mark) => [mark[0], 1, mark]).concat(
      connection.exchanges.map((exchange) => [exchange.times[0], 0, exchange]));
    const order = (row) => row[1] === 1 && row[2][1] === "open" ? -1 : 0;
    rows.sort((a, b) => a[0] - b[0] || order(a) - order(b));
    const list = make("ol");
    for (const [when, isMark, value] of rows) {
      list.append(make("li", "", isMark ? make("div",
        "event" + (value[1] === "reset" || value[1] === "note" ? " bad" : ""),
        make("span", "", value[2]), make("time", "", timed ? ms(when) : ""))
        : drawExchange(connection, value, total)));
    }
    $("timeline").append(make("section", "group", make("h3", "", "Connection " + connection.number), list));
  }
  if (!all.length) $("timeline").append(make("p", "group dim", "No byte was recorded."));
  arrows($("timeline"), /Up|Down|Home|End/, () => all.map((one) => one.button), false, moveFocus);
}
function drawExchange(connection, exchange, total) {
  const index = all.length;
  const failed = exchange.wrong || exchange.status >= 400, [from, to] = exchange.times;
  const what = make("span", "what", make("span", "number", exchange.label),
    make("span", "method mono", exchange.method), make("span", "path mono", shortIds(exchange.path)),
    make("span", "status mono" + (failed ? " bad" : ""), exchange.wrong || exchange.status || "\u2013"));
  const when = make("span", "when", make("span", "", exchange.says),
    make("span", "", timed ? ms(from).slice(0, -3) + " + " + ms(to - from) : ""));
  const element = button("exchange", [what, when], () => openExchange(index, true));
  element.tabIndex = index ? -1 : 0;
  const track = make("span", "track");
  for (const [kind, start, end] of exchange.phases) {
    const phase = make("i", "t-" + kind);
    phase.style.left = 100 * start / total + "%";
    phase.style.width = 100 * (end - start) / total + "%";
    track.append(phase);
  }
  if (timed) element.append(track);
  all.push({connection: connection, exchange: exchange, button: element});
  return element;
}

// ---- one exchange

function openExchange(index, byUser) {
  open = all[index];
  stopAt(all.map((one) => one.button), open.button);
  all.forEach((one) => attributes(one.button, {"aria-current": one === open}));
  const exchange = open.exchange;
  $("title").textContent = shortIds(exchange.title);
  let numbered = exchange.label > 0 ? ", exchange " + exchange.label : "";
  if (exchange.label === "ping") numbered = ", the ping";
  $("about").textContent = "Connection " + open.connection.number + numbered + ". " + exchange.about;
  pinned = -1;
  current = null;
  exchange.parts.forEach((part) => {
    part.stream = open.connection.streams[part.way];
    drawFrom(part, part.start);
  });
  document.querySelector(".side").classList.add("idle");
  drawRoles();
  draw();
  read(null);
  if (byUser) {
    $("live").textContent = exchange.title + ". " + exchange.about;
    if ($("detail").getBoundingClientRect().top > window.innerHeight * 0.6) $("detail").scrollIntoView();
  }
}
function drawFrom(part, offset) {
  Object.assign(part, {from: offset, budget: Object.assign({}, SHOWN)});
}
function draw() {
  stopAt(tabs, $("tab-" + view));
  for (const tab of tabs) attributes(tab, {"aria-selected": tab.tabIndex === 0});
  attributes($("parts"), {"aria-labelledby": "tab-" + view});
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
    drawPart(part);
    $("parts").append(part.element);
  }
}
function drawPart(part) {
  const section = part.element;
  const way = hide(make("span", "way" + (part.way ? " back" : ""), part.way ? "<" : ">"));
  section.textContent = "";
  section.append(make("h3", "", make("span", "", way, part.title), make("span", "dim", part.about)));
  if (part.error) {
    const alarm = make("p", "alarm", part.error.text[0].toUpperCase() + part.error.text.slice(1));
    if (view !== "decoded" && part.error.offset !== null && part.end > part.start) {
      alarm.append(button("", ["Go to byte ", part.error.offset],
        () => goTo(part, Math.max(part.start, Math.min(part.end - 1, part.error.offset)))));
    }
    section.append(alarm);
  }
  part.elements = new Map();
  if (part.start === part.end) section.append(make("p", "empty", "No byte."));
  else if (view === "decoded") drawDecoded(part, section);
  else drawBytes(part, section);
}
function redraw(part) {
  drawPart(part);
  settle();
}
function drawBytes(part, section) {
  const box = make("div", "bytes " + view + (view === "hex" && wide === 16 ? " wide" : ""));
  const name = part.title + ", " + WAYS[part.way] + ", " + (view === "hex" ? "hexdump" : "text");
  attributes(box, {"role": view === "hex" ? "grid" : "listbox", "aria-label": name});
  box.style.setProperty("--at", String(part.end).length + "ch");
  part.to = view === "hex" ? hexRows(part, box) : textLines(part, box);
  section.append(box);
  if (part.from <= part.start && part.to >= part.end) return;
  const more = make("p", "more small");
  const add = (text, draw, at) =>
    more.append(button("action", [text], () => { draw(part); goTo(part, at); }));
  if (part.from > part.start) add("Show what comes before", goBack, part.from - 1);
  if (part.to < part.end)
    add("Show more: " + count(part.end - part.to, "byte") + " to come", grow, part.to);
  section.append(more);
}
// Draw more after what is drawn. Beyond a bound what was drawn first is removed, so that the page stays fast.
function grow(part) {
  part.budget[view] += 2 * SHOWN[view];
  if (part.budget[view] > 4 * SHOWN[view]) {
    part.from = Math.max(part.from, before(part, part.to));
    part.budget[view] = 3 * SHOWN[view];
  }
  redraw(part);
}
// Where to begin so that a screenful is drawn before `offset`; bytes that are not in the page take no room.
function before(part, offset) {
  let left = SHOWN[view];
  for (const run of runs(part.stream, part.start, offset).reverse()) {
    const size = run.bytes ? run.bytes.length : 0;
    if (size >= left) return Math.max(run.start, run.end - left - (run.end - left - part.start) % 16);
    left -= size;
  }
  return part.start;
}
function goBack(part) {
  part.from = before(part, part.from);
  part.budget[view] = 3 * SHOWN[view];
  redraw(part);
}
function walkable(part, span, offset) {
  const element = make("span", "w k-" + span.kind);
  element.tabIndex = -1;
  attributes(element, view === "hex" ? {role: "gridcell"} : {role: "option", "aria-selected": "false"});
  Object.assign(element, {home: part, span: span, offset: offset});
  element.dataset.role = span.name;
  element.dataset.at = offset;
  keep(part, span, element);
  return element;
}
function keep(part, span, element) {
  if (!part.elements.has(span)) part.elements.set(span, []);
  part.elements.get(span).push(element);
  if (pinned === span.role) element.classList.add("picked");
}
function newLine(box, offset) {
  const code = make("span", "code"), line = make("div", "line", hide(make("span", "at", offset)), code);
  line.code = code;
  box.append(line);
  return line;
}

const NOTES = {"method": "request line", "status code": "status line", "field name": "field",
  "chunk size": "chunk", "frame stream type": "frame", "JSON message": "message", "content": "content",
  "raw stream": "raw stream", "malformed": "breaks a rule", "cut": "cut here", "chunk data": "chunk data",
  "frame payload": "frame, continued", "chunk data CRLF": "end of the chunk", "not in this page": ""};

function textLines(part, box) {
  const stream = part.stream;
  let budget = part.budget.text, at = part.from, line = null, ended = true;
  for (const span of spansIn(stream, at, part.end)) {
    if (budget <= 0) break;
    const start = Math.max(at, span.start), {name: role, within} = span;
    let end = Math.min(part.end, span.end);
    const begins = role === "frame stream type" || role === "JSON message" || role === "chunk size"
      || (role === "chunk data CRLF" && line && line.roles.length > 0 && line.roles[0] !== "chunk size"
        && !line.inner) || (line && line.inner) !== (within !== "");
    if (ended || begins) {
      line = newLine(box, start);
      attributes(line, {role: "group"});
      Object.assign(line, {roles: [], inner: within !== ""});
      if (line.inner) line.classList.add("inner");
      ended = false;
    }
    const element = walkable(part, span, start);
    line.roles.push(role);
    let broken = false;
    for (const run of runs(stream, start, end)) {
      if (!run.bytes) {
        const size = run.end - run.start;
        element.append(make("span", "fold", foldText(size, size === end - start)));
        continue;
      }
      const size = Math.min(run.bytes.length, budget);
      const bytes = run.bytes.subarray(0, size);
      budget -= size;
      if (isHeader(role)) element.append(make("i", "esc", Array.from(bytes, hex).join(" ")));
      else fillText(element, bytes, span.end - span.start > 2);
      broken = bytes[bytes.length - 1] === 10;
      if (size < run.bytes.length || budget <= 0) { end = run.start + size; break; }
    }
    line.code.append(element);
    at = end;
    ended = broken || role === "frame payload";
  }
  for (const one of box.children) {
    const first = one.roles.find((role) => role in NOTES) || "";
    const bare = one.roles.join() === "CRLF" ? "end of the head" : "";
    const chief = ["cut", "malformed", "status code"].find((role) => one.roles.includes(role)) || first;
    one.append(hide(make("span", "note", chief ? NOTES[chief] : bare)));
  }
  return at;
}

function hexRows(part, box) {
  const stream = part.stream;
  let budget = part.budget.hex, at = part.from;
  for (const run of runs(stream, part.from, part.end)) {
    if (budget <= 0) break;
    if (!run.bytes) {
      for (const span of spansIn(stream, run.start, run.end)) {
        const end = Math.min(run.end, span.end), line = attributes(newLine(box, at), {role: "row"});
        const cell = walkable(part, span, at);
        cell.classList.add("fold");
        cell.textContent = foldText(end - at, at === span.start && end === span.end);
        line.code.append(cell);
        at = end;
      }
      continue;
    }
    const size = Math.min(run.bytes.length, budget);
    budget -= size;
    const spans = spansIn(stream, at, at + size);
    for (let row = 0; row < size; row += wide) {
      const line = attributes(newLine(box, at), {role: "row"}), ascii = hide(make("span", "ascii"));
      for (let k = row; k < Math.min(size, row + wide); k++, at++) {
        while (spans[0].end <= at) spans.shift();
        const cell = walkable(part, spans[0], at), byte = run.bytes[k];
        cell.textContent = hex(byte);
        const shown = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "\u00b7";
        const letter = make("i", "k-" + spans[0].kind, shown);
        cell.twin = letter;
        letter.twin = cell;
        keep(part, spans[0], letter);
        line.code.append(cell);
        ascii.append(letter);
      }
      line.append(ascii);
    }
  }
  return at;
}

// ---- decoded bodies

function bodyRuns(part, ranges) {
  const found = [];
  for (let i = 0; i < ranges.length; i += 2) found.push(...runs(part.stream, ranges[i], ranges[i + 1]));
  return found;
}
function joined(found) {
  const size = found.reduce((sum, run) => sum + (run.bytes ? run.bytes.length : 0), 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const run of found) if (run.bytes) { bytes.set(run.bytes, at); at += run.bytes.length; }
  return bytes;
}
function drawDecoded(part, section) {
  if (part.frames) { drawFrames(part, section); return; }
  if (!part.body.length) { section.append(make("p", "empty", "No body.")); return; }
  const found = bodyRuns(part, part.body);
  const absent = found.reduce((sum, run) => sum + (run.bytes ? 0 : run.end - run.start), part.bodyLeft || 0);
  const say = (text) => section.append(make("p", "empty", text));
  if (absent) say(count(absent, "byte") + " of this body not in this page: what follows has holes.");
  if (part.json) {
    let budget = SHOWN.text * 8;
    for (const run of absent ? found.filter((one) => one.bytes) : [{bytes: joined(found)}]) {
      if (budget <= 0) break;
      section.append(...prettyJson(run.bytes.subarray(0, budget)));
      budget -= run.bytes.length;
    }
    if (budget < 0) say("The rest is in the other two views.");
  } else {
    const bytes = joined(found), block = make("pre", "pretty mono");
    fillText(block, bytes.subarray(0, SHOWN.text), true);
    section.append(block);
    if (bytes.length > SHOWN.text)
      say(count(bytes.length - SHOWN.text, "byte") + " more in the other two views.");
  }
}
function drawFrames(part, section) {
  const list = make("div", "frames");
  let shown = 0;
  const more = button("action", [], () => fill(Math.max(200, 4 * shown)));
  const fill = (end) => {
    for (const [stream, ...ranges] of part.frames.slice(shown, end)) {
      const found = bodyRuns(part, ranges), text = make("span", "text mono");
      for (const run of found) {
        if (run.bytes) fillText(text, run.bytes.subarray(0, SHOWN.hex), true);
        else text.append(make("span", "fold", foldText(run.end - run.start, true)));
      }
      const size = found.reduce((sum, run) => sum + run.end - run.start, 0);
      const from = make("span", "from mono s" + stream, STREAM_NAMES[stream]);
      list.append(make("div", "frame", from, text, button("size", [count(size, "byte")],
        () => { view = "text"; draw(); goTo(part, ranges[0]); })));
    }
    shown = Math.min(end, part.frames.length);
    more.textContent = "Show more: " + count(part.frames.length - shown, "frame") + " to come";
    more.hidden = shown === part.frames.length;
  };
  fill(200);
  section.append(list, more);
  if (part.framesLeft) section.append(make("p", "empty", count(part.framesLeft, "frame")
    + " more not in this page."));
}
// JSON is laid out token by token, never parsed: it is shown as sent, big numbers and doubled keys too.
const TOKEN = /"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+/gs;
function prettyJson(bytes) {
  const isBlank = ([text, special]) => special && /^\\[nrt]$/.test(text);
  const text = words(bytes).map((word) => isBlank(word) ? "" : word[0]).join("");
  const tokens = text.match(TOKEN) || [], blocks = [];
  for (let i = 0, end; i < tokens.length; i = end) {
    let depth = 0, size = 0;
    end = i;
    do {
      depth += /^[{[]$/.test(tokens[end]) ? 1 : /^[}\]]$/.test(tokens[end]) ? -1 : 0;
      size += tokens[end].length + 1;
      end += 1;
    } while (depth > 0 && end < tokens.length);
    blocks.push(prettyValue(tokens.slice(i, end), size <= 76));
  }
  return blocks;
}
function prettyValue(tokens, short) {
  const block = make("pre", "pretty mono");
  let depth = 0;
  // A hostile body may nest deeper than any page is wide.
  const newline = () => block.append(short ? "" : "\n" + "  ".repeat(Math.max(0, Math.min(depth, 24))));
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (token === "{" || token === "[") {
      block.append(token);
      depth += 1;
      if (next !== "}" && next !== "]") newline();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      if (tokens[i - 1] !== "{" && tokens[i - 1] !== "[") newline();
      block.append(token);
    } else if (token === ",") { block.append(short ? ", " : token); newline(); }
    else if (token === ":") block.append(": ");
    else block.append(make("span", next === ":" ? "j-key" : token[0] === '"' ? "j-text"
      : /^[-0-9]/.test(token) ? "j-number" : "j-word", token));
  });
  return block;
}

// ---- roles

function drawRoles() {
  const totals = new Map();
  for (const part of open.exchange.parts) {
    for (const {start, end, role} of spansIn(part.stream, part.start, part.end))
      totals.set(role, (totals.get(role) || 0) + Math.min(part.end, end) - Math.max(part.start, start));
  }
  $("roles").textContent = "";
  const kindOf = (role) => record.kinds.indexOf(record.roles[role][1]);
  const sorted = Array.from(totals.keys()).sort((a, b) => kindOf(a) - kindOf(b) || a - b);
  sorted.forEach((role, index) => {
    const [name, kind] = record.roles[role];
    const chip = button("", [make("i", "k-" + kind), make("span", "", name),
      make("span", "count", count(totals.get(role), "byte"))], () => pin(pinned === role ? -1 : role));
    attributes(chip, {"aria-pressed": "false"});
    chip.tabIndex = index ? -1 : 0;
    chip.role_ = role;
    chip.addEventListener("pointerenter", () => pick(role));
    chip.addEventListener("pointerleave", () => pick(pinned));
    $("roles").append(chip);
  });
}
arrows($("roles"), /./, () => Array.from($("roles").children), true, moveFocus);
$("roles").addEventListener("keydown", (event) => { if (event.key === "Escape") pin(-1); });
function pin(role) {
  pinned = role;
  for (const chip of $("roles").children) attributes(chip, {"aria-pressed": chip.role_ === role});
  pick(role);
  $("live").textContent = role < 0 ? "No role highlighted" : "Highlighted: " + record.roles[role][0];
}
function pick(role) {
  for (const part of open.exchange.parts) {
    part.elements.forEach((elements, span) => {
      for (const element of elements) element.classList.toggle("picked", span.role === role);
    });
  }
}

// ---- walking

// Show what is known of the span of `element` → the sentence for a screen reader.
function read(element) {
  const box = $("reading");
  box.textContent = "";
  box.className = "reading";
  if (!element) {
    box.append(make("p", "dim",
      "Point at a byte, or press Tab until the bytes have the focus and walk with the arrow keys."));
    return "";
  }
  document.querySelector(".side").classList.remove("idle");
  const {home: part, offset} = element, stream = part.stream, time = timeAt(stream, offset);
  const {start, end, name: role, kind, within, text: [sentence, source]} = element.span;
  const where = (end - start === 1 || view === "hex" ? "Byte " + offset : "Bytes " + start + " to "
    + (end - 1)) + " of " + NUMBER.format(stream.length) + ", " + WAYS[part.way]
    + (timed && time !== null ? ", at " + ms(time) : "") + ".";
  box.classList.add("k-" + kind);
  const head = make("p", "head", make("span", "role", role));
  if (within) head.append(make("span", "within", "in " + within));
  const shown = make("code", "shown"), bytes = joined(runs(stream, start, Math.min(end, start + 96)));
  if (isHeader(role)) shown.textContent = Array.from(bytes, hex).join(" ");
  else fillText(shown, bytes, false);
  if (end - start > 96) shown.append(" \u2026");
  head.append(shown);
  box.append(head, make("p", "says", sentence));
  if (source) box.append(make("p", "source", source));
  box.append(make("p", "where", count(end - start, "byte") + ". " + where));
  return role + (within ? ", in " + within : "") + ". " + sentence + " "
    + (source ? source + ". " : "") + where;
}
function markHere(element, on) {
  for (const one of [element, element.twin]) if (one) one.classList.toggle("here", on);
  if (view === "text") attributes(element, {"aria-selected": on});
  heat(element, on);
}
function select(element, quietly) {
  if (current) {
    current.tabIndex = -1;
    markHere(current, false);
  }
  current = element;
  element.tabIndex = 0;
  if (quietly) return;
  markHere(element, true);
  $("live").textContent = read(element);
}
function heat(element, on) {
  for (const one of element.home.elements.get(element.span) || []) one.classList.toggle("hot", on);
}
// Find the lines and elements to walk, and the one of them that Tab stops at: the last one, else the first.
function settle() {
  const lines = Array.from($("parts").querySelectorAll(".line"));
  stripes = lines.map((line) => Array.from(line.code.children)).filter((stripe) => stripe.length);
  walked = stripes.flat();
  walked.forEach((one, i) => { one.place = i; });
  const had = current && document.activeElement === current, last = current;
  current = null;
  if (!walked.length) return;
  select(last && upTo(last.home, last.offset) || walked[0], true);
  if (had) current.focus();
}
const upTo = (part, offset) => walked.filter((one) => one.home === part && one.offset <= offset).pop();
// The element with the byte at `offset`, drawn if it was not.
function reach(part, offset) {
  if (offset < part.from || offset >= part.to) {
    drawFrom(part, Math.max(part.start, offset - (offset - part.start) % 16 - 256));
    redraw(part);
  }
  return upTo(part, offset);
}
function goTo(part, offset) {
  const target = reach(part, offset);
  if (target) { target.focus(); target.scrollIntoView({block: "center"}); }
}
// Of the elements of a line the one that is under or above `from`.
function nearest(stripe, from) {
  if (view === "hex") return stripe[Math.min(stripe.length - 1, stripes[rowOf(from)].indexOf(from))];
  const distance = (one) => {
    const rect = one.getClientRects()[0];
    return rect ? Math.abs(rect.left - from.getClientRects()[0].left) : Infinity;
  };
  return stripe.reduce((best, one) => distance(one) < distance(best) ? one : best);
}
const rowOf = (element) => stripes.findIndex((stripe) => stripe.includes(element));
// Where a key leads from an element: undefined for a key that does not walk, null beyond what is drawn.
function destination(from, event) {
  const across = {ArrowRight: 1, ArrowLeft: -1}[event.key], row = rowOf(from), stripe = stripes[row];
  const down = {ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10}[event.key];
  if (across) {
    let to = from.place + across;
    const stays = (one) => one && one.span === from.span && one.home === from.home;
    while (event.ctrlKey && stays(walked[to])) to += across;
    return walked[to] || null;
  }
  const to = Math.max(0, Math.min(stripes.length - 1, row + down));
  if (down) return to === row ? null : nearest(stripes[to], from);
  const parts = open.exchange.parts.filter((part) => part.end > part.start), last = parts[parts.length - 1];
  if (event.key === "Home") return event.ctrlKey ? reach(parts[0], parts[0].start) : stripe[0];
  if (event.key !== "End") return undefined;
  return event.ctrlKey ? reach(last, last.end - 1) : stripe[stripe.length - 1];
}
function walk(event) {
  const from = event.target.closest(".w");
  if (!from) return;
  if (event.key === "Escape") { pin(-1); return; }
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    pin(pinned === from.span.role ? -1 : from.span.role);
    return;
  }
  if (event.altKey || event.metaKey || event.shiftKey) return;
  let target = destination(from, event);
  if (target === undefined) return;
  event.preventDefault();
  // What is not drawn yet is drawn when somebody walks there.
  const part = from.home, leaves = target === null || target.home !== part;
  const forward = ["ArrowRight", "ArrowDown", "PageDown"].includes(event.key);
  const backward = ["ArrowLeft", "ArrowUp", "PageUp"].includes(event.key);
  if (leaves && (forward && part.to < part.end || backward && part.from > part.start)) {
    select(from, true);
    (forward ? grow : goBack)(part);
    target = destination(current, event);
  }
  if (target) target.focus();
}
$("parts").addEventListener("keydown", walk);
$("parts").addEventListener("focusin",
  (event) => { if (event.target.classList.contains("w")) select(event.target); });
function pointed(event) {
  const element = event.target.closest(".w, .ascii i");
  return element && (element.classList.contains("w") ? element : element.twin);
}
let hovered = null;
function hover(element) {
  const stays = current && hovered && hovered.span === current.span && hovered.home === current.home;
  if (hovered && !stays) heat(hovered, false);
  hovered = element;
  if (element) { heat(element, true); read(element); }
  else read(current && current.classList.contains("here") ? current : null);
}
$("parts").addEventListener("pointerover", (event) => {
  const element = pointed(event);
  if (element !== hovered) hover(element);
});
$("parts").addEventListener("pointerleave", () => hover(null));
$("parts").addEventListener("click",
  (event) => { const element = pointed(event); if (element) element.focus(); });

// ---- tabs, theme, start

function show(name) {
  const kept = current;
  view = name;
  open.exchange.parts.forEach((part) => drawFrom(part, part.start));
  draw();
  read(null);
  if (kept && current && kept.classList.contains("here")) select(reach(kept.home, kept.offset));
  $("tab-" + name).focus();
}
for (const tab of tabs) tab.addEventListener("click", () => show(tab.id.slice(4)));
arrows($("tabs"), /Left|Right|Home|End/, () => tabs, true, (tab) => show(tab.id.slice(4)));

const THEMES = ["as the system", "light", "dark"];
let theme = 0;
function setTheme(number) {
  theme = number % THEMES.length;
  document.documentElement.dataset.theme = THEMES[theme];   // the style sheet has rules for light and dark
  $("theme").textContent = "Colours: " + THEMES[theme];
}
$("theme").addEventListener("click", () => setTheme(theme + 1));
setTheme(0);
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
