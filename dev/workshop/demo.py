"""What dev/demo runs inside the development environment."""

import argparse
import http.client
import json
import os
import re
import select
import shutil
import signal
import sys
import time
import xmlrpc.client
from contextlib import ExitStack, suppress
from datetime import datetime, timezone

from workshop.balance import Facts, balance, table
from workshop.databases import drop_database, query, throwaway_name
from workshop.demo_silos import SIMULATOR, Silos
from workshop.demo_silos import table as silo_table
from workshop.paths import LOGS
from workshop.plant import (
    ADMIN,
    HANDSHAKES,
    PROTOCOLS,
    Failure,
    Server,
    Simulator,
    connect_plc,
    free_port,
    is_free,
    is_in_use,
    new_database,
)

DATABASE = "plc_demo"
HTTP_PORT = 8069
SPEED = 60.0  # a batch of four minutes takes four seconds
MILL_SECONDS = 10 * 5 * 60.0  # more than ten batches take at speed 1
LOOK_SECONDS = 0.3
WEIGHING = "202:3.02"  # what is weighed by hand for the first order, besides what the mill doses: product number and kg
SENSOR_SECONDS = 120.0  # a run of the exchange reads the sensors once, and may go on for a minute
VISITED = "SELECT EXISTS (SELECT FROM res_device_log)"  # by a browser: Odoo notes from which device somebody is logged in
PRESS_AGAIN_SECONDS = 5.0  # a server's cron workers may not have been listening yet

COLOURS = {
    "queued": "36",
    "sending": "36",
    "offered": "34",
    "running": "33",
    "completed": "35",
    "written back": "32",
    "failure": "31",
    "weighing": "35",
    "problem": "31",
    "good": "1;32",
    "dim": "2",
}
LOG_LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>[\w.]+): (?P<text>.*?) ?$"
)
STEP = re.compile(
    r"\[TASK \d\] (?P<step>[a-z ]+): (?P<batch>[A-Z]+/\d+) (?P<order>\S+?),? (?:in slot (?P<slot>\d+) )?(?P<rest>.*)"
)
EVENT = re.compile(r"\[TASK \d\] (?P<kind>failure|weighing): (?P<text>.*)")
RUN = re.compile(r"\[(?P<task>TASK \d)\] (?P<text>.*(?:completed:|skipping|switched off).*)")


class Stop(BaseException):
    """Ctrl-C or SIGTERM."""


def main():
    options = parse()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for signum in signals:
        signal.signal(signum, stop_once)
    status = 1
    with ExitStack() as stack:
        demo = Demo(options, stack)
        try:
            status = demo.run()
        except Stop:
            say("\nStopping …")
            status = 130 if options.once else 0
            demo.keep_logs = not demo.throwaway
        except Failure as failure:
            say(paint("problem", f"Error: {failure}"))
        finally:
            for signum in signals:
                signal.signal(signum, signal.SIG_IGN)
    return status


def parse():
    parser = argparse.ArgumentParser(prog="dev/demo", description="Orders run from confirmed to done, before your eyes.")
    add = parser.add_argument
    add("--once", action="store_true", help="one cycle without a person, a mass balance; exit code 0: every line agrees")
    add("--handshake", default="job-numbers", choices=HANDSHAKES, help="which of the two layouts (default: %(default)s)")
    add("--protocol", default="modbus", choices=PROTOCOLS, help="what the PLC speaks (default: %(default)s)")
    add("--speed", type=float, default=SPEED, help="how much faster than real time the mill runs (default: %(default)g)")
    add("--port", type=int, help=f"Odoo's port (default: {HTTP_PORT}, or a free one)")
    add("--bare", action="store_true", help="without accounting, sales and all else that a plant has beside manufacturing")
    add("--keep", action="store_true", help=f"with --once: keep the database, as {DATABASE}, and the logs")
    options = parser.parse_args()
    if options.speed <= 0:
        parser.error("--speed must be above 0")
    if options.port is not None and not 0 < options.port < 65536:
        parser.error("--port must be 1 to 65535")
    return options


def stop_once(_signum, _frame):
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    raise Stop


# The terminal


def paint(colour, text):
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if colour in COLOURS else text


def say(text=""):
    with suppress(OSError):  # the terminal may be gone
        print(text, flush=True)


