"""A plant to torture: an Odoo that is loaded once and forked for each life of it, its database, and the mill at its wire."""

import gc
import os
import signal
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from workshop.plant import PROTOCOLS, free_port
from workshop.torture.books import read_ledger
from workshop.torture.boundaries import AFTER, BEFORE, COMMIT, DURING, REQUEST, Hook
from workshop.torture.events import Told
from workshop.torture.fork import Fork
from workshop.torture.mill_process import Mill
from workshop.torture.person import weigh_up
from workshop.torture.silos import BINS, Place, left_of_lots, set_up_silos

COMPONENTS = [("product_wheat_pollard", 600.0), ("product_soybean_meal", 352.25), ("product_molasses", 33.3)]
BY_HAND = (("product_salt", 14.45),)
WEIGHED = (("product_salt", 14.45), ("product_toxin_binder", 5.0))  # a little less than people weigh, see events.BAGS
SCANS_MEANWHILE = 3  # of the mill, between two runs of the tasks
SCANS_OF_AN_OUTAGE = 12  # two batches or so
PATIENCE = 30.0  # seconds until PostgreSQL is back, or a process does what it was told
TASKS = "cron_name LIKE 'PLC Task %'"
UTC = "(now() AT TIME ZONE 'UTC')"


class Odoo:
    """Odoo with one database, loaded in this process; each :meth:`life` of it is a fork with connections of its own."""

    def __init__(self, database, folder):
        from odoo.modules.registry import Registry
        from odoo.tools import config

        self.database = database
        self.log = folder / "odoo.log"
        config.parse_config(
            ["-c", os.environ["ODOO_RC"], "-d", database, "--logfile", str(self.log), "--log-level", "warn"], setup_logging=True
        )
        self.registry = Registry(database)
        self._keep_the_notifying_connection()
        self._end_lost_cursors()
        self.let_go()

    @staticmethod
    def _end_lost_cursors():
        """A cursor whose session was killed while it was being closed has no ``_obj`` any more. When it is collected as garbage,
        Odoo looks for that until the stack overflows, which may end the process."""
        from odoo.sql_db import Cursor

        Cursor._obj = None

    @staticmethod
    def _keep_the_notifying_connection():
        """Odoo connects anew to the database ``postgres`` for each of 21 notifications in a cycle: here a life keeps that
        connection as it keeps the others. One that died is made anew when it is needed next."""
        from odoo.sql_db import ConnectionPool

        give_back = ConnectionPool.give_back
        ConnectionPool.give_back = lambda pool, connection, keep_in_pool=True: give_back(pool, connection)

    def let_go(self):
        """Close this process's connections, which a fork must not inherit."""
        from odoo import sql_db

        sql_db.close_all()

    def env(self, cursor, login="admin"):
        from odoo import SUPERUSER_ID, api

        env = api.Environment(cursor, SUPERUSER_ID, {})
        user = env["res.users"].search([("login", "=", login)])
        return env(user=user.id, context={"lang": "en_US", "tz": "UTC"})

    def life(self, hook, sabotage=None):
        """A server's life, seen from the cron: it runs what is due until nothing is. Forked; ends by itself.

        What ``ir.cron`` does is Odoo's own loop over due actions, on real cursors.

        :param hook: makes a :class:`boundaries.Hook` of the line to this process, in the fork
        :param sabotage: spoils the registry, in the fork
        """

        def main(line):
            installed = hook(line)
            installed.install()
            if sabotage:
                sabotage(self.registry)
            self.run_due()
            line.tell({"count": installed.count, "labels": installed.labels})

        return Fork(main)

    def run_due(self):
        """What the cron does, until nothing is due."""
        from odoo.addons.base.models.ir_cron import IrCron

        while self._is_due():
            IrCron._process_jobs(self.database)

    def _is_due(self):
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with closing(psycopg2.connect(dbname=self.database)) as connection, connection.cursor() as cursor:
                    cursor.execute(
                        f"""
                        SELECT 1 FROM ir_cron WHERE active AND (nextcall <= {UTC} OR id IN (
                               SELECT cron_id FROM ir_cron_trigger WHERE call_at <= {UTC}))
                        """
                    )
                    return bool(cursor.fetchall())
            except psycopg2.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def visit(self, what):
        """``what(call)`` in a fork, with the external API as ``call``; what it gave."""

        def main(line):
            line.tell(what(self.call))

        fork = Fork(main)
        try:
            return fork.line.hear()
        finally:
            fork.wait()

    def call(self, model, method, *args, **kwargs):
        from odoo.service.model import call_kw, retrying

        with self.registry.cursor() as cursor:
            env = self.env(cursor)
            return retrying(lambda: call_kw(env[model], method, list(args), kwargs), env)


