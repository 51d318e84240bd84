"""What dev/screenshots runs inside the development environment.

Dark: Odoo 19 Community has the bundle web.assets_web_dark, but no dark colours, and never serves it. The addon brings the colours
and serves it to a browser whose cookie ``color_scheme`` says dark, as Enterprise does (models/settings/ir_http.py).
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from PIL import Image

from workshop import page
from workshop.browser import Browser
from workshop.databases import drop_database, throwaway_name
from workshop.paths import DEV, LOGS, ROOT
from workshop.plant import ADMIN, Failure, Server, new_database
from workshop.screens import SCREENS

IMAGES = ROOT / "docs" / "images"
LOOKS = {  # width, height, touch, colour scheme
    "light": (1440, 900, False, "light"),
    "dark": (1440, 900, False, "dark"),
    "tablet": (1024, 768, True, "light"),
    "phone": (390, 844, True, "light"),
    "phone-dark": (390, 844, True, "dark"),
}
KEPT = ("light", "dark", "tablet")  # in docs/images; the others are for whoever changes a screen
COLOURS = 32  # all pictures together stay under 5 MB
SCALE = {
    "light": 1.0,
    "dark": 0.5,
    "tablet": 0.5,
    "phone": 1.0,
    "phone-dark": 1.0,
}  # of the picture that is kept: those beside the light one are there to compare
READY = "window.odoo?.isReady === true && Boolean(document.querySelector('.o_action'))"
# nothing is left to load, and nothing moves any more
QUIET = """
document.readyState === 'complete' && !document.querySelector('.o_blockUI, .o_loading_indicator, .modal.fade:not(.show)')
    && [...document.images].every(image => image.complete) && document.fonts.status === 'loaded'
    && document.getAnimations().every(animation => animation.playState !== 'running'
        || animation.effect.getComputedTiming().iterations === Infinity)
"""
CLICK = """
(() => {
    const what = %s;
    const named = e => e.textContent.trim() === what.slice(1);
    const found = what.startsWith('=')
        ? [...document.querySelectorAll('button, a, [role=tab]')].find(named)
        : document.querySelector(what);
    const others = document.querySelector('.o_statusbar_buttons .oi-ellipsis-v, .o_statusbar_buttons .dropdown-toggle');
    (found || !document.querySelector('.o-dropdown--menu') && others)?.click();  // a phone has some buttons in a menu
    return Boolean(found);
})()
"""
TYPE = """
(() => {
    const found = document.querySelector(%s);
    if (found) {
        found.value = %s;
        ["input", "change"].forEach(type => found.dispatchEvent(new Event(type, {bubbles: true})));
    }
    return Boolean(found);
})()
"""
SCROLL = """
(() => {
    const shown = document.querySelector(%s);
    if (shown.getBoundingClientRect().top > innerHeight * 0.8) {
        shown.scrollIntoView({block: "center"});
    }
})()
"""
BAD_STYLE = "getComputedStyle(document.body, '::before').content.includes('css error')"  # as Odoo tells of it
TIMEZONE = "Europe/Brussels"  # of the demo's people, in which tasks write of times
STILL = "*, *::before, *::after { animation: none !important; transition: none !important; caret-color: transparent !important; }"


class Stage:
    """workshop.stage in a process of its own: it keeps the PLC answering until the end."""

    def __init__(self, database, folder):
        log = folder / "stage.log"
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "workshop.stage", database, str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
            )
        self._log = log
        self.ids = self._hear()
        self.act = 1

    def _hear(self):
        line = self._process.stdout.readline()
        if not line:
            raise Failure(f"The stage could not be set:\n{self._log.read_text()}")
        return json.loads(line)

    def go_on(self):
        """The second act."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.ids = self._hear()
        self.act = 2

    def stop(self):
        self._process.stdin.close()
        self._process.wait(30)