class Screen:
    """Shows, step by step, what the server's log and the journal say."""

    def __init__(self, log):
        self.is_filling = False  # Task 1 has run
        self._log = log.open(errors="replace")
        self._rest = ""
        self._steps = {}
        self._slots = {}

    def show(self, rpc):
        self.show_log()
        self._show_journal(rpc)

    def show_log(self):
        *lines, self._rest = (self._rest + self._log.read()).split("\n")
        for line in lines:
            found = LOG_LINE.match(line)
            if found:
                self._show_line(found)

    def _show_line(self, line):
        when = datetime.strptime(line["time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
        step, event, run = (pattern.match(line["text"]) for pattern in (STEP, EVENT, RUN))
        if step:
            self._show_step(when, step)
        elif event:
            self._print(when, event["kind"], event["kind"], event["text"])
        elif run:
            self.is_filling = self.is_filling or run["task"] == "TASK 1"
            self._print(when, "dim", run["task"].lower(), run["text"])
        elif line["level"] in ("ERROR", "CRITICAL") and line["logger"] != "odoo.sql_db":  # which logs what is tried again, too
            self._print(when, "problem", "server", line["text"])

    def _show_step(self, when, found):
        step, batch = found["step"], found["batch"]
        if self._steps.get(batch) == step:
            return
        self._steps[batch] = step
        slot = self._slots[batch] = found["slot"] or self._slots.get(batch, "-")
        rest = "" if found["slot"] else found["rest"]
        self._print(when, step, step, f"{batch}  {found['order']}  slot {slot:<3} {rest}".rstrip())

    def _show_journal(self, rpc):
        for event in rpc.problems():
            when = datetime.strptime(event["create_date"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc)
            batch = event["batch_id"][1] + "  " if event["batch_id"] else ""
            self._print(when, "problem", event["kind"], batch + event["message"])

    def _print(self, when, colour, what, text):
        text = paint(colour, text) if colour == "problem" else text
        say(f"{when.astimezone():%H:%M:%S}  {paint(colour, f'{what:<12}')}  {text}")


# What Odoo says


class Office:
    """The demo company, seen through XML-RPC by its administrator."""

    def __init__(self, server):
        self._rpc = server.rpc()
        self._last_event = 0
        self._value = [*self._rpc.call("stock.move", "fields_get", ["value"], [])]  # where there is accounting
        self.plc = self._rpc.ref("plc_mo_batch.plc_controller_mill")
        self.orders = self._orders([("picking_type_id", "in", self._picking_types()), ("state", "=", "confirmed")])
        if not self.orders:
            raise Failure("The demo data have no confirmed order for the demo PLC.")
        self.ids = [order["id"] for order in self.orders]
        self.plan = self._moves()
        self.silos = Silos(self._rpc, self.plc, self.plan)

    def open(self):
        """The silos are set up and filled, what the orders need is reserved, and the PLC may begin."""
        self.silos.set_up()
        self._rpc.call("mrp.production", "action_assign", self.ids)
        self._rpc.call("plc.controller", "write", [self.plc], {"enabled": True})

    def order_more(self):
        """The same orders again, once their silos are full."""
        self.silos.refill()
        self.ids = [self._copy(order) for order in self.ids]
        self._rpc.call("mrp.production", "action_confirm", self.ids)
        self._rpc.call("mrp.production", "action_assign", self.ids)

    def _copy(self, order):
        made = self._rpc.call("mrp.production", "copy", [order])
        return made[0] if isinstance(made, list) else made

    def fill(self):
        """The button "Fill now"."""
        self._rpc.call("plc.controller", "action_fill_now", [self.plc])

    def exchange(self):
        """The button "Exchange now"."""
        self._rpc.call("plc.controller", "action_exchange_now", [self.plc])

    def done(self):
        """How many of the orders are done and off the queue."""
        waiting = self._rpc.call("mo.batch", "search_count", [("production_id", "in", self.ids)])
        done = self._rpc.call("mrp.production", "search_count", [("id", "in", self.ids), ("state", "=", "done")])
        return min(done, len(self.ids) - waiting)

    def states(self):
        """What the batches are doing, in a few words."""
        domain, context = [("production_id", "in", self.ids)], {"active_test": False}
        batches = self._rpc.call("mo.batch", "search_read", domain, ["name", "state"], context=context)
        return ", ".join(f"{batch['name']} {batch['state']}" for batch in batches if batch["state"] != "done")

    def problems(self):
        """The journal's problems since the last time."""
        domain = [("id", ">", self._last_event), ("kind", "in", ["anomaly", "error", "contact"])]
        fields = ["create_date", "kind", "batch_id", "message"]
        journal = self._rpc.call("mo.batch.journal", "search_read", domain, fields, order="id")
        self._last_event = max([self._last_event, *(event["id"] for event in journal)])
        return [event for event in journal if event["kind"] != "contact" or not self._is_online()]

    def _is_online(self):
        return self._rpc.call("plc.controller", "read", [self.plc], ["online"])[0]["online"]

    def facts(self):
        """All that the mass balance needs, but for the ledger."""
        context = {"active_test": False}
        in_orders = [("production_id", "in", self.ids)]
        fields = ["name", "production_id", "state", "produced_qty"]
        batches = self._rpc.call("mo.batch", "search_read", in_orders, fields, order="id", context=context)
        in_batches = [("batch_id", "in", [batch["id"] for batch in batches])]
        fields = ["batch_id", "product_id", "move_id", "code", "uom_id", "planned_qty", "actual_qty", "reported", "is_sister"]
        lines = self._rpc.call("mo.batch.line", "search_read", in_batches, fields, order="batch_id, sequence, id")
        units = self._rpc.call("uom.uom", "search_read", [], ["factor"], context=context)
        made = [("production_id", "in", self.ids), ("state", "=", "done")]
        products = self._rpc.call("stock.move", "search_read", made, ["production_id", *self._value], order="id")
        return Facts(
            orders=self.orders,
            plan=self.plan,
            closed_orders=self._orders([("id", "in", self.ids)]),
            batches=batches,
            lines=lines,
            moves=self._moves(),
            products=products,
            ledger=[],
            factors={unit["id"]: unit["factor"] for unit in units},
        )

    def _picking_types(self):
        return self._rpc.call("plc.controller", "read", [self.plc], ["picking_type_ids"])[0]["picking_type_ids"]

    def _orders(self, domain):
        fields = ["name", "state", "product_qty", "qty_produced", "product_uom_id"]
        return self._rpc.call("mrp.production", "search_read", domain, fields, order="id")

    def _moves(self):
        fields = ["raw_material_production_id", "product_id", "product_uom", "product_uom_qty", "quantity", "state", *self._value]
        domain = [("raw_material_production_id", "in", self.ids)]
        return self._rpc.call("stock.move", "search_read", domain, fields, order="id")


# The demo itself


class Demo:
    def __init__(self, options, stack):
        self.options = options
        self.stack = stack
        self.throwaway = options.once and not options.keep
        self.database = throwaway_name() if self.throwaway else DATABASE
        self.folder = LOGS / self.database
        self.ledger = self.folder / "ledger.jsonl"
        self.deadline = 900 + 3 * MILL_SECONDS / options.speed
        self.processes = []
        self.keep_logs = True

    def run(self):
        """
        :return: the exit code
        :raise Failure:
        """
        try:
            return self._run()
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            time.sleep(1)  # a program that is dying may still count as alive
            self._check()
            raise Failure(f"Odoo could not be talked to: {error}") from error

    def _run(self):
        self._prepare()
        self.simulator = self._simulator()
        connect_plc(self.database, self.simulator.port, self.options.handshake, self.options.protocol)
        query(self.database, "UPDATE plc_controller SET enabled = false")  # nothing is queued before the silos are set up
        self.server = self._server()
        self.office = Office(self.server)
        say("Filling the silos …")
        self.office.open()
        self.screen = Screen(self.server.log)
        self._announce()
        if self.options.once:
            return self._settle(self._cycle())
        self._wait_for_somebody()
        while True:
            seconds = self._cycle()
            say(paint("good", f"\nAll {len(self.office.ids)} orders are done, {seconds:.0f} s after the fill."))
            say("The same orders come again - Ctrl-C stops everything.\n")
            self.office.order_more()

    def _wait_for_somebody(self):
        """Nobody is to log in to batches that are over."""
        say(f"Log in{', or press Enter here,' if sys.stdin.isatty() else ''} to begin.\n")
        while not self._is_somebody_there():
            self._check()

    def _is_somebody_there(self):
        if not sys.stdin.isatty():
            time.sleep(LOOK_SECONDS)
        elif select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
            sys.stdin.readline()
            return True
        return query(self.database, VISITED)[0][0]

    def _prepare(self):
        port = self.options.port
        if port and not is_free(port):
            raise Failure(f"Port {port} is in use: choose another one with --port.")
        if self.database == DATABASE and is_in_use(DATABASE):
            raise Failure(f"The database {DATABASE} is in use: stop the other demo first.")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.stack.callback(self._tidy)
        say("Making the database …")
        if self.throwaway:
            self.stack.callback(drop_database, self.database)
        world = "bare" if self.options.bare else "plant"
        new_database(self.database, self.folder / "newdb.log", force=True, say=lambda line: say(paint("dim", line)), world=world)

    def _tidy(self):
        if not self.keep_logs:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _simulator(self):
        speed, handshake = self.options.speed, self.options.handshake
        log = self.folder / "simulator.log"
        beside = {"failures": 1, "weigh": WEIGHING, "protocol": PROTOCOLS[self.options.protocol][0], **SIMULATOR}
        return self._started(Simulator(log, self.ledger, speed=speed, handshake=handshake, seed=int(time.time()), **beside))

    def _server(self):
        say("Starting Odoo …")
        port = self.options.port or (HTTP_PORT if is_free(HTTP_PORT) and not self.throwaway else free_port())
        return self._started(Server(self.database, self.folder / "odoo.log", port)).wait_up()

    def _started(self, process):
        self.processes.append(process)
        return self.stack.enter_context(process)

    def _check(self):
        for process in self.processes:
            process.check()

    def _announce(self):
        server, login = self.server, "{} / {}".format(*ADMIN)
        say()
        say(f"  Odoo           {paint('good', server.url + '/odoo/plc-board')}  (login {login})")
        what = f"{self.options.protocol}, {self.options.handshake}, {self.options.speed:g} times real time"
        say(f"  PLC simulator  127.0.0.1:{self.simulator.port}, {what}")
        say(f"  Logs           {self.folder}")
        say()

    def _cycle(self):
        """Run all orders through; the seconds that it took."""
        start = pressed = time.monotonic()
        self.office.fill()
        while self.office.done() < len(self.office.ids):
            self._look()
            now = time.monotonic()
            if not self.screen.is_filling and now - pressed > PRESS_AGAIN_SECONDS:
                self.office.fill()
                pressed = now
            if self.options.once and now - start > self.deadline:
                raise Failure(self._not_done())
        self.screen.show(self.office)
        return time.monotonic() - start

    def _look(self):
        self._check()
        self.screen.show(self.office)
        time.sleep(LOOK_SECONDS)

    def _read_sensors(self):
        self.office.exchange()
        until = time.monotonic() + SENSOR_SECONDS
        while self.office.silos.unread() and time.monotonic() < until:
            self._look()

    def _not_done(self):
        return (
            f"Only {self.office.done()} of {len(self.office.ids)} orders are done after {self.deadline:.0f} s "
            f"({self.office.states() or 'no batch'}).\nThe end of the server's log ({self.server.log}):\n{self.server.tail(40)}"
        )

    def _settle(self, seconds):
        """The mass balance, once the mill stands still."""
        self._read_sensors()
        facts = self.office.facts()
        self.simulator.stop()  # it now says what a running job had dosed, too
        facts.ledger = [json.loads(line) for line in self.ledger.read_text().splitlines()]
        rows, problems = balance(facts)
        say()
        for line in table(rows, red=lambda text: paint("problem", text)):
            say(line)
        say()
        silos = self.office.silos.rows(facts.ledger, [batch["id"] for batch in facts.batches])
        for line in silo_table(silos, red=lambda text: paint("problem", text)):
            say(line)
        say()
        problems += self.office.silos.unread()
        for problem in problems:
            say(paint("problem", problem))
        wrong = sum(bool(row.problems) for row in [*rows, *silos])
        if wrong or problems:
            every = len(rows) + len(silos)
            say(paint("problem", f"{wrong} of {every} lines disagree, {len(problems)} other problems. Logs: {self.folder}"))
            return 1
        say(
            paint(
                "good",
                f"{len(self.office.ids)} orders done in {seconds:.0f} s ({self.options.protocol}, {self.options.handshake}), "
                f"all {len(rows)} lines agree: dosed = batch = stock{'' if self.options.bare else ', value in = value out'}; "
                f"all {len(silos)} lots of the silos, too.",
            )
        )
        self.keep_logs = not self.throwaway
        return 0


if __name__ == "__main__":
    sys.exit(main())
