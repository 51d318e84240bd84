"""The board in Chromium, with what no tour can do: a real keyboard, a full screen, a connection that is lost and comes back."""

import json
import signal

import pytest

from workshop.browser import Browser
from workshop.plant import ADMIN, Failure, Server, Simulator, query, wait_for

OPERATOR = ("night", "night-secret-1")
SECONDS = 300  # for what the PLC, the tasks or a new connection take
SOON = 60  # for what the board finds out by itself
LIVE = "document.querySelector('.o_plc_live')?.textContent.trim() === 'Live'"
NOT_LIVE = "document.querySelector('.o_plc_board.o_plc_old .o_plc_live')?.textContent.includes('Not live')"
IMPATIENT = """
Object.assign(odoo.loader.modules.get("@plc_mo_batch/board/connection").PATIENCE, {ask: 1, deaf: 3, mend: 2, answer: 3, poll: 3})
"""
# as where a proxy does not pass on Odoo's websocket: it is cut, and whatever would open it again comes to nothing
DEAF = """
(() => {
    const { worker_service: worker } = odoo.__WOWL_DEBUG__.root.env.services;
    const send = worker.send.bind(worker);
    worker.send = (action, data) => action === "BUS:STOP" && send(action, data);
    worker.send("BUS:STOP");
})()
"""
POLLED = "document.querySelector('.o_plc_board:not(.o_plc_old) .o_plc_live')?.textContent.includes('Every 10 seconds')"
# what has the focus: its words for a screen reader, and whether it is seen to have it
FOCUS = """
(() => {
    const found = document.activeElement;
    const style = getComputedStyle(found);
    return {
        name: found.getAttribute("aria-label") || found.textContent.trim(),
        visible: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 || style.boxShadow !== "none",
        onBoard: Boolean(found.closest(".o_plc_board")),
        inDialog: Boolean(found.closest(".modal")),
    };
})()
"""
# a wall screen turns its page every second, and not every fifteen
QUICK_TURNS = """
(() => {
    const { browser } = odoo.loader.modules.get("@web/core/browser/browser");
    const wait = browser.setInterval;
    browser.setInterval = (act, time) => wait(act, time === 15000 ? 1000 : time);
})()
"""
SEEN_WHOLE = """
(() => {
    const room = document.querySelector(".o_plc_board").parentElement.getBoundingClientRect();
    const top = room.top + document.querySelector(".o_plc_top").offsetHeight;
    const whole = (lane) => lane.getBoundingClientRect().top >= top - 2 && lane.getBoundingClientRect().bottom <= room.bottom + 2;
    return [...document.querySelectorAll(".o_plc_lane")].filter(whole).map((lane) => lane.querySelector("h2").textContent.trim());
})()
"""
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


@pytest.fixture(scope="module")
def database(database):
    """Its PLC knows Hold and Resume; its tasks wait for somebody who asks for them."""
    layout = "SELECT res_id FROM ir_model_data WHERE (module, name) = ('plc_mo_batch', 'plc_register_layout_isa88')"
    query(database, f"UPDATE plc_controller SET layout_id = ({layout})")
    query(database, "UPDATE ir_cron SET nextcall = nextcall + interval '1 day'")
    return database


@pytest.fixture(scope="module")
def plc(database, folder):
    (port,) = query(database, "SELECT port FROM plc_controller")[0]
    with Simulator(folder / "simulator.log", folder / "ledger.jsonl", port, speed=2, layout="isa88") as plc:
        yield plc


@pytest.fixture(scope="module")
def server(database, plc, folder):
    with Server(database, folder / "odoo.log") as server:
        server.wait_up()
        admin = server.rpc()
        groups = [admin.ref("base.group_user"), admin.ref("plc_mo_batch.group_operator")]
        login, password = OPERATOR
        admin.call("res.users", "create", {"name": "Night", "login": login, "password": password, "group_ids": [(6, 0, groups)]})
        yield server