class Photographer:
    """Takes pictures of a server's screens."""

    def __init__(self, server, browser, stage):
        self._server, self._browser, self._stage = server, browser, stage
        self._sessions = {}

    def take(self, screen, look):
        """PNG of a screen. :raise Failure: when it does not come, or the browser complains"""
        browser = self._browser
        if screen.act > self._stage.act:
            self._stage.go_on()
        width, height, touch, scheme = LOOKS[look]
        browser.errors.clear()
        browser.resize(width, height if touch else screen.height or height, touch)
        browser.forget(self._server.url)
        browser.set_cookie(self._server.url, "session_id", self._session(screen.login))
        browser.set_cookie(self._server.url, "color_scheme", scheme)
        browser.open(f"{self._server.url}/odoo/{screen.path.format(**self._stage.ids)}")
        if not screen.path.startswith("../"):
            browser.wait(f"The screen {screen.name}", READY)
        for click in screen.clicks:
            browser.wait(f"{click} on {screen.name}", QUIET)
            browser.wait(f"{click} on {screen.name}", self._script(click))
        shown = json.dumps(shows(screen, look))
        browser.wait(f"{shown} on {screen.name}", f"Boolean(document.querySelector({shown}))")
        browser.evaluate(SCROLL % shown)
        browser.evaluate(f"document.head.append(Object.assign(document.createElement('style'), {{textContent: `{STILL}`}})), 1")
        browser.wait(f"The end of the loading of {screen.name}", QUIET)
        time.sleep(1.5 if "canvas" in screen.shows else 0.3)  # charts grow; observers of the size
        if browser.evaluate(BAD_STYLE):
            raise Failure(f"{screen.name} has no style: Odoo could not compile the SCSS.")
        if browser.errors:
            raise Failure("\n".join([f"The browser complains about {screen.name}:", *browser.errors]))
        return browser.screenshot()

    def _script(self, click):
        """JavaScript of a click, or of what is typed; true when there was something to click."""
        if isinstance(click, str):
            return CLICK % json.dumps(click)
        selector, text = click
        return TYPE % (json.dumps(selector), json.dumps(text.format(**self._stage.ids)))

    def _session(self, login):
        if login not in self._sessions:
            password = ADMIN[1] if login == ADMIN[0] else login
            self._sessions[login] = self._server.session(login, password)
        return self._sessions[login]


def save(png, file, scale=1.0):
    """With a palette: a quarter of the bytes, and hardly a difference to be seen."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    if scale != 1:
        image = image.resize([round(side * scale) for side in image.size], Image.Resampling.LANCZOS)
    image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE).save(file, optimize=True)


def parse():
    parser = argparse.ArgumentParser(prog="dev/screenshots", description="PNGs of the screens, into docs/images.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="screens (default: all)")
    parser.add_argument("--look", action="append", choices=LOOKS, help="default: those of docs/images")
    parser.add_argument("--into", type=Path, default=IMAGES, help="another folder")
    parser.add_argument("--full", action="store_true", help="dark and tablet in full size, too")
    parser.add_argument("--keep", metavar="DATABASE", help="keep the stage, and take it as it is the next time")
    options = parser.parse_args()
    unknown = set(options.names) - {screen.name for screen in SCREENS}
    if unknown:
        parser.error(f"no such screen: {', '.join(sorted(unknown))}")
    return options


def prepare(options, stack):
    """A photographer in front of a stage."""
    database, folder = options.keep or throwaway_name(), Path(stack.enter_context(tempfile.TemporaryDirectory()))
    if options.keep:
        folder = LOGS / database
        folder.mkdir(exist_ok=True)
    else:
        stack.callback(drop_database, database)
    if (folder / "ids.json").exists():
        subprocess.run([DEV / "odoo", "-d", database, "-u", "plc_mo_batch", "--stop-after-init"], check=True)
    else:
        new_database(database, folder / "newdb.log", force=True, say=print)
        print("Setting the stage (a minute or two) …", flush=True)
    stage = Stage(database, folder)
    stack.callback(stage.stop)
    server = stack.enter_context(Server(database, folder / "odoo.log", options=["--max-cron-threads", "0"]))
    browser = stack.enter_context(Browser())
    browser.set_timezone(TIMEZONE)
    return Photographer(server.wait_up(), browser, stage)


def is_phone(look):
    return look.startswith("phone")


def has_no_phone(screen):
    """It is about a view that a phone offers elsewhere."""
    return any(isinstance(click, str) and ("o_switch_view" in click or "o_list_record" in click) for click in screen.clicks)


def shows(screen, look):
    """The selector of what a screen shows; a list is of cards on a phone."""
    selector = screen.shows.replace(".o_list_view ", "").replace(
        ".o_data_row", ":is(.o_data_row, .o_kanban_record:not(.o_kanban_ghost))"
    )
    return selector if is_phone(look) else screen.shows


def shots(options):
    """Name of the file, screen and look of each picture that is to be taken."""
    for screen in SCREENS:
        for look in options.look or KEPT:
            if (not options.names or screen.name in options.names) and not (is_phone(look) and has_no_phone(screen)):
                yield screen.name + ("" if look == "light" else f"-{look}"), screen, look


def main():
    options = parse()
    options.into.mkdir(parents=True, exist_ok=True)
    failed = 0
    with ExitStack() as stack:
        photographer = prepare(options, stack)
        for name, screen, look in shots(options):
            try:
                scale = 1.0 if options.full else SCALE[look]
                save(photographer.take(screen, look), options.into / f"{name}.png", scale)
                print(name, flush=True)
            except Failure as failure:
                failed += 1
                print(f"{name}: {failure}", flush=True)
    if options.into == IMAGES:
        page.copy_pictures()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
