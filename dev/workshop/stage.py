"""A mill in a telling state, for dev/screenshots and for whoever wants to look at screens:
``python -m workshop.stage DATABASE FOLDER``.

Three weeks of history; today a batch that runs, some that wait, one that failed, one to be reviewed, one cancelled with a reason;
an order that cannot be queued; a second PLC that does not answer. All of it is made by the tasks themselves, with the simulator
at the other end. Prints the ids of what it made as JSON, then keeps the PLC answering, standing still, until its input is closed;
for a line of input it plays the second act, and prints them again.
With the same FOLDER, a database that is set already is taken as it is.
"""

import json
import os
import sys
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.module import initialize_sys_path
from odoo.modules.registry import Registry
from odoo.tools import config

from workshop import plant

HISTORY_DAYS = (19, 12, 6)  # how long ago each of the full cycles was
SECONDS = 20.0  # of plant time between two looks
FAST = 150.0  # the same, for the history
FOLLOWED = 3.0  # the same, of the batch whose doses are drawn
CLOCK_OFFSET = -95.0  # seconds
LIMIT = 400  # looks; more than ten batches need
ZONE = "Europe/Brussels"  # as the browser's
USERS = {"operator": "Rini Hartati", "manager": "Budi Santoso"}


class Stage:
    """The demo mill in ``database``, and the PLC that it talks to."""

    def __init__(self, database, plc):
        self.registry = Registry(database)
        self.plc = plc
        self.ids = {}

    @contextmanager
    def env(self):
        """A transaction, committed at the end."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {"lang": "en_US", "tracking_disable": True})

    def set(self):
        """Make it all; the ids by name."""
        with self.env() as env:
            self.ids.update(self._connect(env), users={key: self._new_user(env, key) for key in USERS})
            self.ids["commissioning"] = self._commission(env)
        for days in HISTORY_DAYS:
            self._cycle(days)
        self._today()
        with self.env() as env:
            self.ids.update(silo=self._fill_silos(env), shift=self._ask_for_shift(env))
            self.ids["dosing"] = env["plc.dosing.silo"].search([], limit=1).id
            env["mo.batch"].browse(self.ids["done"])._freeze_report()
            self._mail_shifts(env)
        return self.ids

    def _ask_for_shift(self, env):
        """The report of a day of the latest cycle, as the operator asked for it."""
        until = fields.Datetime.now() - timedelta(days=min(HISTORY_DAYS) - 1)
        values = {"controller_ids": [self.ids["mill"]], "since": until - timedelta(days=1), "until": until}
        return env["plc.shift"].with_user(self.ids["users"]["operator"]).create(values).id

    def _mail_shifts(self, env):
        """The reports of three shifts of today and yesterday were mailed."""
        mill = env["plc.controller"].browse(self.ids["mill"])
        chief = env["res.partner"].create({"name": "Dewi Lestari", "email": "dewi@example.com"})
        mill.write({"shift_mail": "shift", "shift_mail_partner_ids": [(6, 0, chief.ids)]})
        since, until = mill._mailed_period()
        for number in range(3):
            back = timedelta(hours=8 * number)
            env["plc.shift.mail"]._mail(mill, since - back, until - back)

    def _fill_silos(self, env):
        """The first silos are stock locations; one of them is low, and one does not suffice for the queue."""
        mill = env["plc.controller"].browse(self.ids["mill"])
        store = mill._source_location()
        for silo, level in zip(mill.equipment_ids, (8200.0, 3400.0, 950.0, 400.0, 5100.0), strict=False):
            silo.write({"location_id": silo._location_below(store).id, "capacity_kg": 10_000.0, "low_kg": 1000.0})
            env["stock.quant"]._update_available_quantity(silo.product_ids, silo.location_id, level)
        for silo, level in zip(mill.equipment_ids, (8190.0, 2750.0), strict=False):  # the second has more by the books
            silo.write({"sensor_at": fields.Datetime.now(), "sensor_level": level, "sensor_limit_kg": 200.0})
        mill.equipment_ids[2].write({"sensor_at": fields.Datetime.now(), "sensor_level": 930.0})
        return mill.equipment_ids[2].id

    def second_act(self):
        """What happens rarely: the plant has decisions signed, the same is weighed twice in a row, the PLC reports no finished
        weight, the next batch's order is cancelled while it is made, and of the one after it a counter begins again at zero."""
        self._weigh_twice()
        with self.env() as env:
            mill = env["plc.controller"].browse(self.ids["mill"])
            mill.weight_policy = "ask"
            for action, second in (("disposition", True), ("release_review", False)):
                env["plc.signature.rule"].create({"controller_id": mill.id, "action": action, "second_person": second})
        self.plc.mill.weight = "never"
        self._run_until(lambda env: self._at(env, 5).state == "completed")
        self._run_until(lambda env: self._at(env, 6).state == "running")
        with self.env() as env:
            cancelled = self._at(env, 6)
            self.ids.update(weight=self._at(env, 5).id, booked=cancelled.id)
            cancelled.production_id.action_cancel()
        self._run_until(lambda env: self._at(env, 6).state == "completed")
        self._lose_counter(7)
        return self.ids

    # The parts

    def _connect(self, env):
        env["ir.cron"].search([]).active = False  # it all stands still while it is looked at
        mill = env.ref("plc_mo_batch.plc_controller_mill")
        mill.write({"host": "127.0.0.1", "port": self.plc.port, "poll_interval": 0, "settle_time": 0.2})
        mill.write({"review_percent": 6, "review_kg": 5, "max_batch_qty": 1000})
        layout = env.ref("plc_mo_batch.plc_register_layout_isa88").id
        other = {"name": "Premix line", "layout_id": layout, "tz": "UTC", "timeout": 0.5, "enabled": False, "commissioned": True}
        silent = mill.copy(other)
        return {"mill": mill.id, "silent": silent.id, "layout": mill.layout_id.id}

    def _commission(self, env):
        """The manager does it, while the PLC scans."""
        trial = import_module("odoo.addons.plc_mo_batch.plc.trial")
        with patch.object(trial.time, "sleep", lambda _seconds: self.plc.step(1)):
            check = env["plc.controller"].with_user(self.ids["users"]["manager"]).browse(self.ids["mill"])._begin_commissioning()
            check._try_alone()
        return check.id

    def _new_user(self, env, role):
        groups = [env.ref("base.group_user").id, env.ref(f"plc_mo_batch.group_{role}").id]
        values = {"name": USERS[role], "login": role, "password": role, "tz": ZONE, "group_ids": [(6, 0, groups)]}
        return env["res.users"].create(values).id

    def _cycle(self, days):
        """Ten orders like those of the demo data run through, that many days ago."""
        with self.env() as env:
            kind = env.ref("plc_mo_batch.plc_controller_mill").picking_type_ids
            demo = env["mrp.production"].search([("picking_type_id", "in", kind.ids), ("state", "=", "confirmed")], limit=10)
            demo.plc_withheld = True
            copies = env["mrp.production"].browse(order.copy().id for order in demo)
            copies.action_confirm()
        self._task("fill")
        self._run_until(lambda env: not env["mo.batch"].search_count([("state", "!=", "completed")]), FAST)
        self._task("write.back")
        with self.env() as env:
            demo.with_env(env).plc_withheld = False
            self._put_back(env, copies.with_env(env).plc_batch_ids, days)

    def _put_back(self, env, batches, days):
        """Let it have happened then, and not now; and let each have taken its minutes."""
        env.flush_all()
        for number, batch in enumerate(batches.sorted("slot")):
            shift = f"{days * 24 - number * 5} hours"
            for table, columns, where in (
                ("mo_batch", ("date_offered", "date_started", "date_finished", "date_closed", "create_date"), "id"),
                ("mo_batch_line", ("date",), "batch_id"),
                ("mo_batch_journal", ("create_date",), "batch_id"),
            ):
                changes = ", ".join(f"{column} = {column} - %(shift)s::interval" for column in columns)
                env.cr.execute(f"UPDATE {table} SET {changes} WHERE {where} = %(id)s", {"shift": shift, "id": batch.id})
            took = [8 + number % 4, batch.id]
            env.cr.execute("UPDATE mo_batch SET date_started = date_started - make_interval(mins => %s) WHERE id = %s", took)
            order = {"shift": shift, "id": batch.production_id.id}
            env.cr.execute("UPDATE mrp_production SET date_start = date_start - %(shift)s::interval WHERE id = %(id)s", order)
        env.invalidate_all()

    def _today(self):
        with self.env() as env:
            self._orders_of_another_line(env)
            self.ids["refused"] = self._new_order_that_cannot_be_queued(env)
            self.ids["shared"] = self._order_of_two_batches(env)
        self._task("fill")
        self._run_until(lambda env: self._at(env, 2).state == "completed")
        self._task("write.back")
        self._dose_badly()
        self.plc.mill.fail_next()
        self._run_until(lambda env: self._at(env, 4).state == "failed")
        self._cancel(10)
        self._run_until(lambda env: self._at(env, 10).state == "cancelled", seconds=0.1)
        self._follow_live(5, lambda env: self._at(env, 5).progress > 55)
        self._tell_beside()
        with self.env() as env:
            self._note(env)
        self._lose()
        self._watch()

    def _lose(self):
        """The premix line, whose clock is slow, answers once, and then no more."""
        with type(self.plc)(scan_time=None, layout="isa88", clock_offset=CLOCK_OFFSET) as plc:
            self._reach({"enabled": True, "host": "127.0.0.1", "port": plc.port})
        self._reach({"host": "192.0.2.20", "port": 502})

    def _reach(self, values):
        with self.env() as env:
            env["plc.controller"].browse(self.ids["silent"]).write(values)
        self._task("exchange")

    def _watch(self):
        """Task 4 saw that the premix line has been silent for a quarter of an hour. No task runs any more, and nobody notices
        while pictures are taken."""
        with self.env() as env:
            now = fields.Datetime.now()
            for number in range(1, 5):
                cron = env.ref(f"plc_mo_batch.ir_cron_task_{number}")
                cron.write({"active": True, "lastcall": now + timedelta(hours=1), "nextcall": now + timedelta(days=3650)})
            since = now - timedelta(minutes=15)
            env["plc.controller"].browse(self.ids["silent"]).write({"watched_since": since, "last_contact": since})
        self._task("health")
        with self.env() as env:
            self.ids["alarm"] = env["plc.alarm"].search([("kind", "=", "silent")], limit=1).id

    def _new_order_that_cannot_be_queued(self, env):
        """Oats lie in no silo, and nobody said that they are added by hand."""
        barley = env.ref("plc_mo_batch.product_barley")
        oats, feed = env["product.product"].create(
            [
                {"name": name, "default_code": code, "is_storable": True, "uom_id": barley.uom_id.id}
                for name, code in (("Ground oats", "RM-199"), ("Trial feed", "FM-299"))
            ]
        )
        line = {"product_id": oats.id, "product_qty": 800, "product_uom_id": barley.uom_id.id}
        kind = env.ref("plc_mo_batch.picking_type_mill")
        bom = env["mrp.bom"].create(
            {
                "product_tmpl_id": feed.product_tmpl_id.id,
                "product_qty": 1000,
                "product_uom_id": barley.uom_id.id,
                "code": "TRIAL",
                "bom_line_ids": [(0, 0, line)],
            }
        )
        order = env["mrp.production"].create(
            {
                "product_id": feed.id,
                "bom_id": bom.id,
                "product_qty": 1000,
                "product_uom_id": barley.uom_id.id,
                "picking_type_id": kind.id,
                "priority": "1",
            }
        )
        order.action_confirm()
        return order.id

    def _orders_of_another_line(self, env):
        """For the page that sets up a PLC: what it suggests for the silos comes from these."""
        manufacturing = env.ref("stock.warehouse0").manu_type_id
        for name in ("production_dairy", "production_pullet"):
            order = env.ref(f"plc_mo_batch.{name}").copy({"picking_type_id": manufacturing.id})
            order.action_confirm()

    def _order_of_two_batches(self, env):
        """Of the eighth product two tons are wanted, and the mixer takes one."""
        order = env.ref("plc_mo_batch.production_dairy")
        env["change.production.qty"].create({"mo_id": order.id, "product_qty": 2000}).change_prod_qty()
        return order.id

    def _dose_badly(self):
        """The third batch is far out of tolerance: it waits for a review."""
        error, self.plc.mill.error = self.plc.mill.error, 6.0
        self._run_until(lambda env: self._at(env, 3).state == "completed")
        self.plc.mill.error = error

    def _follow_live(self, slot, reached):
        """As with live polling: how each dose grows is kept. The plant's time passes, as Odoo sees it."""
        exchange = import_module("odoo.addons.plc_mo_batch.models.exchange.plc_task_exchange")
        self._poll(FOLLOWED)

        def look(env):
            batch = self._at(env, slot)
            batch.date_started = batch.date_started and batch.date_started - timedelta(seconds=FOLLOWED)
            return reached(env)

        with patch.object(exchange, "LIVE_SECONDS", 0.0):
            self._run_until(look, FOLLOWED)
        self._poll(0)

    def _poll(self, interval):
        with self.env() as env:
            env["plc.controller"].browse(self.ids["mill"]).poll_interval = interval

    def _tell_beside(self):
        """Equipment fails, and people weigh for the batch that runs; one weighing is for an order that nobody knows."""
        with self.env() as env:
            order = self._at(env, 5).order_name
        mill = self.plc.mill
        for equipment, text in (("104", "MOTOR OVERLOAD"), ("101", "GATE BLOCKED"), ("MIXER", "DOOR NOT CLOSED")):
            mill.report_failure(equipment, text)
        for name, number, kg in ((order, 202, 1.5), (order, 202, 1.18), ("WH/MO/90001", 207, 12.0)):
            mill.report_weighing(5, name, number, kg)
        told = (("plc.failure", 3), ("plc.weighing", 3))
        self._run_until(lambda env: all(env[model].search_count([]) >= count for model, count in told), seconds=0.1)

    def _weigh_twice(self):
        """The same kilograms again, and that the first were acknowledged was never seen: nobody can say from far away whether
        they were told twice."""
        with self.env() as env:
            weighing = (5, self._at(env, 5).order_name, 208, 2.5)
            count = env["plc.weighing"].search_count([])
        self.plc.mill.report_weighing(*weighing)
        self._run_until(lambda env: env["plc.weighing"].search_count([]) > count, seconds=0.1)
        self.plc.mill.report_weighing(*weighing)
        for _scan in ("the first is stored", "the second is shown"):
            self.plc.step(0.1)
        with self.env() as env:
            last = env["plc.weighing"].search([], order="id desc", limit=1)
            last.write({"acknowledged": False, "ack_at": fields.Datetime.now() - timedelta(minutes=1)})
        self._run_until(lambda env: env["plc.weighing"].search_count([("repeated", ">", 0)]), seconds=0.1)

    def _lose_counter(self, slot):
        self._run_until(lambda env: self._at(env, slot).state == "running" and len(self.plc.mill.batch.at_rest()) > 1)
        self.plc.mill.lose_counter(self.plc.mill.batch.at_rest()[0].line)
        self._run_until(lambda env: self._at(env, slot).watch_needed, seconds=0.1)
        with self.env() as env:
            self.ids["fell"] = self._at(env, slot).id

    def _cancel(self, slot):
        with self.env() as env:
            batch = self._at(env, slot)
            night = env["res.users"].browse(self.ids["users"]["operator"])
            batch.with_user(night).action_cancel("material", "Silo 104 is being cleaned.", "withhold")
            self.ids["cancelled"] = batch.id

    def _note(self, env):
        for slot in range(3, 10):
            batch = self._at(env, slot)
            self.ids.setdefault(batch.state, batch.id)
        self.ids.update(review=self._at(env, 3).id, part=self._at(env, 8).id)
        done = env["mo.batch"].search([("active", "=", False), ("state", "=", "done")], order="id desc", limit=1)
        anomaly = env["mo.batch.journal"].search([("words", "!=", False)], limit=1)
        waiting = env["plc.weighing"].search([("state", "=", "waiting")], limit=1)
        self.ids.update(failure=env["plc.failure"].search([], limit=1).id, weighing=waiting.id)
        self.ids.update(done=done.id, order=self._at(env, 5).production_id.id, event=anomaly.id)

    # Small things

    def _at(self, env, slot):
        return env["mo.batch"].with_context(active_test=False).search([("slot", "=", slot)], order="id desc", limit=1)

    def _task(self, name):
        with self.env() as env:
            env[f"plc.task.{name}"]._run()

    def _run_until(self, reached, seconds=SECONDS):
        """Let the mill work, looking at it as the exchange does."""
        for _look in range(LIMIT):
            self._task("exchange")
            with self.env() as env:
                if reached(env):
                    return
            self.plc.step(seconds)
        raise plant.Failure("The mill did not get there.")


