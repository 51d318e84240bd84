"""What people do to the value of what a PLC made: landed costs, work in progress at a month's end, others' stock."""

from datetime import timedelta
from unittest import SkipTest

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from .value_case import ANSWERS, ValueCase

TOMORROW = timedelta(days=1)


@tagged("post_install", "-at_install")
class TestLandedCosts(ValueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "stock.landed.cost" not in cls.env or "mrp_production_ids" not in cls.env["stock.landed.cost"]._fields:
            raise SkipTest("needs mrp_landed_costs")
        cls.freight = cls.env["product.product"].create({"name": "Test freight", "type": "service", "landed_cost_ok": True})
        cls.journal = cls.env["account.journal"].create({"name": "Test landed", "code": "PLCL", "type": "general"})

    def land(self, order, amount=100.0):
        line = {"product_id": self.freight.id, "name": "Freight", "price_unit": amount, "split_method": "by_quantity"}
        values = {"target_model": "manufacturing", "mrp_production_ids": order.ids, "account_journal_id": self.journal.id}
        cost = self.env["stock.landed.cost"].create({**values, "cost_lines": [Command.create(line)]})
        cost.button_validate()
        self.value_let_go += tuple(order.ids)  # it came in otherwise than by the order

    def assert_comes_out(self, order, landed):
        balance = self.balance(order)
        self.assertAlmostEqual(balance.came_out, balance.came_in + landed, delta=balance.cents)

    def test_landed_then_weighed_late(self):
        for tons, count in ((1.0, 1), (1.5, 3)):
            for method in ("average", "fifo"):
                with self.subTest(method, batches=count):
                    self.use(method)
                    order, batches = self.start(tons, count)
                    self.book(*batches)
                    self.land(order)
                    self.assert_comes_out(order, 100.0)
                    self.weigh_late(batches[0])
                    self.weigh_late(batches[0], 3.0)
                    self.assert_comes_out(order, 100.0)

    def test_landed_in_the_middle(self):
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        self.land(order)
        self.weigh_late(batches[0])
        self.book(batches[1], batches[2])
        self.assert_comes_out(order, 100.0)

    def test_landed_then_cancelled(self):
        """Odoo gives 66.89 of 100.00 to the two thirds that are still to be made: what was made carries it."""
        for booked in (1, 2):
            for method in ("average", "fifo"):
                with self.subTest(method, booked=booked):
                    self.use(method)
                    order, batches = self.start(1.5, 3)
                    self.book(*batches[:booked])
                    self.land(order)
                    batches[booked].action_cancel("plan", "test", "cancel")
                    self.run_task(2)
                    self.run_task(3)
                    self.assertEqual(order.state, "done")
                    self.assert_comes_out(order, 100.0)

    def test_landed_then_closed_by_hand(self):
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        self.land(order)
        order.with_context(skip_consumption=True, skip_backorder=True).button_mark_done()
        self.assert_comes_out(order, 100.0)

    def test_landed_on_an_order_of_which_nothing_is_made(self):
        """So it is in Odoo by itself: nothing is there that could carry it."""
        order = self.new_order(plc_withheld=True)
        order.qty_producing = 400.0
        order._set_qty_producing()
        self.land(order)
        order.action_cancel()
        self.assertEqual((order.state, self.balance(order).came_out), ("cancel", 0.0))


@tagged("post_install", "-at_install")
class TestCorrectedMeanwhile(ValueCase):
    """What people correct of a batch that is booked, while its order goes on, is carried by the next one."""

    def wheat_of(self, batch):
        return batch.line_ids.move_id.filtered(lambda move: move.product_id == self.wheat)

    def test_component(self):
        for method in ("average", "fifo"):
            for quantity in (250.0, 340.0):
                with self.subTest(method, quantity=quantity):
                    self.use(method)
                    self.with_byproduct()
                    order, batches = self.start(1.5, 3)
                    self.book(batches[0])
                    before = self.balance(order).came_in
                    self.wheat_of(batches[0]).quantity = quantity
                    self.assertAlmostEqual(self.balance(order).came_in, before + (quantity - 301.0) * 0.2, 2)
                    self.book(batches[1])
                    self.assertTrue(self.balance(order).is_even, self.balance(order))
                    self.book(batches[2])
                    self.assertTrue(self.balance(order).is_even, self.balance(order))

    def test_before_the_last_one(self):
        """Booked, closed by hand, or cancelled."""

        def cancelled(order, batch):
            batch.action_cancel("plan", "test", "cancel")
            self.run_task(2)
            self.run_task(3)

        ends = {
            "booked": lambda order, batch: self.book(batch),
            "closed": lambda order, batch: order.with_context(**ANSWERS).button_mark_done(),
            "cancelled": cancelled,
        }
        for name, end in ends.items():
            with self.subTest(name):
                order, batches = self.start(1.5, 3, extra_cost=0.1)
                self.book(batches[0], batches[1])
                self.wheat_of(batches[0]).quantity = 250.0
                end(order, batches[2])
                self.assertEqual((order.state, order.extra_cost), ("done", 0.1))
                self.assertTrue(self.balance(order).is_even, self.balance(order))

    def test_times(self):
        """Deleted, or corrected."""
        for change in (lambda time: time.unlink(), lambda time: time.write({"date_end": time.date_start})):
            self.with_labour()
            order, batches = self.start(1.5, 3)
            self.book(batches[0])
            change(order.workorder_ids.time_ids)
            self.book(batches[1], batches[2])
            self.assertTrue(self.balance(order).is_even, self.balance(order))
            self.assertAlmostEqual(sum(order.workorder_ids.mapped("duration")), 14.0)
            self.bom.operation_ids.unlink()

    def test_work_order_deleted(self):
        """Its time is in what was made."""
        self.with_labour()
        for mode in ("actual", "estimated"):
            with self.subTest(mode):
                self.bom.operation_ids.cost_mode = mode
                order, batches = self.start(1.5, 3)
                self.book(batches[0])
                with self.assertRaisesRegex(UserError, "Cancel it instead"), self.env.cr.savepoint():
                    order.workorder_ids.unlink()
                order.workorder_ids.action_cancel()
                self.book(batches[1], batches[2])
                self.assertTrue(self.balance(order).is_even, self.balance(order))

    def test_lowered_to_what_was_made_after_a_failed_batch(self):
        """Nothing more is made that could carry what it consumed."""
        self.with_labour()
        order, batches = self.start(1.5, 3)
        self.book(batches[0], batches[1])
        self.fail_batch(batches[2], "consume", "withhold")
        order.plc_batch_ids.filtered("active").action_cancel("plan", "test", "requeue")
        self.env["change.production.qty"].create({"mo_id": order.id, "product_qty": 1000.0}).change_prod_qty()
        order.with_context(skip_consumption=True, skip_backorder=True).button_mark_done()
        self.assertEqual(order.state, "done")
        self.assertTrue(self.balance(order).is_even, self.balance(order))


@tagged("post_install", "-at_install")
class TestOutOfStock(ValueCase):
    """What is produced into a place that is no stock of the company has no value; Odoo closes such an order, too."""

    def test_weighed_late(self):
        place = self.env.ref("stock.stock_location_customers")
        order, batches = self.start(1.5, 3, location_dest_id=place.id)
        self.value_let_go += tuple(order.ids)
        self.book(*batches)
        self.weigh_late(batches[0])
        salt = order.move_raw_ids.filtered(lambda move: move.product_id == self.salt and move.state == "done")
        self.assertAlmostEqual(sum(salt.mapped("quantity")), 21.68 + 4.0)
        self.assertEqual(self.balance(order).came_out, 0.0)


@tagged("post_install", "-at_install")
class TestWorkInProgress(ValueCase):
    """The entry that Odoo proposes for the end of a month: what is consumed, and in no product yet."""

    def proposed(self, order, date=None):
        """(components, overhead, work in progress)"""
        wizard = self.env["mrp.account.wip.accounting"].with_context(active_ids=order.ids)
        lines = wizard._get_line_vals(order, date or fields.Datetime.now() + TOMORROW)
        values = [line["credit"] if "credit" in line else line["debit"] for _command, _id, line in lines]
        return [round(value, 2) for value in values]

    def test_what_batches_made_is_in_progress_no_more(self):
        self.with_labour()
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        self.assertEqual(self.proposed(order), [0.0, 0.0, 0.0])
        salt = order.move_raw_ids._plc_open().filtered(lambda move: move.product_id == self.salt)
        salt.write({"quantity": 4.0, "picked": True})
        self.assertEqual(self.proposed(order), [0.44, 0.0, 0.44])

    def test_failed_batch_is_in_progress(self):
        """Its material and its time are carried by the next batch."""
        self.with_labour()
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        self.fail_batch(batches[1], "consume", "withhold")
        self.assertEqual(self.proposed(order), [50.0, 3.0, 53.0])
        self.book(batches[2])
        self.assertEqual(self.proposed(order), [0.0, 0.0, 0.0])

    def test_wizard_opens(self):
        order, batches = self.start(1.0, 2)
        self.book(batches[0])
        journal = self.env["account.journal"].create({"name": "Test WIP", "code": "PLCW", "type": "general"})
        wizards = self.env["mrp.account.wip.accounting"].with_context(active_ids=order.ids)
        wizard = wizards.create({"journal_id": journal.id, "reversal_date": fields.Date.today() + TOMORROW})
        self.assertEqual((wizard.mo_ids, sum(wizard.line_ids.mapped("debit"))), (order, 0.0))

    def test_orders_of_others_are_as_odoo_has_them(self):
        order = self.new_order(plc_withheld=True)
        salt = order.move_raw_ids.filtered(lambda move: move.product_id == self.salt)
        salt.write({"quantity": 4.0, "picked": True})
        self.assertEqual(self.proposed(order), [0.44, 0.0, 0.44])
        self.assertEqual(self.proposed(self.env["mrp.production"]), [0.0, 0.0, 0.0])
