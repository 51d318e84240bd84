"""One product in several components of an order: one dosing of the sum, booked on each by its demand."""

from odoo.fields import Command
from odoo.tests import tagged

from ...models.board.lanes import Lanes
from ..common import MillCase
from ..orders.test_shares import SharedOrderCase


class TwiceCase(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.premix = cls.new_product("Test premix")
        cls.kit = cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": cls.premix.product_tmpl_id.id,
                "product_qty": 10.0,
                "product_uom_id": cls.kg.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": cls.wheat.id, "product_qty": 8.0}),
                    Command.create({"product_id": cls.salt.id, "product_qty": 2.0}),
                ],
            }
        )
        cls.kit_bom = cls.new_bom([(cls.wheat, 600.0), (cls.soy, 350.0), (cls.premix, 50.0)])

    def wheat_moves(self, order):
        return order.move_raw_ids.filtered(lambda move: move.product_id == self.wheat and move.state != "cancel").sorted("id")

    def wheat_booked(self, order):
        return [round(move.quantity, 2) for move in self.wheat_moves(order) if move.state == "done"]

    def assertDone(self, *batches):
        for batch in batches:
            self.assertRecordValues(batch, [{"last_error": False, "state": "done"}])


@tagged("post_install", "-at_install")
class TestOneProductTwice(TwiceCase):
    def kit_order(self):
        return self.new_order(bom_id=self.kit_bom.id)

    def test_recipe_has_it_once(self):
        order = self.kit_order()
        plc = self.new_simulator()
        self.run_task(1)
        self.assertFalse(order.plc_reason)
        batch = self.queue()
        wheat = batch.line_ids.filtered(lambda line: line.code == 101)
        self.assertRecordValues(wheat, [{"planned_qty": 600.0, "move_qty": 600.0}, {"planned_qty": 40.0, "move_qty": 40.0}])
        self.run_task(2)
        layout = self.controller.layout_id._layout()
        recipe = batch._recipe(layout)
        self.assertEqual(recipe["line_quantity"][recipe["line_code"].index(101)], 640.0)
        self.run_plc(plc, 1)
        self.run_task(2)
        self.run_task(3)
        self.assertDone(batch)
        (finished,) = (record for record in plc.mill.ledger if record["event"] == "finished")
        (dosing,) = (line for line in finished["lines"] if line["code"] == 101)
        self.assertEqual(dosing["target"], 640.0)
        self.assertAlmostEqual(sum(self.wheat_booked(order)), dosing["kg"], 2)

    def test_booked_on_each_by_its_demand(self):
        for dosed, booked in ((640.0, [600.0, 40.0]), (644.0, [603.75, 40.25]), (320.0, [300.0, 20.0]), (0.01, [0.01])):
            with self.subTest(dosed):
                order = self.kit_order()
                batch = self.complete(order, actuals={101: dosed, 102: 350.0})
                self.assertAlmostEqual(sum(batch.line_ids.filtered(lambda line: line.code == 101).mapped("actual_qty")), dosed)
                self.run_task(3)
                self.assertDone(batch)
                self.assertEqual(self.wheat_booked(order), booked)

    def test_nothing_dosed(self):
        order = self.kit_order()
        batch = self.complete(order, actuals={101: 0.0, 102: 350.0})
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(sum(self.wheat_booked(order)), 0.0)

    def test_two_lines_of_the_bom(self):
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0), (self.soy, 350.0), (self.wheat, 50.0)]).id)
        batch = self.complete(order, actuals={101: 663.0, 102: 350.0})
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(self.wheat_booked(order), [612.0, 51.0])

    def test_two_operations(self):
        center = self.env["mrp.workcenter"].create({"name": "Test mixer"})
        bom = self.new_bom([(self.wheat, 600.0), (self.soy, 350.0), (self.wheat, 50.0)])
        bom.operation_ids = [Command.create({"name": name, "workcenter_id": center.id}) for name in ("Mix", "Coat")]
        bom.bom_line_ids[0].operation_id, bom.bom_line_ids[2].operation_id = bom.operation_ids
        order = self.new_order(bom_id=bom.id)
        batch = self.complete(order, actuals={101: 663.0, 102: 350.0})
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(self.wheat_booked(order), [612.0, 51.0])
        self.assertEqual(self.wheat_moves(order).operation_id, bom.operation_ids)

    def test_in_different_units(self):
        gram = self.env.ref("uom.product_uom_gram")
        bom = self.new_bom([(self.wheat, 600.0), (self.soy, 350.0)])
        bom.bom_line_ids = [Command.create({"product_id": self.wheat.id, "product_qty": 40_000.0, "product_uom_id": gram.id})]
        order = self.new_order(bom_id=bom.id)
        batch = self.complete(order, actuals={101: 644.0, 102: 350.0})
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(self.wheat_booked(order), [603.75, 40_250.0])

    def test_kit_that_is_in_the_formula_twice(self):
        bom = self.new_bom([(self.soy, 350.0), (self.premix, 50.0), (self.premix, 100.0)])
        order = self.new_order(bom_id=bom.id)
        batch = self.complete(order, actuals={101: 126.0, 102: 350.0})
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(self.wheat_booked(order), [42.0, 84.0])

    def test_component_that_is_a_byproduct_too(self):
        self.kit_bom.byproduct_ids = [
            Command.create({"product_id": self.wheat.id, "product_qty": 10.0, "product_uom_id": self.kg.id})
        ]
        order = self.kit_order()
        batch = self.complete(order, actuals={101: 644.0, 102: 350.0}, weight=900.0)
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(self.wheat_booked(order), [603.75, 40.25])
        self.assertEqual(order.move_byproduct_ids.mapped("quantity"), [9.0])

    def test_product_that_is_its_own_component(self):
        """Rework: what was made is mixed in again."""
        order = self.new_order(bom_id=self.bom.id)
        self.new_silo(103, self.feed)
        order.move_raw_ids = [Command.create({"product_id": self.feed.id, "product_uom_qty": 20.0, "product_uom": self.kg.id})]
        batch = self.complete(order, actuals={101: 600.0, 102: 352.0, 103: 21.0, 114: 33.0})
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(self.consumed(order)[self.feed], 21.0)
        self.assertEqual(order.qty_produced, 1000.0)

    def test_lots(self):
        """What is reserved for one of them is not booked on the other; any excess is of the last lot."""
        barley = self.new_product("Test barley", tracking="lot")
        silo = self.new_silo(103, barley)
        first, second, third = self.env["stock.lot"].create([{"name": f"L{n}", "product_id": barley.id} for n in (1, 2, 3)])
        self.put_in_stock(50.0, barley, lot=first)
        self.put_in_stock(90.0, barley, lot=second)
        silo.lot_id = third
        self.controller.lot_policy = "reserved"
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0), (barley, 100.0), (barley, 40.0)]).id)
        order.action_assign()
        batch = self.complete(order, actuals={101: 600.0, 103: 147.0})
        self.run_task(3)
        self.assertDone(batch)
        items = order.move_raw_ids.filtered(lambda move: move.product_id == barley).move_line_ids
        booked = {lot: sum(items.filtered(lambda item, lot=lot: item.lot_id == lot).mapped("quantity")) for lot in items.lot_id}
        self.assertEqual({lot.name: round(quantity, 2) for lot, quantity in booked.items()}, {"L1": 50.0, "L2": 90.0, "L3": 7.0})

    def test_failed_batch(self):
        for booking in ("scrap", "consume"):
            with self.subTest(booking):
                order = self.kit_order()
                self.run_task(1)
                batch = self.queue()
                batch._store_actuals([101], [320.0])
                batch._advance("failed", 0.0, {"acknowledged": True})
                batch.action_set_disposition("withhold", booking)
                self.run_task(3)
                self.assertRecordValues(batch, [{"state": "cancelled", "disposition_booked": True, "last_error": False}])
                scraps = self.env["stock.scrap"].search([("production_id", "=", order.id)])
                moves = scraps.move_ids | order.move_raw_ids.filtered("plc_batch_id")
                self.assertEqual(sum(moves.filtered(lambda move: move.product_id == self.wheat).mapped("quantity")), 320.0)

    def test_booked_on_a_new_order(self):
        order = self.kit_order()
        self.run_task(1)
        batch = self.queue()
        batch._set_state("running")
        order.action_cancel()
        batch._store_actuals([101, 102], [644.0, 350.0])
        batch._advance("completed", 1000.0, {"acknowledged": True})
        batch.action_book_on_new_order()
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(self.wheat_booked(batch.production_id), [603.75, 40.25])

    def test_booked_on_a_new_order_without_bom_lines(self):
        """Two components that are alike in everything: each is booked on one of its own."""
        order = self.new_order(bom_id=self.new_bom([(self.wheat, 600.0), (self.soy, 350.0), (self.wheat, 50.0)]).id)
        self.run_task(1)
        batch = self.queue()
        batch._set_state("running")
        order.move_raw_ids.bom_line_id = False
        order.action_cancel()
        batch._store_actuals([101, 102], [663.0, 350.0])
        batch._advance("completed", 1000.0, {"acknowledged": True})
        batch.action_book_on_new_order()
        self.run_task(3)
        self.assertDone(batch)
        self.assertEqual(self.wheat_booked(batch.production_id), [612.0, 51.0])

    def test_tolerance_is_that_of_the_dosing(self):
        """2 kg more of 640 are judged by what the silo weighed at once, not by the 40 of them."""
        self.controller.equipment_ids[0].write({"tolerance_kg": 5.0, "review_kg": 10.0})
        for dosed, state in ((644.0, "within"), (646.0, "warn"), (651.0, "review")):
            with self.subTest(dosed):
                batch = self.complete(self.kit_order(), actuals={101: dosed, 102: 350.0})
                wheat = batch.line_ids.filtered(lambda line: line.code == 101)
                self.assertEqual(wheat.mapped("tolerance_state"), [state, state])
                if state == "review":
                    self.assertIn("Test wheat +11.00 kg (+1.72 %).", batch.attention)
                    batch.action_release_review("Seen")
                self.run_task(3)
                self.assertDone(batch)

    def test_board_shows_one_dosing(self):
        self.kit_order()
        self.run_task(1)
        batch = self.queue()
        batch._set_state("running")
        batch._store_actuals([101], [320.0])
        lines = Lanes(self.controller, batch).items()[0]["batches"][0]["lines"]
        wheat = [line for line in lines if line["place"] == "Silo 101"]
        self.assertEqual([(line["planned"], line["actual"]) for line in wheat], [(640.0, 320.0)])
        message = self.env["plc.board"]._message(self.controller, {"lane": False}, batch.line_ids)
        actual = dict(message["actual"])
        self.assertEqual(actual[wheat[0]["id"]], 320.0)

    def test_two_different_products_of_one_silo(self):
        self.controller.equipment_ids[0].product_ids += self.salt
        order = self.kit_order()
        self.run_task(1)
        self.assertEqual(
            order.plc_reason,
            "Test wheat and Test salt would both be dosed from Silo 101: select on a BoM line of one of them where else to dose "
            "it from, or set only one of them as its product",
        )

    def test_as_many_lines_as_the_layout_has(self):
        """A product that is needed twice takes one line of the recipe."""
        layout = self.controller.layout_id._layout()
        codes = [code for code in layout.codes if code] or list(range(101, 101 + len(layout.codes)))
        self.controller.equipment_ids.unlink()
        products = [self.new_product(f"Test component {code}") for code in codes]
        for code, product in zip(codes, products, strict=True):
            self.new_silo(code, product)
        order = self.new_order(bom_id=self.new_bom([(product, 10.0) for product in [*products, products[0]]]).id)
        self.run_task(1)
        self.assertFalse(order.plc_reason)
        self.assertEqual(len(self.queue().line_ids), len(codes) + 1)