def take_up(database, plc_id, port):
    """The PLC of a stage that was set before answers at this port now. In SQL: the addon may have grown since."""
    plant.query(database, "UPDATE plc_controller SET port = %s WHERE id = %s", port, plc_id)


def main():
    database, folder = sys.argv[1], Path(sys.argv[2])
    config.parse_config(["-c", os.environ["ODOO_RC"], "-d", database, "--log-level=error"])
    initialize_sys_path()  # from here on the addon can be found
    simulator = import_module("odoo.addons.plc_mo_batch.simulator")
    known = folder / "ids.json"
    plcs = simulator.Simulator(scan_time=None, seed=7, memory_file=folder / "memory.json"), simulator.Simulator(scan_time=None)
    with plcs[0] as plc, plcs[1] as spare:  # the other is for the page that sets one up
        stage = Stage(database, plc)
        if known.exists():
            stage.ids = json.loads(known.read_text())
            take_up(database, stage.ids["mill"], plc.port)
        else:
            known.write_text(json.dumps(stage.set()))
        print(json.dumps({**stage.ids, "port": spare.port}), flush=True)
        for _line in sys.stdin:
            if "weight" not in stage.ids:
                known.write_text(json.dumps(stage.second_act()))
            print(json.dumps({**stage.ids, "port": spare.port}), flush=True)


if __name__ == "__main__":
    main()