@dataclass(frozen=True)
class Work:
    """What a cycle is made of.

    :ivar orders: how many
    :ivar by_hand: (product, kg in a batch) of what people add
    :ivar tells: the mill tells of each batch what people weighed, which is what is booked, and that something failed
    :ivar tasks: numbers of those that are due at its beginning
    :ivar kinds: of kills
    :ivar first: the address from which on requests count as boundaries (:class:`boundaries.Hook`)
    """

    orders: int
    by_hand: tuple
    tells: bool
    tasks: str
    kinds: tuple
    first: int = 0


class World:
    """A database with orders for many cycles, its Odoo, and the mill.

    :param cycles: how many cycles a database is good for; then it is copied from its template again
    :param silos: they are stock locations with lots, two of them have one product, and run empty
    :ivar places: :class:`silos.Place` by code; empty without ``silos``
    """

    def __init__(self, folder, handshake, cycles, work, protocol="modbus", silos=False):
        self.folder = Path(folder)
        self.work = work
        self.database = "torture"
        self.cycles = cycles
        self.odoo = Odoo(self.database, self.folder)
        with self.odoo.registry.cursor() as cursor:
            facts = set_up(self.odoo.env(cursor), handshake, (cycles + 1) * work.orders, work, protocol, silos)
        self.odoo.let_go()
        self.controller, self.silos, self.by_hand, self.products, self.orders, places = facts
        self.places = {code: Place(*place) for code, place in places.items()}
        port = free_port()
        self.sql("UPDATE plc_controller SET host = '127.0.0.1', port = %s WHERE id = %s", port, self.controller)
        dsn = f"dbname={self.database}"
        bins = BINS if silos else {}
        self.mill = Mill(self.folder, port, handshake, dsn, self.controller, work.tells, PROTOCOLS[protocol][0], bins)
        self._warm_up()
        self._forget_what_warmed_up()
        self.mill.forget()
        self._copy(self.database, f"{self.database}_template")
        self._next = 0

    def _warm_up(self):
        """A cycle in this very process: what Odoo caches is inherited by all forks, as a server's caches are warm, too."""
        orders, self.orders = self.orders[: self.work.orders], self.orders[self.work.orders :]
        self.mill.start()
        self.release(orders)
        while self.sql("SELECT 1 FROM mrp_production WHERE id = ANY(%s) AND state != 'done'", orders):
            self.odoo.run_due()
            weigh_up(self.odoo.call, Told(read_ledger(self.mill.ledger_file)), self.controller)
            self.pass_time()
            self.mill.step(SCANS_MEANWHILE)
        self.odoo.let_go()
        gc.freeze()

    def _forget_what_warmed_up(self):
        """The ledger ends here: what it left in the silos is what was filled in."""
        left = left_of_lots(self.places, read_ledger(self.mill.ledger_file))
        for code, place in self.places.items():
            place.fills = [[lot, left[code, lot]] for lot, _kg in place.fills if left[code, lot] > 0]

    def close(self):
        self.mill.kill()

    def next_cycle(self):
        """The ids of the next orders, on a plant where nothing is left of what was before."""
        if self._next == self.cycles:
            self.renew()
        first = self._next * self.work.orders
        self._next += 1
        if not self.mill.is_up:
            self.mill.start()
        self.mill.fill_bins()
        return self.orders[first : first + self.work.orders]

    def renew(self):
        """The database as it was at first, and a mill that knows nothing."""
        self.mill.forget()
        self._copy(f"{self.database}_template", self.database)
        self._next = 0

    def _copy(self, source, target):
        with closing(psycopg2.connect(dbname="postgres")) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
                cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')

    def sql(self, text, *parameters):
        with closing(psycopg2.connect(dbname=self.database)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(text, parameters or None)
            return cursor.fetchall() if cursor.description else None

    def release(self, orders):
        """Put the orders in line; Task 1 is due, as if "Fill now" were pressed, perhaps others, too. What an earlier cycle left
        for later is not: it would come at another moment each time, and the boundaries of all cycles are to have the
        same numbers.
        """
        self.sql(
            f"""
            UPDATE mrp_production SET plc_withheld = false WHERE id = ANY(%s);
            DELETE FROM ir_cron_trigger;
            UPDATE ir_cron SET nextcall = {UTC} + interval '1 day';
            UPDATE ir_cron SET nextcall = {UTC} WHERE cron_name ~ '^PLC Task [{self.work.tasks}]'
            """,
            orders,
        )

    def fill(self):
        self.sql(f"UPDATE ir_cron SET nextcall = {UTC} WHERE cron_name LIKE 'PLC Task 1%%'")

    def pass_time(self, minutes=6):
        """The clock goes on: what waited for it is due, intervals are over. Done by moving all that is stored into the past.

        :return: False if somebody is just at work on it
        """
        by = f"interval '{minutes} minutes'"
        batch = ("date_offered", "date_started", "date_finished", "withdrawn_at", "command_at", "next_try", "weighings_until")
        try:
            self.sql(
                f"""
                SET lock_timeout = '1s';
                UPDATE mo_batch SET {", ".join(f"{name} = {name} - {by}" for name in batch)} WHERE active;
                UPDATE plc_controller SET unconfirmed_write_at = unconfirmed_write_at - {by};
                UPDATE plc_weighing SET ack_at = ack_at - {by} WHERE acknowledged IS NOT TRUE;
                UPDATE plc_failure SET ack_at = ack_at - {by} WHERE acknowledged IS NOT TRUE;
                UPDATE ir_cron_trigger SET call_at = call_at - {by};
                UPDATE ir_cron SET nextcall = {UTC} WHERE {TASKS} AND cron_name NOT LIKE 'PLC Task 1%'
                """
            )
        except psycopg2.errors.LockNotAvailable:
            return False
        return True


def set_up(env, handshake, count, work, protocol, with_silos=False):
    """Orders for many cycles, all held back, and nothing due.

    :return: the PLC's id; product id by equipment code; by order id, kg by product id of what is added by hand; of these, product
        id by number; the orders' ids; what the silos' places are made of, by equipment code
    """
    from odoo import fields

    data = "plc_mo_batch"
    env["ir.cron"].with_context(active_test=False).search([("cron_name", "not like", "PLC Task %")]).active = False
    later = fields.Datetime.add(fields.Datetime.now(), days=1)
    env["ir.cron"].search([]).write({"nextcall": later})
    env["ir.cron.trigger"].search([]).unlink()
    controller = env.ref(f"{data}.plc_controller_mill")
    _spoken, transport, ending = PROTOCOLS[protocol]
    layout = env.ref(f"{data}.plc_register_layout_{handshake.replace('-', '_')}{ending}")
    controller.write({"transport": transport, "layout_id": layout.id})
    controller.write({"poll_interval": 0.0, "tolerance_percent": 0.0, "tolerance_kg": 0.0, "tz": "UTC"})
    if work.tells:
        layout.slots = work.orders  # so that no empty slots are read
        controller.hand_add_policy = "weighed"
    controller.sudo().commissioned = True  # the simulator is known to fit; who changed the layout would have to check it again
    confirmed = env["mrp.production"].search([("picking_type_id", "in", controller.picking_type_ids.ids)])
    confirmed.write({"plc_withheld": True})
    places = set_up_silos(env, controller, count)[0][0] if with_silos else {}
    orders = new_orders(env, controller, count, work.by_hand)
    orders.write({"plc_withheld": True})
    silos = {item.code: item.product_ids.id for item in controller.equipment_ids if len(item.product_ids) == 1}
    added = {env.ref(f"{data}.{name}"): kg for name, kg in work.by_hand}
    by_hand = {order.id: {product.id: order.product_qty * kg / 1000 for product, kg in added.items()} for order in orders}
    return controller.id, silos, by_hand, {product.plc_number: product.id for product in added}, orders.ids, places


def new_orders(env, controller, count, by_hand=BY_HAND):
    """Confirmed orders of a short recipe: three components that the PLC doses, and what is added by hand."""
    from odoo import Command

    feed = env["product.product"].create({"name": "Tortured feed", "is_storable": True, "uom_id": controller.uom_id.id})
    products = [(env.ref(f"plc_mo_batch.{name}"), kg) for name, kg in [*COMPONENTS, *by_hand]]
    lines = [
        Command.create({"product_id": product.id, "product_qty": kg, "product_uom_id": product.uom_id.id})
        for product, kg in products
    ]
    bom = env["mrp.bom"].create(
        {
            "product_tmpl_id": feed.product_tmpl_id.id,
            "product_qty": 1000.0,
            "product_uom_id": feed.uom_id.id,
            "code": "TORTURE",
            "consumption": "flexible",
            "bom_line_ids": lines,
        }
    )
    kind = controller.picking_type_ids[0]
    values = {"product_id": feed.id, "product_qty": 1000.0, "bom_id": bom.id, "picking_type_id": kind.id}
    orders = env["mrp.production"].create([dict(values) for _order in range(count)])
    orders.action_confirm()
    return orders


# How to strike


class Striker:
    """Kills one thing at a point; what was killed is there again a moment later, or only once Odoo has noticed (``late``)."""

    def __init__(self, world, late):
        self.world = world
        self.late = late
        self.waiting = []  # what is to be done once Odoo has noticed

    def strike(self, life, told):
        """:return: the name of an exception to raise in Odoo, or None; not at all where Odoo itself is dead"""
        raise NotImplementedError

    def recover(self):
        """Odoo has noticed."""
        for action in self.waiting:
            action()
        self.waiting = []

    def _soon(self, action):
        if self.late:
            self.waiting.append(action)
        else:
            action()


class KillOdoo(Striker):
    """The mill goes on meanwhile, for a while. Of a genuine server sometimes the cron worker alone is killed."""

    phases = {COMMIT: (BEFORE, AFTER), REQUEST: (BEFORE, AFTER)}

    def strike(self, life, _told):
        if self.late or not hasattr(life, "kill_worker"):
            life.kill()
        else:
            life.kill_worker()
        self.world.mill.step(SCANS_OF_AN_OUTAGE if self.late else 0)


class KillMill(Striker):
    phases = {COMMIT: (BEFORE, AFTER), REQUEST: (BEFORE, DURING, AFTER)}
    blank = False

    def strike(self, life, told):
        mill = self.world.mill
        if told["phase"] == DURING:
            mill.kill_at_next_write()
            life.line.tell(None)
            mill.wait()
        else:
            mill.kill()
        self._soon(lambda: mill.start(blank=self.blank))
        if told["phase"] != DURING:
            life.line.tell(None)


class KillMillAndMemory(KillMill):
    blank = True


class KillBackend(Striker):
    """``kill -9``: PostgreSQL ends all sessions and recovers. ``during`` a COMMIT: it is done, its answer is lost."""

    phases = {COMMIT: (BEFORE, DURING, AFTER), REQUEST: (BEFORE, AFTER)}
    signum = signal.SIGKILL
    killed = 0  # its process id

    def strike(self, life, told):
        self.killed = told["backend"]
        os.kill(self.killed, self.signum)
        if not self.late:
            self._wait_until_it_is_gone(told["backend"])
        life.line.tell("lost" if told["phase"] == DURING else None)

    def _wait_until_it_is_gone(self, pid):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(psycopg2.Error):
                if not Path(f"/proc/{pid}").exists() and self.world.sql("SELECT 1"):
                    return
            time.sleep(0.02)
        sys.exit("PostgreSQL did not come back")

    def recover(self):
        self._wait_until_it_is_gone(self.killed)  # before that PostgreSQL answers as if nothing were


class EndBackend(KillBackend):
    """What ``pg_terminate_backend`` does: one session ends."""

    signum = signal.SIGTERM


KINDS = {
    "odoo": KillOdoo,
    "plc": KillMill,
    "plc-blank": KillMillAndMemory,
    "pg-kill": KillBackend,
    "pg-end": EndBackend,
}


WORKS = {
    "orders": Work(10, BY_HAND, tells=False, tasks="14", kinds=tuple(KINDS)),
    "few": Work(3, BY_HAND, tells=False, tasks="14", kinds=tuple(KINDS)),
    "events": Work(2, WEIGHED, tells=True, tasks="1", kinds=("odoo", "plc", "pg-kill", "pg-end"), first=8000),
}


def hook_for(point, count, first):
    """A maker of hooks that stop at ``point`` and ask the torturer what to do."""

    def make(line):
        def strike(phase, label, backend):
            answer = line.ask({"phase": phase, "label": label, "backend": backend})
            return psycopg2.OperationalError("server closed the connection unexpectedly") if answer == "lost" else None

        return Hook(strike, point, count, first)

    return make
