"""Headless Chromium, driven over its DevTools protocol on a pipe: no port, no websocket, no package.

    with Browser(program, folder) as browser:      folder: a new one, for its profile
        page = browser.open(url)                   a tab, its console recorded from the start
        page.value("document.title")               a JavaScript expression → its JSON value
        page.until("document.readyState == 'complete'")
        page.press("ArrowRight")                   a key, as if typed
        page.complaints                            errors, warnings, uncaught exceptions of the console

The pipe carries JSON messages, each ended by NUL: Chromium reads descriptor 3 and writes descriptor 4.
"""
import base64
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time

# The descriptors get their numbers in a process of their own: before exec nothing else can hold 3 or 4 there.
START = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], "
    "sys.argv[3:])")
KEY_CODES = {"Tab": 9, "Enter": 13, "Escape": 27, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36,
             "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
PATIENCE = 120   # seconds; a loaded machine may be slow, a broken one is not waited for for ever
CTRL = 2


class BrowserFailed(AssertionError):
    """Chromium ended, did not answer, or refused a command."""


class Browser:

    def __init__(self, program, folder):
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--no-first-run", "--disable-extensions",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--hide-scrollbars",
                 "--user-data-dir=" + os.path.join(folder, "profile"), "--remote-debugging-pipe",
                 "about:blank"]
        ours, theirs = [], []
        for reading in (True, False):
            pair = os.pipe()
            theirs.append(fcntl.fcntl(pair[0 if reading else 1], fcntl.F_DUPFD, 10))
            os.close(pair[0 if reading else 1])
            ours.append(pair[1 if reading else 0])
        self.commands, self.answers = ours
        self.log = open(os.path.join(folder, "chromium.log"), "wb")
        environment = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder, XDG_CACHE_HOME=folder)
        try:
            self.process = subprocess.Popen([sys.executable, "-S", "-c", START, str(theirs[0]),
                                             str(theirs[1]), program] + flags,
                                            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
                                            pass_fds=theirs, env=environment, start_new_session=True)
        finally:
            for one in theirs:
                os.close(one)
        self.held = b""
        self.number = 0
        self.pages = {}      # session → BrowserPage

    def command(self, method, session=None, **parameters):
        """Send a command and wait for its answer → the result, a dict."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        try:
            data = json.dumps(message).encode() + b"\0"
            while data:
                data = data[os.write(self.commands, data):]
        except BrokenPipeError:
            raise BrowserFailed("chromium ended before %s: %s" % (method, self.last_words()))
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.receive(method, end)
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise BrowserFailed("%s: %s" % (method, answer["error"]))
                return answer["result"]
            page = self.pages.get(answer.get("sessionId"))
            if page is not None and "method" in answer:
                page.take(answer["method"], answer["params"])

    def receive(self, waiting_for, end):
        while b"\0" not in self.held:
            ready, _, _ = select.select([self.answers], [], [], max(0, end - time.monotonic()))
            data = os.read(self.answers, 1 << 20) if ready else b""
            if not data:
                raise BrowserFailed("chromium %s %s: %s" % ("ended during" if ready else "did not answer",
                                                            waiting_for, self.last_words()))
            self.held += data
        message, _, self.held = self.held.partition(b"\0")
        return json.loads(message.decode("utf-8"))

    def last_words(self):
        with open(self.log.name, "rb") as log:
            return log.read()[-1500:].decode("utf-8", "replace")

    def open(self, url, width=1280, height=900):
        """A new tab of this size that shows `url`, loaded → BrowserPage."""
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        session = self.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = BrowserPage(self, session)
        for domain in ("Page", "Runtime", "Log"):
            page.command(domain + ".enable")
        page.resize(width, height)
        # Without this only one tab has the focus, and focus events do not reach the others.
        page.command("Emulation.setFocusEmulationEnabled", enabled=True)
        page.command("Page.navigate", url=url)
        page.until("location.href == %s && document.readyState == 'complete'" % json.dumps(url))
        return page

    def close(self):
        try:
            if self.process.poll() is None:
                try:
                    self.command("Browser.close")
                except BrowserFailed:
                    pass   # it may be gone before it answers
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                pass
            # Its children are of its session: whatever outlives it ends here.
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        finally:
            for one in (self.commands, self.answers):
                os.close(one)
            self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


class BrowserPage:
    """A tab. `complaints`: list of str."""

    def __init__(self, browser, session):
        self.browser = browser
        self.session = session
        self.complaints = []

    def command(self, method, **parameters):
        return self.browser.command(method, self.session, **parameters)

    def take(self, event, facts):
        if event == "Runtime.exceptionThrown":
            details = facts["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif event == "Runtime.consoleAPICalled" and facts["type"] in ("error", "warning", "assert"):
            self.complaints.append("%s: %s" % (facts["type"], facts["args"]))
        elif event == "Log.entryAdded" and facts["entry"]["level"] in ("error", "warning"):
            self.complaints.append(facts["entry"]["text"])

    def value(self, expression):
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserFailed(
                "%s: %s" % (expression, answer["exceptionDetails"].get("exception", {}).get("description")))
        return answer["result"].get("value")

    def until(self, expression, patience=PATIENCE):
        """Wait until the expression is true → its value. BrowserFailed after `patience` seconds."""
        end = time.monotonic() + patience
        while True:
            value = self.value(expression)
            if value:
                return value
            if time.monotonic() > end:
                raise BrowserFailed("never true: %s; console: %s" % (expression, self.complaints))
            time.sleep(0.02)

    def press(self, key, modifiers=0):
        facts = {"key": key, "code": key, "windowsVirtualKeyCode": KEY_CODES[key], "modifiers": modifiers}
        if key == "Enter":
            facts["text"] = "\r"
        self.command("Input.dispatchKeyEvent", type="keyDown" if "text" in facts else "rawKeyDown", **facts)
        self.command("Input.dispatchKeyEvent", type="keyUp", key=key, code=key,
                     windowsVirtualKeyCode=KEY_CODES[key], modifiers=modifiers)

    def resize(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                     mobile=False)

    def prefer(self, scheme):
        """The system's colours: "light" or "dark"."""
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": scheme}])

    def point_at(self, expression, effect):
        """Move the mouse to the middle of the element that an expression names, until `effect` is true.

        Both are JavaScript. A page that is still being laid out may move the element away from the mouse,
        which then has to be moved again, from elsewhere: an event needs a movement.
        """
        middle = ("(() => { const e = %s; e.scrollIntoView({block: 'center'});"
                  " const r = e.getClientRects()[0];"
                  " return [r.left + r.width / 2, r.top + r.height / 2]; })()" % expression)
        for patience in (1, 2, 4, 8, PATIENCE):
            x, y = self.value(middle)
            for place in ((0, 0), (x, y)):
                self.command("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
            try:
                return self.until(effect, patience)
            except BrowserFailed:
                if patience == PATIENCE:
                    raise

    def close(self):
        self.command("Page.close")
        del self.browser.pages[self.session]

    def screenshot(self):
        """What the tab shows, a PNG."""
        return base64.b64decode(self.command("Page.captureScreenshot", format="png")["data"])
