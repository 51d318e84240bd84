"""What a silo holds, for whoever asks: states of a batch × what is said of the silo's location. A batch takes 100 kg of 500."""

from odoo.tests import tagged

from ...models.batch.silo_levels import SiloLevels
from ...models.orders.level_check import LevelCheck
from ..booking.silo_case import SiloCase

# state -> what lies in the silo then, and what is still to be dosed of it
STATES = {
    "queued": (500.0, 100.0),
    "runs": (500.0, 100.0),
    "has_dosed_some": (460.0, 60.0),
    "has_dosed_too_much": (380.0, 0.0),
    "ended": (410.0, 0.0),
    "ended_and_corrected": (395.0, 0.0),
    "failed": (410.0, 0.0),
    "scrapped": (410.0, 0.0),
    "cancelled": (500.0, 0.0),
    "booked": (410.0, 0.0),
    "found_later": (400.0, 0.0),
}


@tagged("post_install", "-at_install")
class TestLevelTable(SiloCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.controller.ambiguous_policy = "order"
        cls.silo.sequence = 1

    # What is said of the silo's location

    def own(self):
        self.silo.location_id = self.silo._location_below(self.store)
        return []

    def store_itself(self):
        """Silo 103 is said to be the store, in which silo 104 has a location of its own."""
        self.silo.location_id = self.store
        twin = self.new_silo(104, self.barley, sequence=9)
        twin.location_id = twin._location_below(self.store)
        self.bring(7.0, self.lots["B"], twin.location_id)
        return []

    def shared(self):
        self.own()
        return [self.new_silo(104, self.barley, sequence=9, location_id=self.silo.location_id.id)]

    def shared_with_another_product(self):
        self.own()
        other = self.new_product("Test oats", tracking="lot")
        twin = self.new_silo(104, other, sequence=9, location_id=self.silo.location_id.id)
        quants = self.env["stock.quant"]
        quants._update_available_quantity(other, self.silo.location_id, 33.0, lot_id=self.new_lot("O", other))
        self.assertEqual(twin.level, 33.0)
        return []

    # What happens to the batch

    def queued(self, batch):
        pass

    def runs(self, batch):
        batch._set_state("running")

    def has_dosed_some(self, batch, kilograms=40.0):
        self.runs(batch)
        batch._store_actuals((101, 103), (600.0, kilograms))

    def has_dosed_too_much(self, batch):
        self.has_dosed_some(batch, 120.0)

    def ended(self, batch):
        self.end(batch, 90.0)

    def ended_and_corrected(self, batch):
        self.end(batch, 90.0)
        self.line(batch).actual_qty = 105.0

    def failed(self, batch):
        self.end(batch, 90.0, "failed")

    def scrapped(self, batch):
        self.failed(batch)
        batch.action_set_disposition("withhold", "scrap")
        self.run_task(3)

    def cancelled(self, batch):
        batch.action_cancel("material", "", "withhold")

    def booked(self, batch):
        self.end(batch, 90.0)
        self.run_task(3)

    def found_later(self, batch):
        self.booked(batch)
        self.weigh_late(batch, 10.0)

    # Everybody who asks

    def begin(self, world):
        twins = getattr(self, world)()
        self.bring(500.0, self.lots["A"], self.silo.location_id)
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        return order.plc_batch_ids, twins

    def test_table(self):
        for world in ("own", "store_itself", "shared", "shared_with_another_product"):
            for state, (level, owed) in STATES.items():
                with self.subTest(world=world, state=state), self.env.cr.savepoint() as savepoint:
                    batch, twins = self.begin(world)
                    getattr(self, state)(batch)
                    for silo in [self.silo, *twins]:
                        self.check(silo, level, owed)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def check(self, silo, level, owed):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(silo.level, level, "shown")
        self.assertEqual(silo.api_levels()[0]["level"], level, "told by the API")
        (lane,) = self.env["plc.controller"].get_board(self.controller.ids)["lanes"]
        self.assertEqual([gauge["level"] for gauge in lane["silos"] if gauge["id"] == silo.id], [level], "on the board")
        levels = SiloLevels(silo)
        self.assertEqual((levels.weight(silo), levels.owed(silo)), (level, owed))
        self.assertEqual(levels.free(silo, self.barley), level - owed, "for the choice of a silo")
        self.controller.level_policy = "warn"
        line = {"equipment_id": silo.id, "product_id": self.barley.id}
        check = LevelCheck(self.controller)
        for wanted, lacks in ((level - owed, 0), (level - owed + 0.02, 1)):
            self.assertEqual(len(check.shortages([{**line, "planned_qty": wanted}])), lacks, "for the fill")
        self.silo.low_kg = level + 0.02
        self.assertEqual([c.key for c in self.env["plc.task.health"]._silos_low(self.controller)], [str(self.silo.id)])

    # Two silos

    def test_plc_that_changed_over(self):
        """Its dosing from the sister leaves the sister."""
        for world, levels in (("own", (450.0, 160.0)), ("shared", (410.0, 410.0))):
            for is_booked in (False, True):
                with self.subTest(world=world, is_booked=is_booked), self.env.cr.savepoint() as savepoint:
                    batch, twins = self.begin(world)
                    twin = twins[0] if twins else self.new_silo(104, self.barley, sequence=9)
                    if not twins:
                        twin.location_id = twin._location_below(self.store)
                        self.bring(200.0, self.lots["B"], twin.location_id)
                    batch._store_actuals((101, 103, 104), (600.0, 50.0, 40.0))
                    batch._advance("completed", 0.0, {"acknowledged": True})
                    if is_booked:
                        self.run_task(3)
                        self.assertEqual(batch.state, "done")
                    self.env.invalidate_all()
                    self.assertEqual((self.silo.level, twin.level), levels)
                    savepoint.rollback()
                    self.env.invalidate_all()

    def test_shared_location_is_counted_once(self):
        """Two silos of one location have 150 kg together: an order that takes 100 is queued, another is not."""
        (twin,) = self.shared()
        self.bring(150.0, self.lots["A"], self.silo.location_id)
        self.controller.level_policy = "leave"
        first, second = (self.new_order(bom_id=self.lot_bom.id) for _number in range(2))
        self.run_task(1)
        self.assertEqual(self.queue().production_id, first)
        self.assertIn(
            "Silo 103 (together with Silo 104) holds 150.00 kg of Test barley by the books, 100.00 kg of them", second.plc_reason
        )
        self.assertEqual(twin.level_lots, "A 150.00 · together with Silo 103")
        self.assertEqual((self.silo.level_outlook, twin.level_outlook), ("1 of 2 batches", "1 of 2 batches"))

    def test_no_dose_is_split_between_two_that_share(self):
        self.shared()
        self.bring(60.0, self.lots["A"], self.silo.location_id)
        order = self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        barley = order.plc_batch_ids.line_ids.filtered(lambda line: line.product_id == self.barley)
        self.assertEqual(barley.mapped("code"), [103])

    def test_alarm_is_raised_once(self):
        self.shared()
        self.bring(60.0, self.lots["A"], self.silo.location_id)
        self.new_order(bom_id=self.lot_bom.id)
        self.run_task(1)
        self.controller.level_policy = "warn"
        (condition,) = self.env["plc.task.health"]._silos_short(self.controller)
        self.assertIn("Silo 103 (together with Silo 104) will be empty before the queue is through", condition.message)

    # The silo's location is changed meanwhile

    def test_location_that_is_changed_before_the_batch_is_booked(self):
        """What was dosed leaves where it lay."""
        batch, _twins = self.begin("own")
        before = self.silo.location_id
        self.end(batch, 90.0)
        self.silo.location_id = self.env["stock.location"].create({"name": "New bin", "location_id": self.store.id})
        self.assertEqual(self.silo.level, 0.0)
        twin = self.new_silo(104, self.barley, location_id=before.id)
        self.assertEqual(twin.level, 410.0)
        self.run_task(3)
        self.env.invalidate_all()
        self.assertEqual((self.silo.level, twin.level), (0.0, 410.0))

    def test_silo_below_the_store_that_is_another_silo(self):
        """A dose from the store does not take what lies in a silo below it."""
        batch, _twins = self.begin("store_itself")
        self.end(batch, 505.0)
        self.run_task(3)
        self.assertEqual(self.details(self.moves_of(batch)), {("silo", "A"): 505.0})

    def test_silo_without_a_location_has_no_level(self):
        for state in STATES:
            with self.subTest(state=state), self.env.cr.savepoint() as savepoint:
                self.silo.lot_id = self.lots["A"]
                self.bring(500.0, self.lots["A"])
                order = self.new_order(bom_id=self.lot_bom.id)
                self.run_task(1)
                getattr(self, state)(order.plc_batch_ids)
                levels = SiloLevels(self.silo)
                self.assertEqual((self.silo in levels, levels.free(self.silo, self.barley)), (False, None))
                savepoint.rollback()
                self.env.invalidate_all()
