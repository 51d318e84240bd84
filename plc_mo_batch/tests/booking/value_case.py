"""A mill whose stock has a value: what goes into an order and what comes out of it, and what Odoo makes of an equal order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from unittest import SkipTest

from odoo.fields import Command

from ...models.booking.separate_booking import SeparateBooking
from .. import value
from ..common import MillCase

BEGAN = datetime.now().replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=2)
WHOLE = {101: 602.0, 102: 352.0, 114: 32.0}  # dosed for a ton
ANSWERS = {"skip_consumption": True, "skip_backorder": True, "skip_redirection": True}


@dataclass(frozen=True)
class Balance:
    """In the company's currency, rounded to cents. ``came_in``: components, labour, and what a person added to the price;
    ``came_out``, ``shared`` with so many moves of by-products: Odoo divides what it rounds to a cent."""

    came_in: float
    came_out: float
    shared: int

    @property
    def cents(self):
        """What may be rounded away."""
        return 0.01 * self.shared + 0.001

    @property
    def is_even(self):
        return abs(self.came_in - self.came_out) < self.cents


class ValueCase(MillCase):
    """All products are valued at ``method``."""

    method = "average"
    valuation = "periodic"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not value.is_counted(cls.env):
            raise SkipTest("needs mrp_account")
        cls.category = cls.env["product.category"].create(
            {"name": "Test feed mill", "property_cost_method": cls.method, "property_valuation": cls.valuation}
        )
        components = cls.wheat | cls.soy | cls.molasses | cls.salt
        (components | cls.feed).categ_id = cls.category
        cls.receive(50_000.0, *components)
        cls.mixer = cls.env["mrp.workcenter"].create({"name": "Test mixer", "costs_hour": 60.0})

    @classmethod
    def use(cls, method):
        cls.category.property_cost_method = method
        cls.env.invalidate_all()

    @classmethod
    def receive(cls, quantity, *products):
        """In stock with a value, as Odoo counts it."""
        location = cls.env.ref("stock.warehouse0").lot_stock_id.id
        for product in products:
            values = {"product_id": product.id, "location_id": location, "inventory_quantity": quantity}
            cls.env["stock.quant"].with_context(inventory_mode=True).create(values).action_apply_inventory()

    def with_labour(self, minutes=10.0):
        """Each ton is planned to take ``minutes``."""
        self.bom.operation_ids = [
            Command.create({"name": "Mix", "workcenter_id": self.mixer.id, "time_mode": "manual", "time_cycle_manual": minutes})
        ]

    def with_byproduct(self, cost_share=10.0):
        self.bran = self.new_product("Test bran", categ_id=self.category.id)
        values = {"product_id": self.bran.id, "product_qty": 50.0, "product_uom_id": self.kg.id, "cost_share": cost_share}
        self.bom.byproduct_ids = [Command.create(values)]

    # What the PLC makes

    def start(self, tons=1.0, batches=1, **values):
        """An order, with what the PLC was given of it."""
        self.controller.max_batch_qty = 1000.0 * tons / batches if batches > 1 else 0.0
        order = self.new_order(1000.0 * tons, **values)
        self.run_task(1)
        return order, order.plc_batch_ids.filtered("active").sorted("part")

    def finish(self, batch, minutes=7, weight=None):
        """The PLC made it: a little more than planned."""
        share = batch.planned_qty / 1000.0
        batch._store_actuals(WHOLE.keys(), [quantity * share for quantity in WHOLE.values()])
        batch._advance("completed", batch.planned_qty * 0.99 if weight is None else weight, {"acknowledged": True})
        began = BEGAN + timedelta(minutes=30 * batch.part)
        batch.write({"date_started": began, "date_finished": began + timedelta(minutes=minutes)})

    def book(self, *batches, **options):
        for batch in batches:
            self.finish(batch, **options)
        self.run_task(3)
        for batch in batches:
            self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])

    def book_rest(self, order):
        """What no batch was left to make."""
        self.run_task(1)
        self.book(*order.plc_batch_ids.filtered("active"))

    def fail_batch(self, batch, material, order="requeue", minutes=3):
        batch._store_actuals((101, 102, 114), (250.0, 0.0, 0.0))
        batch._advance("failed", 0.0, {"acknowledged": True})
        began = BEGAN - timedelta(hours=1)
        batch.write({"date_started": began, "date_finished": began + timedelta(minutes=minutes)})
        batch.action_set_disposition(order, material)
        self.run_task(3)
        self.assertRecordValues(batch, [{"last_error": False, "state": "cancelled"}])
        order = batch.production_id
        if order.plc_withheld:
            order.action_plc_requeue()
        self.run_task(1)
        return order.plc_batch_ids.filtered("active").sorted("part")

    def weigh_late(self, batch, quantity=4.0):
        """kg of salt, weighed once the batch is booked."""
        line = batch.line_ids.filtered(lambda line: line.product_id == self.salt)
        SeparateBooking(batch).book_late(line, quantity)

    # Value

    def balance(self, order):
        shared = order.move_byproduct_ids.filtered(lambda move: move.state == "done" and move.cost_share)
        return Balance(round(value.went_in(order), 2), round(value.came_out(order), 2), len(shared))

    def odoos_own(self, order, late=None):
        """The balance of an equal order that Odoo closes by itself, all at once.

        :param late: kg by product that are entered once it is closed
        """
        late, twin = late or {}, self.new_order(order.product_qty, plc_withheld=True, extra_cost=order.extra_cost)
        self._log_times(order, twin)
        twin.qty_producing = order.qty_produced
        for product, quantity in self._done(order.move_raw_ids).items():
            move = twin.move_raw_ids.filtered(lambda move, product=product: move.product_id == product)[:1]
            move.write({"quantity": quantity - late.get(product, 0.0), "picked": True})
        for product, quantity in self._done(order.move_byproduct_ids).items():
            twin.move_byproduct_ids.filtered(lambda move, product=product: move.product_id == product).quantity = quantity
        twin.with_context(**ANSWERS).button_mark_done()
        self.assertEqual((twin.state, twin.qty_produced), ("done", order.qty_produced))
        for product, quantity in late.items():
            twin.is_locked = False
            twin.move_raw_ids.filtered(lambda move, product=product: move.product_id == product).quantity += quantity
        return self.balance(twin)

    def _done(self, moves):
        totals = {}
        for move in moves.filtered(lambda move: move.state == "done"):
            totals[move.product_id] = totals.get(move.product_id, 0.0) + move.quantity
        return totals

    def _log_times(self, order, twin):
        for mine, theirs in zip(order.workorder_ids, twin.workorder_ids, strict=True):
            for time in mine.time_ids:
                time.copy({"workorder_id": theirs.id, "plc_batch_id": False})


class BooksCase(ValueCase):
    """Perpetual valuation: each move of stock has its entry, and ``self.account`` is that of production."""

    valuation = "real_time"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account, stock = cls.new_account("PLCA", "asset_current"), cls.new_account("PLCB", "asset_current")
        journal = cls.env["account.journal"].create({"name": "Test stock", "code": "PLCT", "type": "general"})
        cls.env.company.account_stock_journal_id = journal
        cls.category.write(
            {
                "property_stock_journal": journal.id,
                "property_stock_valuation_account_id": stock.id,
                "property_account_expense_categ_id": cls.new_account("PLCC", "expense").id,
            }
        )
        cls.feed.property_stock_production.valuation_account_id = cls.account

    @classmethod
    def new_account(cls, code, kind):
        return cls.env["account.account"].create({"name": f"Test {code}", "code": code, "account_type": kind})
