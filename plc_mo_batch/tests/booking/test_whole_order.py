"""Rule 7 looks at the whole order: what people add or change while the PLC makes it is booked, asked about or remarked."""

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ...models.orders.late_components import LateComponents
from ..lot import is_drawn
from ..orders.test_shares import SharedOrderCase

POLICIES = ("planned", "proportional", "typed", "weighed")
MOMENTS = ("offered", "running", "completed")
SLOTS = 10  # of the PLC
ENTERED = 0.98  # of the plan: what people enter if they are asked


class WholeOrderCase(SharedOrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.vitamin, cls.mineral, cls.maize = (cls.new_product(f"Test {name}") for name in ("vitamin", "mineral", "maize"))
        cls.new_silo(103, cls.maize)
        cls.premix = cls.new_product("Test premix")
        cls.env["mrp.bom"].create(
            {
                "product_tmpl_id": cls.premix.product_tmpl_id.id,
                "product_qty": 10.0,
                "product_uom_id": cls.kg.id,
                "type": "phantom",
                "bom_line_ids": [
                    Command.create({"product_id": cls.vitamin.id, "product_qty": 6.0}),
                    Command.create({"product_id": cls.mineral.id, "product_qty": 4.0}),
                ],
            }
        )

    def setUp(self):
        super().setUp()
        self.layout = self.controller.layout_id._layout()

    def start(self, count=1):
        """An order of so many batches, all queued."""
        (order,) = self.start_all(1, count)
        return order, list(self.batches(order))

    def start_all(self, orders, count):
        started = [self.new_order(1000.0 * count) for _order in range(orders)]
        self.run_task(1)
        for order in started:
            self.assertEqual(len(self.batches(order)), count)
        return started

    def add(self, order, product, quantity, **values):
        """A person adds a component."""
        known = order.move_raw_ids
        values = {"product_id": product.id, "product_uom_qty": quantity, "product_uom": product.uom_id.id, **values}
        order.move_raw_ids = [Command.create(values)]
        return order.move_raw_ids - known

    def look(self, order):
        """The exchange looks at the orders."""
        for batch in order.plc_batch_ids.filtered("active").sorted("id"):
            batch._sync_with_order(self.layout)

    def answer(self, batch):
        """Whatever is asked for, people enter a little less than planned."""
        if batch.hand_adds_needed:
            asked = batch.line_ids.filtered(lambda line: not line.code and not line.typed)
            batch.action_enter_hand_adds([(line.id, line.uom_id.round(line.planned_qty * ENTERED)) for line in asked])

    def book(self, batch, weight=1000.0):
        self.book_all([batch], weight)

    def book_all(self, batches, weight=1000.0):
        for batch in batches:
            if batch.state != "completed":
                self.finish(batch, weight=weight)
        self.run_task(3)
        if any(batch.hand_adds_needed for batch in batches):
            for batch in batches:
                self.answer(batch)
            self.run_task(3)
        for batch in batches:
            self.assertRecordValues(batch, [{"state": "done", "last_error": False}])

    def booked(self, order, product):
        moves = (order.move_raw_ids | order.move_byproduct_ids).filtered(lambda move: move.product_id == product)
        return [round(move.quantity, 2) for move in moves.sorted("id") if move.state == "done" and move.quantity]

    def taken(self, batch, product):
        """What a batch booked of a component."""
        moves = batch.line_ids.filtered(lambda line: line.product_id == product).move_id
        return round(sum(moves.filtered(lambda move: move.state == "done").mapped("quantity")), 2)

    def assertNothingDropped(self, order):
        """Each move is booked, or has no demand, or there is a remark on it."""
        self.assertEqual(order.state, "done")
        remarks = " ".join(filter(None, order.plc_batch_ids.mapped("remark")))
        for move in order.move_raw_ids | order.move_finished_ids:
            if move.state != "done" or not move.quantity:
                self.assertTrue(not move.product_uom_qty or move.product_id.name in remarks, (move.product_id.name, remarks))


@tagged("post_install", "-at_install")
class TestWholeOrder(WholeOrderCase):
    """The table: kind of change × moment × policy × one batch or several."""

    def kinds(self):
        """What people do to an order of so many batches -> each batch's plan by product, and what they ticked on the order."""
        return {
            "added": (lambda order, count: self.add(order, self.vitamin, 5.0 * count), {self.vitamin: 5.0}, None),
            "reserved": (self.reserve, {self.vitamin: 5.0}, None),
            "raised": (self.raise_salt, {self.salt: 19.45}, None),
            "kit": (self.add_kit, {self.vitamin: 6.0, self.mineral: 4.0}, None),
            "ticked": (self.tick, {self.vitamin: 5.0}, 4.8),
        }

    def reserve(self, order, count):
        self.put_in_stock(50.0, self.vitamin)
        self.add(order, self.vitamin, 5.0 * count)
        order.action_assign()

    def add_kit(self, order, count):
        self.add(order, self.premix, 10.0 * count)

    def raise_salt(self, order, count):
        order.move_raw_ids.filtered(lambda move: move.product_id == self.salt).product_uom_qty += 5.0 * count

    def tick(self, order, count):
        self.add(order, self.vitamin, 5.0 * count).write({"quantity": 4.8, "picked": True})

    def expected(self, policy, plan):
        part = {"planned": 1.0, "proportional": 0.9}.get(policy, ENTERED)
        return self.kg.round(plan * part)

    def table(self, policy):
        """As many orders side by side as the PLC has slots for: a task takes them all at once."""
        self.controller.write({"hand_add_policy": policy, "weighing_grace": 0})
        for count in (1, 3):
            cells = [(moment, kind) for moment in MOMENTS for kind in self.kinds()]
            cells = [cell for cell in cells if is_drawn(f"{policy} {count} {cell}")]
            together = SLOTS // count
            for first in range(0, len(cells), together):
                self.check(policy, cells[first : first + together], count)

    def check(self, policy, cells, count):
        orders = self.start_all(len(cells), count)
        for (moment, kind), order in zip(cells, orders, strict=True):
            self.reach(moment, self.batches(order)[0])
            self.kinds()[kind][0](order, count)
            self.look(order)
        for turn in range(count):
            self.book_all([order.plc_batch_ids.sorted("part")[turn] for order in orders], weight=900.0)
        for (moment, kind), order in zip(cells, orders, strict=True):
            with self.subTest(kind=kind, moment=moment, policy=policy, batches=count):
                self.check_order(policy, kind, order)

    def check_order(self, policy, kind, order):
        _change, plans, ticked = self.kinds()[kind]
        batches = order.plc_batch_ids.sorted("part")
        for component, plan in plans.items():
            right = [self.expected(policy, plan)] * len(batches)
            right[0] = ticked or right[0]
            self.assertEqual([self.taken(batch, component) for batch in batches], right, component.name)
            self.assertEqual(sorted(self.booked(order, component)), sorted(right), component.name)
        self.assertNothingDropped(order)

    def reach(self, moment, batch):
        if moment == "completed":
            self.finish(batch, weight=900.0)
        else:
            batch._set_state(moment)

    def test_planned(self):
        self.table("planned")

    def test_proportional(self):
        self.table("proportional")

    def test_typed(self):
        self.table("typed")

    def test_weighed(self):
        self.table("weighed")


@tagged("post_install", "-at_install")
class TestAddedComponent(WholeOrderCase):
    def test_in_the_form(self):
        """As a person does it; the batch's form names it at once."""
        order, (batch,) = self.start()
        batch._set_state("running")
        with Form(order) as form, form.move_raw_ids.new() as line:
            line.product_id = self.vitamin
            line.product_uom_qty = 5.0
        self.look(order)
        line = batch.line_ids[-1]
        self.assertRecordValues(line, [{"product_id": self.vitamin.id, "planned_qty": 5.0, "code": 0, "late": True}])
        self.assertIn("Test vitamin came onto the order after its recipe was handed over: 5.00 kg", batch.journal_ids[0].message)
        self.look(order)
        self.assertEqual(len(batch.line_ids), 5, "once")
        self.book(batch)
        self.assertEqual(self.booked(order, self.vitamin), [5.0])

    def test_that_is_removed_again(self):
        order, (batch,) = self.start()
        batch._set_state("running")
        move = self.add(order, self.vitamin, 5.0)
        self.look(order)
        move._action_cancel()
        self.look(order)
        self.assertEqual(len(batch.line_ids), 4)
        self.book(batch)
        self.assertEqual(self.booked(order, self.vitamin), [])

    def test_that_the_plc_could_have_dosed(self):
        """It was not told, and whether somebody added it by hand only a person knows: whatever the policy, it is asked about."""
        for policy in ("planned", "proportional", "typed", "weighed"):
            self.controller.write({"hand_add_policy": policy, "weighing_grace": 0})
            for moment in ("running", "completed"):
                with self.subTest(policy=policy, moment=moment):
                    order, (batch,) = self.start()
                    if moment == "running":
                        batch._set_state("running")
                    else:
                        self.finish(batch)
                    self.add(order, self.maize, 20.0)
                    self.look(order)
                    if moment == "running":
                        self.finish(batch)
                    self.run_task(3)
                    self.assertRecordValues(batch, [{"state": "completed", "hand_adds_needed": True, "attempts": 0}])
                    self.assertIn("Added to the order after its recipe was handed over: Test maize.", batch.attention)
                    (line,) = batch.line_ids.filtered(lambda line: line.product_id == self.maize)
                    batch.action_enter_hand_adds([(line.id, 19.0)])
                    self.answer(batch)
                    self.run_task(3)
                    self.assertEqual(batch.state, "done")
                    self.assertEqual(self.booked(order, self.maize), [19.0])

    def test_that_the_plc_dosed_besides_the_recipe(self):
        order, (batch,) = self.start()
        batch._set_state("running")
        move = self.add(order, self.maize, 20.0)
        self.finish(batch, actuals={103: 21.5})
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.assertEqual(self.booked(order, self.maize), [21.5])
        self.assertEqual(move.quantity, 21.5)

    def test_three_batches_that_run_at_once(self):
        order, batches = self.start(3)
        for batch in batches:
            batch._set_state("running")
        self.add(order, self.vitamin, 10.0)
        self.look(order)
        for batch in reversed(batches):
            self.book(batch)
        self.assertAlmostEqual(sum(self.booked(order, self.vitamin)), 10.0)
        self.assertEqual(sorted(self.booked(order, self.vitamin)), [3.33, 3.33, 3.34])

    def test_after_the_first_batch(self):
        """Odoo ticks it by itself then: nobody has consumed it."""
        order, batches = self.start(3)
        self.book(batches[0])
        self.put_in_stock(50.0, self.vitamin)
        self.add(order, self.vitamin, 10.0)
        order.action_assign()
        self.look(order)
        for batch in batches[1:]:
            self.book(batch)
        self.assertEqual(self.booked(order, self.vitamin), [5.0, 5.0])

    def test_all_of_it_is_ticked_for_several_batches(self):
        """The batch at work takes it; the others plan for none."""
        order, batches = self.start(3)
        batches[0]._set_state("running")
        self.add(order, self.vitamin, 15.0).write({"quantity": 15.0, "picked": True})
        self.look(order)
        for batch in batches:
            self.book(batch)
            self.look(order)
        self.assertEqual(self.booked(order, self.vitamin), [15.0])

    def test_its_lot(self):
        self.vitamin.tracking = "lot"
        lot = self.env["stock.lot"].create({"name": "V1", "product_id": self.vitamin.id})
        self.put_in_stock(50.0, self.vitamin, lot=lot)
        order, (batch,) = self.start()
        batch._set_state("running")
        move = self.add(order, self.vitamin, 5.0)
        order.action_assign()
        self.book(batch)
        self.assertEqual(move.move_line_ids.lot_id, lot)
        self.assertEqual(self.booked(order, self.vitamin), [5.0])

    def test_strict_bom(self):
        """What is added as it is planned does not deviate from the plan."""
        self.controller.consumption_policy = "respect"
        self.bom.consumption = "strict"
        order, (batch,) = self.start()
        batch._set_state("running")
        self.add(order, self.vitamin, 5.0)
        self.book(batch)
        self.assertEqual(self.booked(order, self.vitamin), [5.0])

    def test_produced_sum_counts_it(self):
        self.controller.weight_policy = "actuals"
        order, (batch,) = self.start()
        batch._set_state("running")
        self.add(order, self.vitamin, 5.0)
        batch._store_actuals([101, 102, 114], [600.0, 352.25, 33.3])
        batch._advance("completed", 0.0, {"acknowledged": True})
        self.run_task(3)
        self.assertAlmostEqual(order.qty_produced, 600.0 + 352.25 + 33.3 + 14.45 + 5.0)

    def test_nobody_may_keep_actuals_from_being_stored(self):
        order, (batch,) = self.start()
        batch._set_state("running")
        self.add(order, self.vitamin, 5.0)
        with patch.object(LateComponents, "take_up", side_effect=ValueError("broken")):
            self.finish(batch)
            self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.assertIn("Test vitamin: 5.00 kg on the order, nothing was booked.", batch.remark)


@tagged("post_install", "-at_install")
class TestChangedComponent(WholeOrderCase):
    def move(self, order, product):
        return order.move_raw_ids.filtered(lambda move: move.product_id == product)

    def test_demand_of_what_is_dosed(self):
        """The PLC's actual is booked; that somebody wanted otherwise stays in the history."""
        for wanted in (605.0, 450.0):
            with self.subTest(wanted):
                order, (batch,) = self.start()
                batch._set_state("running")
                self.move(order, self.wheat).product_uom_qty = wanted
                self.look(order)
                self.finish(batch, actuals={101: 601.25})
                self.run_task(3)
                self.assertEqual(self.booked(order, self.wheat), [601.25])
                self.assertIn(
                    f"Test wheat: the order was changed to {wanted:.2f} kg after its recipe was handed over; 601.25 are booked.",
                    batch.remark,
                )

    def test_order_that_is_raised_or_lowered_as_a_whole(self):
        """The plan of a batch is its share: nothing in it has changed."""
        for count, quantity in ((1, 1700.0), (1, 400.0), (3, 3500.0), (3, 2000.0)):
            with self.subTest(count=count, quantity=quantity):
                order, batches = self.start(count)
                for batch in batches:
                    batch._set_state("running")
                self.env["change.production.qty"].create({"mo_id": order.id, "product_qty": quantity}).change_prod_qty()
                self.look(order)
                for batch in batches:
                    self.assertEqual(len(batch.line_ids), 4)
                    self.book(batch)
                    self.assertNotIn("was changed to", batch.remark or "")
                salt = self.booked(order, self.salt)
                self.assertEqual(len(salt), count)
                self.assertTrue(all(abs(quantity - 14.45) < 0.1 for quantity in salt), salt)
                order.plc_withheld = True

    def test_ticked_otherwise_than_dosed(self):
        order, (batch,) = self.start()
        batch._set_state("running")
        self.move(order, self.wheat).write({"quantity": 500.0, "picked": True})
        self.finish(batch, actuals={101: 601.25})
        self.run_task(3)
        self.assertEqual(self.booked(order, self.wheat), [601.25])
        self.assertIn("Test wheat: 500.00 kg were ticked as consumed, but 601.25 are booked.", batch.remark)

    def test_hand_add_that_is_ticked(self):
        for policy in POLICIES:
            with self.subTest(policy):
                self.controller.write({"hand_add_policy": policy, "weighing_grace": 0})
                order, (batch,) = self.start()
                batch._set_state("running")
                self.move(order, self.salt).write({"quantity": 14.2, "picked": True})
                self.finish(batch)
                self.assertFalse(batch.hand_adds_needed)
                self.run_task(3)
                self.assertEqual(self.booked(order, self.salt), [14.2])

    def test_hand_add_that_is_ticked_after_it_was_entered(self):
        order, (batch,) = self.start()
        self.finish(batch)
        line = batch.line_ids.filtered(lambda line: not line.code)
        batch.action_enter_hand_adds([(line.id, 14.0)])
        self.move(order, self.salt).write({"quantity": 14.2, "picked": True})
        self.run_task(3)
        self.assertEqual(self.booked(order, self.salt), [14.0])
        self.assertIn("Test salt: 14.20 kg were ticked as consumed, but 14.00 are booked.", batch.remark)

    def test_produced_quantity_that_is_typed_ticks_nothing(self):
        """Odoo ticks all components then, by the plan for that quantity."""
        self.controller.hand_add_policy = "typed"
        order, (batch,) = self.start()
        batch._set_state("running")
        with Form(order) as form:
            form.qty_producing = 400.0
        self.finish(batch)
        self.assertTrue(batch.hand_adds_needed)
        self.answer(batch)
        self.run_task(3)
        self.assertEqual(self.booked(order, self.salt), [round(14.45 * ENTERED, 2)])

    def test_dosed_component_that_was_removed(self):
        order, (batch,) = self.start()
        batch._set_state("running")
        self.move(order, self.soy)._action_cancel()
        self.look(order)
        self.finish(batch)
        self.run_task(3)
        self.assertEqual(self.booked(order, self.soy), [352.25])

    def test_bom_that_is_updated(self):
        """Its moves are new: what was dosed is booked on them, and what is new in it is asked about or added by hand."""
        order, (batch,) = self.start()
        batch._set_state("running")
        soy, salt = (self.bom.bom_line_ids.filtered(lambda line, product=product: line.product_id == product)
                     for product in (self.soy, self.salt))  # fmt: skip
        (soy | salt).unlink()
        self.bom.bom_line_ids = [
            Command.create({"product_id": product.id, "product_qty": quantity, "product_uom_id": self.kg.id})
            for product, quantity in ((self.soy, 300.0), (self.salt, 20.0), (self.vitamin, 5.0), (self.maize, 50.0))
        ]
        order.action_update_bom()
        self.look(order)
        self.finish(batch)
        self.run_task(3)
        self.assertIn("Test maize", batch.attention)
        (line,) = batch.line_ids.filtered(lambda line: line.product_id == self.maize)
        batch.action_enter_hand_adds([(line.id, 0.0)])
        self.run_task(3)
        self.assertEqual(batch.state, "done")
        booked = {product: self.booked(order, product) for product in (self.soy, self.salt, self.vitamin, self.maize)}
        self.assertEqual(booked, {self.soy: [352.25], self.salt: [20.0], self.vitamin: [5.0], self.maize: []})

    def test_booked_on_a_new_order_with_another_bom(self):
        boss = new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager")
        order, (batch,) = self.start()
        batch._set_state("running")
        self.add(order, self.vitamin, 5.0)
        self.look(order)
        order.action_cancel()
        self.bom.bom_line_ids = [Command.create({"product_id": self.maize.id, "product_qty": 50.0})]
        self.finish(batch)
        self.run_task(3)
        batch.with_user(boss).action_book_on_new_order()
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "done", "last_error": False}])
        new = batch.production_id
        self.assertEqual((self.booked(new, self.vitamin), self.booked(new, self.maize)), ([5.0], []))
        self.assertIn(f"Not in its recipe, so not consumed on {new.name}: Test maize.", batch.remark)