class Board(Browser):
    """The board in front of an operator. It is never loaded anew: whatever is shown later came by itself."""

    def show(self, server, user=OPERATOR):
        self.resize(1440, 900)
        self.set_cookie(server.url, "session_id", server.session(*user))
        self.open(f"{server.url}/odoo/plc-board")
        self.wait("The board", LIVE, SECONDS)
        self.evaluate(f"window.isTheSamePage = true; {IMPATIENT}; 1")
        return self

    def has(self, selector, text=""):
        found = f"[...document.querySelectorAll({json.dumps(selector)})]"
        return self.evaluate(f"{found}.some(one => one.textContent.includes({json.dumps(text)}))")

    def wait_for(self, selector, text="", seconds=SECONDS):
        return wait_for(f"{selector} with {text!r}", lambda: self.has(selector, text), seconds, self._process.check)

    def wait_focus(self, what, meant):
        """Until what has the focus is what is meant: a dialog gives it back a moment after it is gone.

        :raise Failure: with what has it instead
        """
        try:
            wait_for(what, lambda: meant(self.evaluate(FOCUS)), SOON, self._process.check)
        except Failure as failure:
            raise Failure(f"{failure} The focus: {self.evaluate(FOCUS)}") from None

    def press(self, key, shift=False):
        """A key of the keyboard, as the browser gets it from the machine."""
        event = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS[key], "modifiers": 8 * shift}
        text = {"Enter": "\r", " ": " "}.get(key)
        self.send("Input.dispatchKeyEvent", type="keyDown", **event, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **event)

    def tab_to(self, name):
        """Press Tab until what is called so has the focus. What is passed on the board is seen to have it, and has a name."""
        for _press in range(80):
            self.press("Tab")
            focus = self.evaluate(FOCUS)
            if focus["onBoard"] or focus["inDialog"]:
                assert focus["visible"] and focus["name"], focus
            if focus["name"].startswith(name):
                return focus
        raise Failure(f"Tab does not lead to {name}.")

    def click(self, selector):
        """With the mouse, as a full screen is given only to a person."""
        box = self.evaluate(
            f"(found => {{found.scrollIntoView(); const {{x, y, width, height}} = found.getBoundingClientRect();"
            f" return [x + width / 2, y + height / 2]}})(document.querySelector({json.dumps(selector)}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)


@pytest.fixture(scope="module")
def board(server):
    with Board() as browser:
        yield browser.show(server)
        assert browser.evaluate("window.isTheSamePage")


def test_keyboard_alone_fills_holds_and_resumes(board):
    """Tab to each action, Enter or Space to act; a dialog has the focus, keeps it, and gives it back."""
    board.tab_to("Fill Now")
    board.press("Enter")
    board.wait_for(".o_notification", "Feed mill: 10 queued.")  # what came of it, besides that it begins
    board.wait_for(".o_plc_now .o_plc_batch", "Running")
    board.tab_to("Hold")
    board.press(" ")
    board.wait_for(".o_plc_now .o_plc_batch", "On Hold")
    board.wait_for("button[name=action_resume]")
    board.wait_focus("The focus on the board", lambda focus: focus["onBoard"])  # the button that had it is gone
    board.tab_to("Resume")
    board.press("Enter")
    board.wait_for("button[name=action_hold]")
    board.wait_for(".o_plc_now .o_plc_batch", "Running")


def test_fill_from_the_form_says_what_came_of_it(server):
    """Not only that it begins: the queue is not empty, so nothing is queued."""
    with Board() as form:
        form.show(server)
        form.click(".o_plc_head h2 button")
        form.wait_for(".o_form_view button[name=action_fill_now]")
        form.evaluate("document.querySelector('.o_form_view button[name=action_fill_now]').click(), 1")
        form.wait_for(".o_notification", "The queue is being filled")
        form.wait_for(".o_notification", "Feed mill: nothing was queued")


def test_dialog_keeps_the_focus_and_gives_it_back(board):
    asked = board.tab_to("Abort")
    board.press("Enter")
    board.wait_for(".modal button", "Back")
    seen = set()
    for _press in range(6):
        board.press("Tab")
        focus = board.evaluate(FOCUS)
        assert focus["inDialog"]
        seen.add(focus["name"])
    assert {"Abort", "Back"} <= seen
    board.press("Escape")
    wait_for("The end of the question", lambda: not board.has(".modal"), SECONDS)
    board.wait_focus("The focus on Abort", lambda focus: focus["name"] == asked["name"])
    board.tab_to("Cancel: Slot 10")
    board.press("Enter")
    board.wait_for(".modal [name=reason]")
    board.wait_focus("The focus in the dialog", lambda focus: focus["inDialog"])
    board.press("Escape")
    wait_for("The end of the dialog", lambda: not board.has(".modal"), SECONDS)
    board.wait_focus("The focus on Cancel", lambda focus: focus["name"].startswith("Cancel: Slot 10"))


def test_screen_reader(board):
    """What has a role on the board has a name, and what counts has a role."""
    told = board.send("Accessibility.getFullAXTree")["nodes"]
    named = {}
    for node in told:
        if not node.get("ignored"):
            named.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert "Feed mill" in named["region"]
    assert "Needs attention" in named["region"]
    assert all(named["button"]) and all(named["progressbar"]) and all(named["region"])
    actions = board.evaluate("[...document.querySelectorAll('.o_plc_board button[name]')].map(found => found.ariaLabel)")
    assert len(set(actions)) == len(actions) > 5, "two actions of the same name"
    assert {"Live"} <= {node["name"]["value"] for node in told if node.get("role", {}).get("value") == "StaticText"}
    bar = "document.querySelector('.o_plc_bar').getAttribute('aria-valuetext')"
    assert board.evaluate(bar).endswith("kg")


def test_wall_screen_is_the_whole_screen(board):
    board.click(".o_plc_to_wall")
    board.wait("The full screen", "Boolean(document.fullscreenElement)")
    board.wait("The wall", "Boolean(document.querySelector('body.o_plc_wall_screen .o_plc_wall'))")
    board.press("Escape")
    board.wait("The end of the wall", "!document.querySelector('.o_plc_wall') && !document.fullscreenElement")


def test_escape_leaves_a_wall_that_is_not_a_full_screen(board):
    board.evaluate("Element.prototype.requestFullscreen = () => Promise.reject(new TypeError('not allowed')), 1")
    board.click(".o_plc_to_wall")
    board.wait("The wall", "Boolean(document.querySelector('body.o_plc_wall_screen .o_plc_wall'))")
    board.press("Escape")
    board.wait("The end of the wall", "!document.querySelector('.o_plc_wall')")


def test_wall_screen_shows_each_plc_in_turn(server):
    """More PLCs than one screen holds: every one of them is seen whole, and then the first one again."""
    admin = server.rpc()
    mill = admin.call("plc.controller", "search", [])
    for number in range(5):
        admin.call("plc.controller", "copy", mill, {"name": f"Line {number}"})
    with Board() as wall:
        wall.show(server)
        wall.evaluate(QUICK_TURNS)
        wall.resize(900, 500)
        wall.evaluate("localStorage.setItem('plc_board.wall', '1'); location.hash, 1")
        wall.evaluate("odoo.__WOWL_DEBUG__.root.env.services.action.doAction('plc_mo_batch.plc_board_action'), 1")
        wall.wait("Six PLCs", "document.querySelectorAll('.o_plc_wall .o_plc_lane').length === 6")
        assert len(wall.evaluate(SEEN_WHOLE)) < 6
        seen = set()
        wait_for("Each PLC", lambda: len(seen.update(wall.evaluate(SEEN_WHOLE)) or seen) == 6, SECONDS, server.check)
        wait_for("The first page", lambda: "Feed mill" in wall.evaluate(SEEN_WHOLE), SECONDS, server.check)
    query(server.database, "DELETE FROM plc_controller WHERE name LIKE 'Line %'")


@pytest.mark.parametrize("user", [OPERATOR, ADMIN], ids=["operator", "manager"])
def test_without_a_websocket(server, user):
    """HTTP works: the board asks, and tells managers why."""
    name = f"Seen by {user[0]}"
    with Board() as deaf:
        deaf.show(server, user)
        deaf.evaluate(f"{DEAF}, 1")
        deaf.wait("Polling", POLLED, SOON)
        query(server.database, f"UPDATE plc_controller SET name = '{name}'")
        deaf.wait_for(".o_plc_lane h2", name, SOON)
        assert deaf.has(".o_plc_unheard", "websocket") == (user == ADMIN)
    query(server.database, "UPDATE plc_controller SET name = 'Feed mill'")


def test_offline(board):
    """A tablet that leaves the wireless network, and comes back."""
    offline = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    board.send("Network.emulateNetworkConditions", offline=True, **offline)
    board.wait("Not live", NOT_LIVE, SOON)
    board.send("Network.emulateNetworkConditions", offline=False, **offline)
    board.wait("Live again", LIVE, SECONDS)


def test_server_that_hangs(board, server):
    """Its sockets stay open, and nothing comes out of them: nobody closes the websocket."""
    server.signal(signal.SIGSTOP)
    try:
        board.wait("Not live", NOT_LIVE, SOON)
    finally:
        server.signal(signal.SIGCONT)
    board.wait("Live again", LIVE, SECONDS)


def test_server_that_was_killed(board, server, database, folder):
    """What happened meanwhile is shown when the next one is up, without a reload."""
    server.kill()
    board.wait("Not live", NOT_LIVE, SOON)
    query(database, "UPDATE plc_controller SET name = 'Night mill'")
    with Server(database, folder / "odoo-2.log", port=server.port) as again:
        again.wait_up()
        board.wait_for(".o_plc_lane h2", "Night mill")
        board.wait("Live again", LIVE, SECONDS)
