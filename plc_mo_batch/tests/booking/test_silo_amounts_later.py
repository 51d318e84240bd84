"""What was dosed is changed after the batch has ended and before it is booked: it is of the lots that lay there by then, and a
batch that ends meanwhile does not take them, too."""

from odoo.tests import tagged

from ...plc.steps import Anomaly
from .silo_case import SiloCase


@tagged("post_install", "-at_install")
class TestSiloAmountsLater(SiloCase):
    """100 kg of lot A below 500 kg of lot B: the first batch dosed 60 of them, as is known in the end, and the second one 100."""

    def setUp(self):
        super().setUp()
        location = self.make_location()
        self.bring(100.0, self.lots["A"], location)
        self.bring(500.0, self.lots["B"], location, days=1)

    def test_every_door(self):
        for door in (self.added_what_fell, self.entered_more, self.entered_less, self.entered_besides_the_recipe):
            for first in (0, 1):
                with self.subTest(door=door.__name__, booked_first=first + 1), self.env.cr.savepoint() as savepoint:
                    self.try_door(door, first)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def try_door(self, door, first):
        self.new_order(bom_id=(self.wheat_bom if door == self.entered_besides_the_recipe else self.lot_bom).id)
        self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        batches = self.queue().sorted("id")
        for batch in batches:
            batch._advance("running", 0.0, {})
        door(batches[0])
        self.end(batches[1], 100.0)
        for batch in (batches[first], batches[1 - first]):
            self.env["plc.task.write.back"]._book(batch)
        found = [self.details(self.moves_of(batch)) for batch in batches]
        self.assertEqual(found, [{("silo", "A"): 60.0}, {("silo", "A"): 40.0, ("silo", "B"): 60.0}])
        self.assertEqual(self.stock(), {("silo", "B"): 440.0})

    def added_what_fell(self, batch):
        self.end(batch, 0.0)
        self.line(batch).fallen_qty = 60.0
        batch._record_anomaly(Anomaly("fell", "equipment 103 by 60.00", ()))
        batch.action_add_fallen()

    def entered_more(self, batch):
        self.enter(batch, 10.0)

    def entered_less(self, batch):
        self.enter(batch, 90.0)

    def entered_besides_the_recipe(self, batch):
        batch._store_actuals([101], [600.0])
        batch._advance("completed", 0.0, {"acknowledged": True})
        self.enter(batch)

    def enter(self, batch, before=None):
        if before is not None:
            self.end(batch, before)
        batch._record_anomaly(Anomaly("changed", "word 17", ()))
        batch.action_enter_amounts([(101, 600.0), (103, 60.0)], "Scale printout")


@tagged("post_install", "-at_install")
class TestBeyondTheLast(SiloCase):
    """Nothing is left in the silo, as what was dosed last is not booked yet: what is dosed beyond that is of the newest lot,
    not of the one that the books moved last (history 20817)."""

    def test_each_door(self):
        for door in (self.raised, self.dosed_after_it):
            with self.subTest(door.__name__), self.env.cr.savepoint() as savepoint:
                self.check(door)
                savepoint.rollback()
            self.env.invalidate_all()

    def check(self, door):
        location = self.make_location()
        self.bring(30.0, self.lots["A"], location)
        self.bring(50.0, self.lots["B"], location, days=1)
        first, second, third = self.queued(3)
        self.dose(first, 10.0)
        self.env["plc.task.write.back"]._book(first)
        self.assertEqual(self.details(self.moves_of(first)), {("silo", "A"): 10.0})
        self.dose(second, 70.0)
        door(second, third)
        for batch in (second, third):
            if batch.state == "completed":
                self.env["plc.task.write.back"]._book(batch)
        self.assertEqual(self.stock(), {("silo", "B"): -25.0})

    def queued(self, count=1):
        orders = [self.new_order(bom_id=self.lot_bom.id) for _order in range(count)]
        self.run_task(1)
        return [order.plc_batch_ids for order in orders]

    def dose(self, batch, kilograms):
        batch._advance("running", 0.0, {})
        batch._store_actuals([101, 103], [600.0, kilograms])
        batch._advance("completed", 0.0, {"acknowledged": True})

    def raised(self, batch, _other):
        batch._record_anomaly(Anomaly("changed", "word 17", ()))
        batch.action_enter_amounts([(101, 600.0), (103, 95.0)], "Scale printout")

    def dosed_after_it(self, _batch, other):
        self.dose(other, 25.0)


@tagged("post_install", "-at_install")
class TestEnteredLotLater(SiloCase):
    """The lot is entered on the silo. What a person finds once it has ended is of the lot that is entered there by then, or
    was when it ended; not of one that is entered before it is booked."""

    def test_besides_the_recipe(self):
        """History 20458: the silo was not in the recipe, so its lot was not kept when the batch ended."""
        self.found(self.wheat_bom, "A", "A", "B", "A")

    def test_of_the_recipe(self):
        self.found(self.lot_bom, "A", "B", "B", "A")

    def test_no_lot_was_entered_when_it_ended(self):
        self.found(self.lot_bom, None, "A", "B", "A")

    def test_besides_the_recipe_no_lot_was_entered(self):
        self.found(self.wheat_bom, None, "A", "B", "A")

    def found(self, bom, ended, entered, booked, right):
        """The lots that are entered on the silo at these moments, and the one that is booked."""
        order = self.new_order(bom_id=bom.id)
        self.run_task(1)
        batch = order.plc_batch_ids
        batch._advance("running", 0.0, {})
        self.silo.lot_id = ended and self.lots[ended]
        batch._store_actuals([101], [600.0])
        batch._advance("completed", 0.0, {"acknowledged": True})
        self.silo.lot_id = self.lots[entered]
        batch._record_anomaly(Anomaly("changed", "word 17", ()))
        batch.action_enter_amounts([(101, 600.0), (103, 60.0)], "Scale printout")
        self.silo.lot_id = self.lots[booked]
        self.assertEqual(self.line(batch).lots, f"{right} 60.00")
        self.env["plc.task.write.back"]._book(batch)
        lots = self.moves_of(batch).move_line_ids.filtered("lot_id")
        self.assertEqual((lots.lot_id, sum(lots.mapped("quantity"))), (self.lots[right], 60.0))
