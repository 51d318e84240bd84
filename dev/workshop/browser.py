"""Chromium without a window, driven over its devtools protocol: as much of it as dev/screenshots and tests need."""

import base64
import itertools
import json
import shutil
import tempfile
import urllib.request
from pathlib import Path

import websocket

from workshop.plant import Failure, Process, wait_for

NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")  # as Odoo looks for it
SWITCHES = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-extensions --hide-scrollbars --mute-audio "
    "--no-first-run --no-default-browser-check --disable-background-networking --force-color-profile=srgb "
    "--font-render-hinting=none --remote-debugging-port=0 --remote-allow-origins=*"
).split()
ANSWER_SECONDS = 300.0


class Browser:
    """One page. Use it in a ``with`` statement: its process and its profile are gone afterwards."""

    def __enter__(self):
        self._profile = Path(tempfile.mkdtemp(prefix="plc_chromium_"))
        name = next(filter(shutil.which, NAMES), None)
        if not name:
            raise Failure("No Chromium was found.")
        self._process = Process([name, *SWITCHES, f"--user-data-dir={self._profile}", "about:blank"], self._profile / "log")
        self._ids = itertools.count(1)
        self.errors, self.messages = [], []
        self._socket = websocket.create_connection(self._page(), timeout=ANSWER_SECONDS)
        for domain in ("Page", "Runtime", "Network"):
            self.send(f"{domain}.enable")
        return self

    def __exit__(self, *_exc):
        self._socket.close()
        self._process.stop()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _page(self):
        port_file = self._profile / "DevToolsActivePort"
        wait_for("Chromium", lambda: port_file.exists() and port_file.read_text().count("\n"), 300, self._process.check)
        port = port_file.read_text().split("\n")[0]
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=ANSWER_SECONDS))
        return next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")

    def send(self, method, **params):
        """The result of a command. :raise Failure: with what the browser objects to"""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise Failure(f"{method}: {message['error']['message']}")
                return message["result"]
            self._note(message)

    def _note(self, message):
        """Keep what the page says in its console."""
        params = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif message.get("method") == "Runtime.consoleAPICalled":
            text = " ".join(str(arg.get("value", arg.get("description"))) for arg in params["args"])
            (self.errors if params["type"] == "error" else self.messages).append(text)

    def evaluate(self, script):
        """The value of an expression in the page, awaited if it is a promise."""
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise Failure(f"{script}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def resize(self, width, height, touch=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.send("Emulation.setTouchEmulationEnabled", enabled=touch)

    def set_timezone(self, name):
        self.send("Emulation.setTimezoneOverride", timezoneId=name)

    def set_cookie(self, url, name, value):
        self.send("Network.setCookie", url=url, name=name, value=value)

    def forget(self, url):
        """Cookies, and what the page stored."""
        self.send("Network.clearBrowserCookies")
        self.send("Storage.clearDataForOrigin", origin=url, storageTypes="local_storage")

    def open(self, url):
        """Load a page afresh; it is loading when this returns."""
        self.send("Page.navigate", url="about:blank")
        self.send("Page.navigate", url=url)

    def wait(self, what, script, seconds=60):
        """Poll until the expression is true. :raise Failure: with what the page complained about"""
        try:
            return wait_for(what, lambda: self.evaluate(script), seconds, self._process.check)
        except Failure as failure:
            raise Failure("\n".join([str(failure), *self.errors])) from None

    def wait_for_message(self, text, seconds):
        """Until the page says so in its console. :raise Failure: as soon as it complains instead"""

        def said():
            self.evaluate("1")  # hear what was said meanwhile
            if self.errors:
                raise Failure("\n".join(self.errors))
            return any(text in message for message in self.messages)

        wait_for(f"'{text}'", said, seconds, self._process.check)

    def screenshot(self):
        """The page as PNG, as much of it as the window shows."""
        return base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"])