@tagged("post_install", "-at_install")
class TestOneProductTwiceShared(TwiceCase, SharedOrderCase):
    def dose(self, *batches, wheat):
        """The PLC finished them; ``wheat``: kg from silo 101."""
        for batch in batches:
            batch._store_actuals([101, 102], [wheat, 350.0])
            batch._advance("completed", batch.planned_qty, {"acknowledged": True})
        self.run_task(3)

    def test_three_batches(self):
        order = self.new_order(3000.0, bom_id=self.kit_bom.id)
        self.run_task(1)
        batches = self.batches(order)
        self.assertEqual(batches.mapped("planned_qty"), [1000.0] * 3)
        for batch in batches:
            self.dose(batch, wheat=644.0)
            self.assertDone(batch)
        self.assertEqual(sorted(self.wheat_booked(order)), [40.25] * 3 + [603.75] * 3)
        self.assertEqual(order.state, "done")

    def test_shares_lose_no_decimal(self):
        order = self.new_order(2500.0, bom_id=self.kit_bom.id)
        self.run_task(1)
        lines = self.batches(order).line_ids.filtered(lambda line: line.code == 101)
        self.assertAlmostEqual(sum(lines.mapped("planned_qty")), 1600.0, 6)

    def test_raised_and_lowered(self):
        for quantity in (2500.0, 1200.0):
            with self.subTest(quantity):
                order = self.new_order(2000.0, bom_id=self.kit_bom.id)
                self.run_task(1)
                first, _second = self.batches(order)
                first._set_state("running")
                self.env["change.production.qty"].create({"mo_id": order.id, "product_qty": quantity}).change_prod_qty()
                self.dose(first, wheat=644.0)
                self.assertDone(first)
                self.assertEqual(sorted(self.wheat_booked(order)), [40.25, 603.75])
                (self.queue() - first)._set_state("cancelled")
                order.plc_stopped = True
                self.env["mrp.production"]._plc_to_close()._plc_close_stopped()

    def test_backorder_demands_each(self):
        self.controller.write({"backorder_policy": "short", "backorder_percent": 1.0})
        order = self.new_order(2000.0, bom_id=self.new_bom([(self.soy, 350.0), (self.premix, 50.0), (self.premix, 100.0)]).id)
        self.run_task(1)
        first, second = self.batches(order)
        for batch, weight in ((first, 1000.0), (second, 500.0)):
            batch._store_actuals([101, 102], [120.0, 350.0])
            batch._advance("completed", weight, {"acknowledged": True})
            self.run_task(3)
            self.assertDone(batch)
        rest = order.production_group_id.production_ids - order
        self.assertEqual(rest.product_qty, 500.0)
        self.assertEqual([round(quantity, 2) for quantity in self.wheat_moves(rest).mapped("product_uom_qty")], [20.0, 40.0])
