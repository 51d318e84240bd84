"""Value out is value in, to the cent: at average cost, FIFO and standard price, in one batch and in several."""

from odoo.fields import Command
from odoo.tests import tagged

from .value_case import BooksCase, ValueCase


@tagged("post_install", "-at_install")
class TestValue(ValueCase):
    def assert_even(self, order, came_in=None):
        balance = self.balance(order)
        self.assertTrue(balance.is_even, balance)
        if came_in is not None:
            self.assertAlmostEqual(balance.came_in, came_in, 2)

    def assert_done(self, order):
        self.assertEqual((order.state, {batch.state for batch in order.plc_batch_ids.filtered("consumed")}), ("done", {"done"}))

    # One batch

    def test_one_batch(self):
        for method in ("average", "fifo"):
            with self.subTest(method):
                self.use(method)
                order, batches = self.start()
                self.book(*batches)
                # 602 of wheat, 352 of soy, 32 of molasses, 14.45 of salt
                self.assert_even(order, 120.40 + 158.40 + 5.76 + 1.59)

    def test_standard_price_stays(self):
        self.use("standard")
        self.feed.standard_price = 0.5
        order, batches = self.start(1.5, 3)
        self.book(*batches)
        made = order.move_finished_ids.filtered(lambda move: move.state == "done")
        self.assertEqual([round(value, 2) for value in made.mapped("value")], [247.5] * 3)

    # Several batches

    def test_three_batches(self):
        for method in ("average", "fifo"):
            with self.subTest(method):
                self.use(method)
                order, batches = self.start(1.5, 3)
                for batch in batches:
                    self.book(batch)
                self.assert_done(order)
                self.assert_even(order)
                made = order.move_finished_ids.filtered(lambda move: move.state == "done")
                self.assertEqual(len(made), 3)
                self.assertAlmostEqual(max(made.mapped("value")), min(made.mapped("value")), 1)

    def test_three_batches_at_once(self):
        order, batches = self.start(1.5, 3)
        self.book(*batches)
        self.assert_even(order)

    def test_value_of_stock_is_that_of_the_moves(self):
        for method in ("average", "fifo"):
            with self.subTest(method):
                self.use(method)
                before = self.feed.total_value
                order, batches = self.start(1.5, 3)
                self.book(*batches)
                self.assertAlmostEqual(self.feed.total_value - before, self.balance(order).came_out, 2)

    def test_byproduct_gets_its_share_once(self):
        self.with_byproduct(cost_share=40.0)
        order, batches = self.start(1.5, 3)
        for batch in batches:
            self.book(batch)
            shares = order.move_byproduct_ids.filtered(lambda move: move.state != "cancel").mapped("cost_share")
            self.assertAlmostEqual(sum(shares), 40.0, 2, "Odoo refuses more than 100 in all")
        self.assert_even(order)
        byproducts = order.move_byproduct_ids.filtered(lambda move: move.state == "done")
        self.assertAlmostEqual(sum(byproducts.mapped("value")), self.balance(order).came_in * 0.4, 1)

    def test_extra_cost(self):
        order, batches = self.start(1.5, 3, extra_cost=0.1)
        self.book(*batches)
        self.assert_even(order)

    def test_labour_counts_once(self):
        self.with_labour()
        for method in ("average", "fifo"):
            with self.subTest(method):
                self.use(method)
                order, batches = self.start(1.5, 3)
                for batch in batches:
                    self.book(batch)
                self.assert_even(order)
                self.assertAlmostEqual(sum(workorder._cal_cost() for workorder in order.workorder_ids), 21.0)
                made = order.move_finished_ids.filtered(lambda move: move.state == "done")
                self.assertAlmostEqual(max(made.mapped("value")), min(made.mapped("value")), 1, "each carries its own seven")

    def test_time_that_a_person_logged_counts_once(self):
        self.with_labour()
        order, batches = self.start(1.5, 3)
        order.workorder_ids.time_ids = [
            Command.create(
                {
                    "workcenter_id": self.mixer.id,
                    "loss_id": self.env.ref("mrp.block_reason7").id,
                    "date_start": "2026-03-01 08:00:00",
                    "date_end": "2026-03-01 09:00:00",
                }
            )
        ]
        for batch in batches:
            self.book(batch)
        self.assert_even(order)
        self.assertAlmostEqual(sum(workorder._cal_cost() for workorder in order.workorder_ids), 60.0 + 21.0)

    def test_estimated_labour(self):
        self.with_labour()
        self.bom.operation_ids.cost_mode = "estimated"
        for tons, right in ((3.0, 30.0), (1.5, 20.0)):  # Odoo counts whole cycles
            with self.subTest(tons=tons):
                order, batches = self.start(tons, 3)
                for batch in batches:
                    self.book(batch)
                self.assert_even(order)
                self.assertAlmostEqual(sum(workorder._cal_cost() for workorder in order.workorder_ids), right)
                made = order.move_finished_ids.filtered(lambda move: move.state == "done").mapped("value")
                self.assertAlmostEqual(max(made), min(made), 1, "each carries a third of it")

    # Failed batches

    def test_failed_batch_as_scrap(self):
        order, batches = self.start()
        self.book(*self.fail_batch(batches, "scrap"))
        self.assert_even(order)

    def test_failed_batch_as_consumption(self):
        for method in ("average", "fifo"):
            with self.subTest(method):
                self.use(method)
                order, batches = self.start()
                self.book(*self.fail_batch(batches, "consume", "withhold"))
                self.assert_done(order)
                self.assert_even(order)
                wheat = order.move_raw_ids.filtered(lambda move: move.product_id == self.wheat and move.state == "done")
                self.assertEqual(sum(wheat.mapped("quantity")), 250.0 + 602.0)

    def test_failed_batch_of_several(self):
        for material, decision in (("scrap", "requeue"), ("consume", "withhold")):
            with self.subTest(material):
                order, batches = self.start(1.5, 3)
                self.book(batches[0])
                self.book(*self.fail_batch(batches[1], material, decision))
                self.book_rest(order)
                self.assert_done(order)
                self.assert_even(order)

    def test_failed_batch_with_labour(self):
        self.with_labour()
        order, batches = self.start()
        self.book(*self.fail_batch(batches, "consume", "withhold"))
        self.assert_even(order)
        self.assertAlmostEqual(sum(workorder._cal_cost() for workorder in order.workorder_ids), 3.0 + 7.0)

    # What people do

    def test_closed_by_hand_in_the_middle(self):
        self.with_labour()
        self.with_byproduct()
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        order.with_context(skip_consumption=True, skip_backorder=True).button_mark_done()
        self.assertEqual(order.state, "done")
        self.assert_even(order)

    def test_cancelled_in_the_middle(self):
        self.with_labour()
        order, batches = self.start(1.5, 3)
        self.book(batches[0], batches[1])
        batches[2].action_cancel("plan", "test", "cancel")
        self.run_task(2)
        self.run_task(3)
        self.assertEqual(order.state, "done")
        self.assert_even(order)

    def test_failed_batch_ends_the_order(self):
        """What was made before carries what the last batch consumed in vain."""
        self.with_labour()
        order, batches = self.start(1.0, 2)
        self.book(batches[0])
        self.fail_batch(batches[1], "consume", "cancel")
        self.assertEqual(order.state, "done")
        self.assert_even(order)

    def test_failed_batch_of_an_order_that_was_closed(self):
        order, batches = self.start(1.0, 2)
        self.book(batches[0])
        batches[1]._advance("running", 0.0, {})
        order.with_context(skip_consumption=True, skip_backorder=True).button_mark_done()
        self.fail_batch(batches[1], "consume", "withhold")
        self.assert_even(order)

    def test_raised_in_the_middle(self):
        order, batches = self.start(1.0, 2)
        self.book(batches[0])
        self.env["change.production.qty"].create({"mo_id": order.id, "product_qty": 1500.0}).change_prod_qty()
        self.book(batches[1])
        self.book_rest(order)
        self.assert_done(order)
        self.assert_even(order)

    def test_booked_on_a_new_order(self):
        order, batch = self.start()
        self.finish(batch)
        order.button_mark_done()
        self.assert_even(order)
        batch.action_book_on_new_order()
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.assert_even(batch.production_id)

    def test_backorder(self):
        self.with_byproduct()
        self.controller.write({"backorder_policy": "short", "backorder_percent": 1.0})
        order, batches = self.start(1.5, 3)
        self.book(*batches, weight=400.0)
        rest = order.production_group_id.production_ids - order
        self.assertEqual((order.state, rest.product_qty), ("done", 300.0))
        self.assertEqual(rest.move_byproduct_ids.mapped("cost_share"), [10.0])
        self.assert_even(order)
        self.run_task(1)
        self.book(*rest.plc_batch_ids.filtered("active"), weight=300.0)
        self.assert_even(rest)

    # Weighed late

    def test_weighed_late(self):
        for method in ("average", "fifo"):
            with self.subTest(method):
                self.use(method)
                order, batches = self.start()
                self.book(*batches)
                before = self.balance(order)
                self.weigh_late(batches)
                self.assert_even(order, round(before.came_in + 4.0 * 0.11, 2))

    def test_weighed_late_after_the_last_batch(self):
        order, batches = self.start(1.5, 3)
        self.book(*batches)
        before = self.balance(order).came_out
        self.weigh_late(batches[2])
        self.assertAlmostEqual(self.balance(order).came_out, before + 4.0 * 0.11, 2)
        raised = order.move_finished_ids.filtered(lambda move: move.state == "done" and not move.plc_batch_id)
        self.assertAlmostEqual(raised.value, max(order.move_finished_ids.mapped("value")), 2)

    def test_weighed_late_in_the_middle(self):
        self.with_byproduct()
        order, batches = self.start(1.5, 3)
        self.book(batches[0])
        self.weigh_late(batches[0])
        self.book(batches[1], batches[2])
        self.assert_even(order)
        self.weigh_late(batches[1])
        self.assert_even(order)
        byproducts = order.move_byproduct_ids.filtered(lambda move: move.state == "done")
        self.assertAlmostEqual(sum(byproducts.mapped("value")), self.balance(order).came_in * 0.1, 1)

    # Odoo's own pages

    def test_overview_opens(self):
        self.with_labour()
        self.with_byproduct()
        order, batches = self.start(1.5, 3)
        report = self.env["report.mrp.report_mo_overview"]
        for batch in batches:
            self.book(batch)
            data = report.get_report_values(order.id)["data"]
            made = order.move_finished_ids.filtered(lambda move: move.product_id == self.feed and move.state == "done")
            price = sum(made.mapped("value")) / sum(made.mapped("quantity"))
            self.assertAlmostEqual(data["summary"]["unit_cost"], price, 4)
        breakdown = {line["name"]: line["unit_avg_total_cost"] for line in data["cost_breakdown"]}
        self.assertEqual(len(breakdown), 2)
        self.assertAlmostEqual(data["summary"]["real_cost"], self.balance(order).came_in * 0.9, 1)
        report._get_report_values(order.ids)

    def test_other_pages_open(self):
        """While the order is in progress, and when it is done."""
        order, batches = self.start(1.0, 2)
        for batch in batches:
            self.book(batch)
            self.env.flush_all()
            self.env["stock_account.stock.valuation.report"].get_report_values()
            rows = [("product_id", "=", self.feed.id), ("res_model_name", "=", "stock.move")]
            audit = self.env["stock.avco.report"].search(rows)
            self.assertEqual(len(audit), len(order.move_finished_ids.filtered(lambda move: move.state == "done")))
            self.assertTrue(all(audit.mapped("total_value")))
            trace = self.env["stock.traceability.report"]
            self.assertTrue(trace.get_lines(model_name="mrp.production", model_id=order.id, level=1))

    def test_hooks_are_the_outermost(self):
        """Whatever is installed, in whatever order it was loaded."""
        hooks = {"mrp.production": "_cal_price", "mrp.workorder": "_cal_cost", "report.mrp.report_mo_overview": "_get_unit_cost"}
        for model, name in hooks.items():
            with self.subTest(model):
                self.assertTrue(hasattr(getattr(self.env.registry[model], name), "plc_wrapper"))

    def test_order_of_somebody_else(self):
        """What the addon has no part in is as Odoo does it."""
        order = self.new_order(plc_withheld=True)
        order.qty_producing = 1000.0
        order._set_qty_producing()
        order.with_context(skip_consumption=True).button_mark_done()
        self.assert_even(order)
        self.assertFalse(any(order.move_raw_ids.mapped("plc_carried")))


@tagged("post_install", "-at_install")
class TestValueInTheBooks(BooksCase):
    """Perpetual valuation: what goes through production leaves nothing on its account."""

    def left(self):
        """What is left on the account of production."""
        lines = self.env["account.move.line"].search([("account_id", "=", self.account.id), ("parent_state", "=", "posted")])
        return round(sum(lines.mapped("balance")), 2)

    def test_nothing_is_left(self):
        self.with_labour()
        self.with_byproduct()
        order, batches = self.start(1.5, 3)
        for batch in batches:
            self.book(batch)
        self.assertEqual(order.state, "done")
        self.assertAlmostEqual(self.left(), 0.0, 1)

    def test_late_weighing(self):
        order, batches = self.start(1.5, 3)
        self.book(*batches)
        self.weigh_late(batches[0])
        self.assertTrue(self.balance(order).is_even)
        self.assertAlmostEqual(self.left(), 0.0, 1)

    def test_failed_batch_ends_the_order(self):
        self.with_labour()
        order, batches = self.start(1.0, 2)
        self.book(batches[0])
        self.fail_batch(batches[1], "consume", "cancel")
        self.assertEqual(order.state, "done")
        self.assertAlmostEqual(self.left(), 0.0, 1)
