"""An order, its batch in one of its states, a person who opens a door to it, and a PLC and a person that bring all of it to its
end."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user

from ...models.booking.separate_booking import SeparateBooking
from ...models.orders.mrp_production import OPEN_ORDER
from ..common import MillCase
from .doors import WHOLE

STEPS = 12  # until everything has come to its end
PARTLY = 250.0  # what a batch that fails has dosed


class Undo(Exception):
    """What was tried is over."""


class DoorCase(MillCase):
    """``self.order`` of 1000 kg, of three dosed components and one added by hand, with ``self.batch``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = ["mrp.group_mrp_manager", "stock.group_stock_manager"]
        if "account.move" in cls.env:
            groups.append("account.group_account_invoice")  # Odoo copies an order's journal entries with it
        cls.person = new_test_user(cls.env, "doors", groups=",".join(groups))
        cls.vitamin = cls.new_product("Test vitamin")
        cls.other_type = cls.picking_type.copy({"name": "By hand"})
        cls.put_in_stock(50_000.0, cls.wheat, cls.soy, cls.molasses, cls.salt, cls.vitamin)
        center = cls.env["mrp.workcenter"].create({"name": "Test mixer"})
        operation = {"name": "Mixing", "workcenter_id": center.id, "time_cycle_manual": 10.0}
        cls.bom_with_operation = cls.new_bom(operation_ids=[Command.create(operation)], code="TEST-2", sequence=9)
        rule = cls.env["stock.rule"].search(
            [("action", "=", "manufacture"), ("warehouse_id", "=", cls.env.ref("stock.warehouse0").id)], limit=1
        )
        rule.picking_type_id = cls.bom.picking_type_id = cls.picking_type
        cls.feed.route_ids = rule.route_id

    def undone(self, do, *args):
        try:
            with self.env.cr.savepoint():
                do(*args)
                raise Undo
        except Undo:
            self.env.invalidate_all()

    # How people do it

    def as_person(self, model):
        return self.env(user=self.person, su=False)[model]

    def rpc(self, records, method, *args, **context):
        """As a screen does it, or another program over RPC."""
        return call_kw(self.as_person(records._name), method, [records.ids, *args], {"context": context})

    def move(self, product):
        return self.order.move_raw_ids.filtered(lambda move: move.product_id == product)[:1]

    def split(self, wizard):
        half = {"quantity": WHOLE / 2, "date": wizard.production_id.date_start}
        halves = [Command.create(half) for _half in range(2)]
        wizard.write({"production_detailed_vals_ids": [Command.clear(), *halves]})
        self.rpc(wizard, "action_split")

    def another_order(self):
        self.other = self.new_order(WHOLE)
        return self.other

    def type_produced(self, quantity):
        """In the order's form, with what Odoo does to the components meanwhile; once it is closed, over RPC."""
        if self.order.state in ("done", "cancel"):
            self.rpc(self.order, "write", {"qty_producing": quantity})
            return
        with Form(self.order.with_user(self.person)) as form:
            form.qty_producing = quantity

    def close_with(self, quantity):
        """Enter a quantity and press *Produce*: the wizard that Odoo answers with."""
        self.type_produced(quantity)
        action = self.rpc(self.order, "button_mark_done", skip_consumption=True)
        if isinstance(action, dict) and action.get("res_model") == "mrp.production.backorder":
            context = {**action["context"], "skip_consumption": True}
            return Form(self.as_person("mrp.production.backorder").with_context(**context)).save()
        return None

    def change_quantity(self, quantity):
        wizard = self.as_person("change.production.qty").create({"mo_id": self.order.id, "product_qty": quantity})
        self.rpc(wizard, "change_prod_qty")

    def procure(self, quantity):
        """What a sale line that was raised does: another procurement with the references of the first."""
        warehouse = self.env.ref("stock.warehouse0")
        values = {
            "reference_ids": self.order.reference_ids,
            "warehouse_id": warehouse,
            "date_planned": fields.Datetime.now() + timedelta(days=1),
        }
        request = self.env["stock.rule"].Procurement(
            self.feed, quantity, self.kg, warehouse.lot_stock_id, "Sale", "Sale", self.env.company, values
        )
        self.env["stock.rule"].run([request])

    def reorder(self, minimum):
        warehouse = self.env.ref("stock.warehouse0")
        values = {"product_id": self.feed.id, "location_id": warehouse.lot_stock_id.id, "product_min_qty": minimum}
        values["product_max_qty"] = minimum
        point = self.env["stock.warehouse.orderpoint"].create({**values, "trigger": "auto", "route_id": self.feed.route_ids.id})
        point._procure_orderpoint_confirm(company_id=self.env.company)

    # The batch in its states

    def begin(self, state, operations):
        bom = self.bom_with_operation if operations else self.bom
        self.order = self.new_order(WHOLE, bom_id=bom.id, user_id=False)
        self.other = self.order.browse()
        self.batch = self.fill()
        self.dosed = self.scrapped = 0.0
        for step in self.way_to(state):
            step()
        self.assertEqual(self.batch.state, state)

    def way_to(self, state):
        def advance(to):
            return lambda: self.batch._advance(to, 0.0, {})

        offered = [advance("sending"), advance("offered")]
        running = [*offered, advance("running")]
        return {
            "queued": [],
            "sending": offered[:1],
            "offered": offered,
            "running": running,
            "cancelling": [*offered, lambda: self.batch.action_cancel("plan", "", "requeue")],
            "completed": [*running, lambda: self.make(self.batch)],
            "failed": [*running, lambda: self.fail_batch(self.batch)],
            "done": [*running, lambda: self.make(self.batch), lambda: self.book(self.batch)],
            "cancelled": [lambda: self.batch.action_cancel("plan", "", "requeue")],
        }[state]

    # How it ends

    def follow(self, back=None):
        """The PLC and the tasks go on; people decide what only they can. To the end: no batch is open, and none comes of it."""
        for _step in range(STEPS):
            batches = self.fill() or self.queue()
            if not batches and back and self.order.state in OPEN_ORDER:
                back(self)
                back = None
                continue
            if not batches:
                return
            batches._sync_with_order(self.controller.layout_id._layout())
            for batch in batches.filtered("active"):
                self.go_on(batch)
        self.fail("it does not come to an end")

    def fill(self):
        return self.env["plc.task.fill"]._fill(self.controller)

    def go_on(self, batch):
        if batch.state == "cancelling":
            batch._advance("cancelled", 0.0, {})
        elif batch.state == "failed":
            batch.action_set_disposition("requeue", "scrap")
            SeparateBooking(batch).book_failed()
            batch._close_disposition()
        elif batch.state == "completed" and batch.production_id.state == "cancel":
            batch.action_book_on_new_order()
        elif batch.state == "completed" and batch.production_id.state == "done":
            self.forget(batch)
        elif batch.state == "completed":
            self.book(batch)
        else:
            self.make(batch)

    def make(self, batch):
        planned = {line.code: line.planned_qty for line in batch.line_ids if line.code}
        self.dosed += planned.get(101, 0.0)
        batch._store_actuals(planned.keys(), planned.values())
        batch._advance("completed", batch.planned_qty, {"acknowledged": True})

    def fail_batch(self, batch):
        self.dosed += PARTLY
        batch._store_actuals((101, 102, 114), (PARTLY, 0.0, 0.0))
        batch._advance("failed", 0.0, {"acknowledged": True})

    def book(self, batch):
        self.env["plc.task.write.back"]._book(batch)
        batch._finish()

    def forget(self, batch):
        """Its order was closed by hand: a manager says that what was booked there is what the batch made."""
        booked = sum(batch.production_id.move_raw_ids.filtered(lambda move: move.product_id == self.wheat).mapped("quantity"))
        self.dosed += booked - batch.line_ids.filtered(lambda line: line.code == 101).actual_qty
        batch.action_is_booked_by_hand("by the shift")

    # What came of it

    def in_stock(self, product):
        place = self.env.ref("stock.warehouse0").lot_stock_id
        return self.env["stock.quant"]._get_available_quantity(product, place, allow_negative=True)

    def made(self):
        return self.moved(self.feed, "location_dest_id") - self.moved(self.feed, "location_id")

    def wheat_gone(self):
        return self.moved(self.wheat, "location_id")

    def moved(self, product, end):
        """kg that went into stock, or out of it"""
        done = [("product_id", "=", product.id), ("state", "=", "done"), (f"{end}.usage", "=", "internal")]
        moves = self.env["stock.move"].search(done)
        return sum(move.product_uom._compute_quantity(move.quantity, self.kg, round=False) for move in moves)
