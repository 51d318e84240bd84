"""A small mill for the tests: two silos, a tank, one component added by hand, and orders for it."""

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, TransactionCase, get_db_name
from odoo.tools import SQL

from odoo.addons.plc_mo_batch.simulator import Simulator

from . import value
from .patience import DEADLINE, SURE

PRICES = {"Test wheat": 0.2, "Test soy": 0.45, "Test molasses": 0.18, "Test salt": 0.11}  # of a kg; the feed costs what is in it


class MillCase(TransactionCase):
    """``self.controller`` with the default layout; ``self.wheat`` in silo 101, ``self.soy`` in 102, ``self.molasses`` in tank
    114, ``self.salt`` on no silo. Nothing but this PLC is served.

    Where Odoo counts value, that balances, too, after each test.
    """

    handshake = "job_numbers"
    value_let_go = ()  # ids of orders that a test changed once they were closed: Odoo itself values no product anew then

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("plc_mo_batch.allowed_networks", "127.0.0.0/8")  # the simulator
        cls.env["plc.controller"].search([]).enabled = False
        cls.kg = cls.env.ref("uom.product_uom_kgm")
        cls.picking_type = cls.env["stock.picking.type"].create(
            {
                "name": "Test mill",
                "code": "mrp_operation",
                "sequence_code": "TST",
                "warehouse_id": cls.env.ref("stock.warehouse0").id,
            }
        )
        cls.wheat, cls.soy, cls.molasses, cls.salt = (
            cls.new_product(name, standard_price=price) for name, price in PRICES.items()
        )
        cls.feed = cls.new_product("Test feed")
        cls.controller = cls.new_controller()
        cls.bom = cls.new_bom()

    def tearDown(self):
        if value.is_counted(self.env):
            mine = [("picking_type_id", "=", self.picking_type.id), ("id", "not in", self.value_let_go)]
            orders = self.env["mrp.production"].search(mine)
            self.assertFalse(list(value.unbalanced(orders)))
        super().tearDown()

    # Factories

    @classmethod
    def new_product(cls, name, **values):
        uom = values.pop("uom_id", cls.kg.id)
        return cls.env["product.product"].create({"name": name, "is_storable": True, "uom_id": uom, **values})

    @classmethod
    def new_controller(cls, **values):
        return cls.env["plc.controller"].create(
            {
                "name": "Test PLC",
                "host": "127.0.0.1",
                "port": cls.free_port(),
                "timeout": SURE,
                "settle_time": 0.2,
                "quiet_time": 0.0,
                "weight_tolerance_percent": 0.0,  # the weights of these tests have little to do with what they dose
                "weight_review_percent": 0.0,
                "commissioned": True,
                "layout_id": cls.env.ref(f"plc_mo_batch.plc_register_layout_{cls.handshake}").id,
                "picking_type_ids": [Command.set(cls.picking_type.ids)],
                "equipment_ids": [
                    Command.create({"name": name, "code": code, "kind": kind, "product_ids": [Command.set(product.ids)]})
                    for name, code, kind, product in (
                        ("Silo 101", 101, "silo", cls.wheat),
                        ("Silo 102", 102, "silo", cls.soy),
                        ("Tank 114", 114, "tank", cls.molasses),
                    )
                ],
                **values,
            }
        )

    @classmethod
    def free_port(cls):
        """Where no other PLC is: 1, 2 …"""
        taken = cls.env["plc.controller"].search([("host", "=", "127.0.0.1")]).mapped("port")
        return next(port for port in range(1, 1000) if port not in taken)

    @classmethod
    def new_bom(cls, components=None, **values):
        """A formula for 1000 kg; ``components`` as pairs of product and quantity."""
        components = components or [(cls.wheat, 600.0), (cls.soy, 352.25), (cls.molasses, 33.3), (cls.salt, 14.45)]
        return cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": cls.feed.product_tmpl_id.id,
                "product_qty": 1000.0,
                "product_uom_id": cls.kg.id,
                "code": "TEST-1",
                "bom_line_ids": [
                    Command.create({"product_id": product.id, "product_qty": quantity, "product_uom_id": product.uom_id.id})
                    for product, quantity in components
                ],
                **values,
            }
        )

    @classmethod
    def new_order(cls, quantity=1000.0, **values):
        """A confirmed order."""
        order = cls.env["mrp.production"].create(
            {
                "product_id": cls.feed.id,
                "product_qty": quantity,
                "bom_id": cls.bom.id,
                "picking_type_id": cls.picking_type.id,
                **values,
            }
        )
        order.action_confirm()
        return order

    def new_simulator(self, **options):
        """A mill that moves only by ``step(seconds)``, at the other end of ``self.controller``'s wire."""
        handshake, protocol = self.controller.layout_id.handshake.replace("_", "-"), self.controller.protocol
        plc = Simulator(scan_time=None, seed=1, handshake=handshake, protocol=protocol, **options).start()
        self.addCleanup(plc.stop)
        self.controller.port = plc.port
        self.wait_for_answers()
        return plc

    def wait_for_answers(self):
        """Who looks at the PLC waits for its answers: what a person would not wait for may be a busy machine."""
        plcs = type(self.env["plc.controller"])
        look, endpoint = plcs._look, plcs._endpoint
        self.patch(plcs, "_look", lambda plc, _seconds: look(plc, DEADLINE))
        self.patch(plcs, "_endpoint", lambda plc, _timeout=0.0: endpoint(plc))

    @classmethod
    def new_silo(cls, code, product, **values):
        """Another silo of ``cls.controller``."""
        return cls.env["plc.equipment"].create(
            {"name": f"Silo {code}", "code": code, "controller_id": cls.controller.id, "product_ids": product.ids, **values}
        )

    @classmethod
    def put_in_stock(cls, quantity, *products, lot=None):
        location = cls.env.ref("stock.warehouse0").lot_stock_id
        for product in products:
            cls.env["stock.quant"]._update_available_quantity(product, location, quantity, lot_id=lot)

    # Running

    def cron(self, number):
        """The scheduled action of a task."""
        from ..models.common import tasks  # not above: dev/plain.py imports this file, and has no models

        return self.env.ref(next(task.cron for task in tasks.TASKS if task.number == number))

    def run_task(self, number):
        """Run a task as the cron worker does, through its scheduled action."""
        with self.enter_registry_test_mode():
            result = self.cron(number).method_direct_trigger()
        self.assertIs(result, True, result)
        self.env.cr.precommit.data.pop("sequence.mixin", None)  # the next numbers of journal entries: the task took some

    def queue(self):
        """The batches that the PLC owes, by slot."""
        return self.env["mo.batch"].search([("controller_id", "=", self.controller.id)]).sorted("slot")

    def history(self):
        return self.env["mo.batch"].search([("controller_id", "=", self.controller.id), ("active", "=", False)])

    def complete(self, *orders, actuals=None, weight=0.0):
        """Batches of the orders, completed with kg by equipment code."""
        self.run_task(1)
        batches = self.queue().filtered(lambda batch: batch.production_id.id in [order.id for order in orders])
        actuals = actuals or {101: 601.25, 102: 0.0, 114: 33.0}
        for batch in batches:
            batch._store_actuals(actuals.keys(), actuals.values())
            batch._advance("completed", weight, {})
        return batches

    def consumed(self, order):
        """What was booked as consumed, by product."""
        return {move.product_id: move.quantity if move.state == "done" else 0.0 for move in order.move_raw_ids}

    def fail_on_plc(self, plc):
        """Hand over what is queued, and let the mill end it as failed; the exchange has seen it."""
        self.run_task(2)
        plc.mill.fail_next()
        for _step in range(3):
            plc.step(300)
        self.run_task(2)

    def run_plc(self, plc, batches):
        """Let the mill work until it finished ``batches`` more jobs, talking to it meanwhile."""
        finished = len([record for record in plc.mill.ledger if record["event"] == "finished"]) + batches
        for _step in range(500):
            plc.step(30)
            self.run_task(2)
            if len([record for record in plc.mill.ledger if record["event"] == "finished"]) >= finished:
                return
        self.fail("the mill did not finish")

    def assert_cycle(self, plc):
        """An order goes all the way over this connection, and its batch shows what the mill dosed."""
        order = self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered", self.controller.last_error)
        self.run_plc(plc, 1)
        self.run_task(2)
        self.run_task(3)
        journal = self.controller.journal_ids.sorted("id").mapped("message")
        self.assertEqual(order.state, "done", "\n".join(["the journal says why:", *journal]))
        [end] = [record for record in plc.mill.ledger if record["event"] == "finished"]
        made = {line["code"]: line["kg"] for line in end["lines"] if line["kg"]}
        lines = self.history().filtered(lambda batch: batch.production_id == order).line_ids
        self.assertEqual({line.code: line.actual_qty for line in lines if line.code and line.actual_qty}, made)


class CommittedMillCase(BaseCase):
    """``self.mill_id``, the demo mill: on committed data, because a test's own transaction is seen by nobody else."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        with self.registry.cursor() as cr:
            mill = api.Environment(cr, SUPERUSER_ID, {}).ref("plc_mo_batch.plc_controller_mill", raise_if_not_found=False)
            if not mill:
                self.skipTest("needs the demo data")
            self.mill_id = mill.id

    def delete_of_mill(self, *tables):
        """Delete what the mill has there: nobody rolls it back."""
        with self.registry.cursor() as cr:
            for table in tables:
                cr.execute(SQL("DELETE FROM %s WHERE controller_id = %s", SQL.identifier(table), self.mill_id))