@tagged("post_install", "-at_install")
class TestAddedByproduct(WholeOrderCase):
    def add_byproduct(self, order, quantity, **values):
        dust = self.new_product("Test dust")
        order.move_byproduct_ids = [
            Command.create({"product_id": dust.id, "product_uom_qty": quantity, "product_uom": self.kg.id, **values})
        ]
        return dust, order.move_byproduct_ids.filtered(lambda move: move.product_id == dust)

    def test_follows_what_is_produced(self):
        for count in (1, 3):
            with self.subTest(count):
                order, batches = self.start(count)
                batches[0]._set_state("running")
                dust, _move = self.add_byproduct(order, 20.0 * count)
                for batch in batches:
                    self.book(batch, weight=900.0)
                self.assertEqual(self.booked(order, dust), [18.0] * count)
                self.assertNothingDropped(order)

    def test_that_a_person_counted(self):
        """Ticked, or with a quantity and no plan: it is booked as entered, once."""
        for count in (1, 3):
            for demand, ticked in ((0.0, False), (0.0, True), (20.0, True)):
                with self.subTest(count=count, demand=demand, ticked=ticked):
                    order, batches = self.start(count)
                    batches[0]._set_state("running")
                    dust, move = self.add_byproduct(order, demand)
                    move.quantity = 17.0
                    move.picked = ticked
                    for batch in batches:
                        self.book(batch, weight=900.0)
                    self.assertEqual(self.booked(order, dust), [17.0])
                    self.assertNothingDropped(order)
