"""Random histories of silos, against a ledger that was written independently: stock by silo and lot, and recalls in both
directions, over premixes that are dosed again.

``PLC_HISTORIES=1000 dev/test plc_mo_batch/tests/booking/test_silo_histories.py`` tries as many as that. One in ten goes through
the scheduled actions; the others call what these call, without chatter, which takes a third of the queries less.
"""

import os
import random
from collections import Counter, defaultdict
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ...models.booking.separate_booking import SeparateBooking
from ...models.recall.trace import Trace
from ...plc.steps import Anomaly
from .. import summary
from ..lot import LOT, number
from .silo_case import SiloCase
from .silo_ledger import Ledger

HISTORIES = int(os.environ.get("PLC_HISTORIES", "8" if LOT else "20"))
FIRST = int(os.environ.get("PLC_FIRST_HISTORY", number("histories", 1000)))  # each commit tries others
STEPS = 9
LOCATED, ENTERED = (103, 104, 107), 105  # silos that are stock locations, and one on which the lot is entered
SHARING = {106: 104}  # a silo that is said to be another's location; 107 has the product of 103, in a location of its own
BAG = "bag"  # where what is added by hand comes from
PREMIX = 104  # the silo that holds what the mill makes itself, too


class History:
    """A random one; whatever happens at the mill is told to the ledger, too."""

    def __init__(self, case, seed):
        self.case, self.env = case, case.env
        self.random, self.by_tasks = random.Random(seed), seed % 10 == 0
        self.ledger, self.told, self.lots = Ledger(LOCATED, ENTERED, SHARING), [], {}
        self.waiting, self.booked, self.numbers = [], [], {}
        self.began, self.bags = fields.Datetime.now(), [case.new_lot(f"B{number}", case.vitamins) for number in range(3)]

    def run(self):
        for bag in self.bags:
            self.case.bring_in(self.case.vitamins, bag, 1000.0)
        for code in LOCATED:
            self.fill(code)
        self.enter_lot()
        for _step in range(STEPS):
            self.random.choice(self.possible())()
        while self.waiting:
            self.release()
        self.deliver()

    def possible(self):
        """What may happen next, the more often it stands here: each kind must, in a handful of histories."""
        acts = [self.make, self.make, self.fill, self.fail, self.change_over, self.enter_lot, self.share, self.mix, self.rebook]
        if self.waiting:
            acts += [self.release, self.correct, self.correct]
        if self.done():
            acts += [self.find_more, self.find_more, self.deliver]
        if self.case.vitamins_of(self.done()):
            acts += [self.weigh_late]
        if any(map(self.ledger.layers, LOCATED)):
            acts += [self.count]
        return acts

    def done(self):
        return self.env["mo.batch"].union(*(batch for batch in self.booked if batch.state == "done"))

    def tell(self, *what):
        self.told.append(what)

    def now(self, *_args):
        """A minute passes with each thing that happens."""
        return self.began + timedelta(minutes=len(self.told))

    def amount(self, most):
        return self.random.choice((self.random.randint(1, most), round(self.random.uniform(1, most), 2)))

    # Silos

    def product(self, code):
        return self.case.silos[code].product_ids

    def lot(self, code):
        """A new lot, or one that was there before."""
        known = [lot for lot, of_code in self.lots.items() if of_code == code]
        if known and self.random.random() < 0.4:
            return self.random.choice(known)
        lot = self.case.new_lot(f"L{len(self.lots)}", self.product(code))
        self.lots[lot] = code
        return lot

    def fill(self, code=None):
        code = code or self.random.choice(LOCATED)
        lot, kilograms = self.lot(code), self.amount(300)
        self.tell("fill", code, lot.name, kilograms)
        self.case.bring_in(self.product(code), lot, kilograms)
        self.fill_with(code, lot, kilograms)

    def fill_with(self, code, lot, kilograms):
        move = self.case.transfer(self.case.store, self.case.silos[code].location_id, lot, kilograms)
        self.ledger.fill(code, lot, kilograms, move.move_line_ids)

    def change_over(self):
        code = self.random.choice(LOCATED)
        self.tell("change over", code)
        for lot, kilograms in self.ledger.empty(code).items():
            self.case.transfer(self.case.silos[code].location_id, self.case.store, lot, kilograms)
        self.fill(code)

    def enter_lot(self):
        lot = self.lot(ENTERED)
        self.tell("enter", lot.name)
        self.case.silos[ENTERED].lot_id = lot
        self.ledger.entered = lot

    def count(self):
        code = self.random.choice([code for code in LOCATED if self.ledger.layers(code)])
        lot, less = self.ledger.lose(code, self.amount(100))
        left = self.ledger.held(code, lot)
        self.tell("count", code, lot.name, -less, left)
        self.case.count(self.case.silos[code].location_id, lot, left)

    # Batches

    def start(self, tons=1, bom=None):
        bom = bom or self.random.choice(self.case.boms)
        order = self.case.new_order(1000.0 * tons, bom_id=bom.id, product_id=bom.product_tmpl_id.product_variant_id.id)
        self.take_bag(order)
        if self.by_tasks:
            self.case.run_task(1)
        else:
            self.env["plc.task.fill"]._fill(self.case.controller.with_env(self.env)._in_plc_language())
        return order.plc_batch_ids.filtered("active").sorted("part")

    def take_bag(self, order):
        """A person puts bags of one lot aside for the order."""
        for move in order.move_raw_ids.filtered(lambda move: move.product_id == self.case.vitamins):
            bag = self.random.choice(self.bags)
            move._do_unreserve()
            move._update_reserved_quantity(move.product_uom_qty, self.case.store, lot_id=bag)
            self.tell("bag", order.name, bag.name)

    def use_bag(self, batch):
        """What is added by hand counts as planned, if nobody scanned it."""
        for line in self.case.vitamins_of(batch).filtered(lambda line: not line.all_added):
            self.ledger.add_bag(batch, BAG, line.move_id.lot_ids[:1], line.planned_qty)

    def end(self, batch, state="completed", bags=True):
        codes = [
            code for code in (*LOCATED, *SHARING, ENTERED) if code in batch.line_ids.mapped("code") or self.random.random() < 0.15
        ]
        doses = {code: self.amount(150) for code in codes}
        self.numbers[batch] = len(self.numbers)
        if bags and state == "completed":
            self.use_bag(batch)
        self.tell(state, self.numbers[batch], dict(doses))
        for code, kilograms in doses.items():
            self.ledger.dose(batch, code, kilograms)
        batch._store_actuals([101, *doses], [600.0, *doses.values()])
        batch._advance(state, 0.0, {"acknowledged": True})

    def make(self):
        for batch in self.start():
            if self.random.random() < 0.3:
                self.weigh(batch)
            self.end(batch)
            if self.random.random() < 0.6:
                self.wait(batch)
            else:
                self.book(batch)

    def wait(self, batch):
        self.tell("waits", self.numbers[batch])
        batch.review_needed = True
        self.waiting.append(batch)

    def weigh(self, batch):
        """Bags are scanned while it runs."""
        for line in self.case.vitamins_of(batch):
            batch._set_state("running")
            for bag in self.random.sample(self.bags, self.random.randint(0, 2)):
                self.add_bag(line, bag)
            line._say_all_added(agreed=True)

    def weigh_late(self):
        """A bag is entered once its batch is booked."""
        line, bag = self.random.choice(self.case.vitamins_of(self.done())), self.random.choice(self.bags)
        self.tell("weighed late", self.numbers[line.batch_id])
        self.add_bag(line, bag)

    def add_bag(self, line, bag):
        kilograms = self.random.choice((1.0, 2.5, round(self.random.uniform(0.1, 3), 2)))
        self.tell("bag scanned", line.batch_id.name, bag.name, kilograms)
        line._add_at_scale(kilograms, bag, agreed=True)
        self.ledger.add_bag(line.batch_id, BAG, bag, kilograms)

    def correct(self):
        """What a batch that waits had dosed becomes known: more or less, also of a silo that is not in its recipe."""
        self.correct_one(self.random.choice(self.waiting))

    def correct_one(self, batch):
        code = self.random.choice((*LOCATED, *SHARING, ENTERED))
        before = sum(batch.line_ids.filtered(lambda line: line.code == code).mapped("actual_qty"))
        if before and self.random.random() < 0.3:
            return self.add_fallen(batch, code)
        now = self.random.choice((0.0, self.amount(150), round(before * self.random.random(), 2)))
        self.tell("corrected", self.numbers[batch], code, before, now)
        batch._record_anomaly(Anomaly("changed", "word 17", ()))
        batch.action_enter_amounts([(code, now)], "scale printout")
        self.change_dose(batch, code, now - before)

    def add_fallen(self, batch, code):
        """The PLC showed less at the end than before: that much was dosed, too."""
        kilograms = self.amount(60)
        self.tell("fell", self.numbers[batch], code, kilograms)
        batch.line_ids.filtered(lambda line: line.code == code)[:1].fallen_qty = kilograms
        batch._record_anomaly(Anomaly("fell", f"equipment {code}", ()))
        batch.action_add_fallen()
        self.change_dose(batch, code, kilograms)

    def change_dose(self, batch, code, more):
        """The batch waits on."""
        if more > 0:
            self.ledger.dose(batch, code, round(more, 2))
        else:
            self.ledger.take_back(batch, code, round(-more, 2))
        if batch in self.waiting:
            batch.review_needed = True

    def mix(self):
        """Something of a silo is made of what lies in another, and filled in."""
        for batch in self.start(bom=self.case.premix_bom):
            self.end(batch)
            self.book(batch)
            lot, kilograms = self.ledger.made[batch], self.amount(300)
            self.tell("premix", lot.name, kilograms)
            self.fill_with(PREMIX, lot, kilograms)

    def rebook(self):
        """A person cancelled the order while the PLC made it: it is booked on a new one."""
        for batch in self.start():
            batch._set_state("running")
            batch.production_id.action_cancel()
            self.end(batch, bags=False)
            batch.action_book_on_new_order()
            self.tell("rebooked", self.numbers[batch])
            self.take_bag(batch.production_id)
            self.use_bag(batch)
            self.book(batch)

    def deliver(self):
        made = [lot for batch, lot in self.ledger.made.items() if lot.product_id == self.case.feed]
        if made:
            lot = self.random.choice(made)
            self.tell("deliver", lot.name)
            self.ledger.delivered[lot].add(self.case.ship(lot, self.random.randint(1, 400)))

    def share(self):
        self.case.controller.max_batch_qty = 1000.0
        for batch in self.start(2):
            self.end(batch)
            self.book(batch)
        self.case.controller.max_batch_qty = 0.0

    def fail(self):
        for batch in self.start():
            self.end(batch, "failed")
            if self.random.random() < 0.4:
                self.correct_one(batch)
            batch.action_set_disposition("withhold", self.random.choice(("scrap", "consume")))
            self.book(batch)

    def release(self):
        batch = self.waiting.pop(self.random.randrange(len(self.waiting)))
        self.tell("release", self.numbers[batch])
        batch.review_needed = False
        self.book(batch)

    def book(self, batch):
        if self.by_tasks:
            self.case.run_task(3)
        else:
            self.book_at_once(batch._in_plc_language())
        self.case.assertFalse(batch.last_error)
        self.case.assertFalse(batch.active)
        self.booked.append(batch)
        if batch.state == "done":
            self.ledger.made[batch] = batch.production_id.lot_producing_ids
        self.ledger.book(batch)

    def book_at_once(self, batch):
        if batch.state == "failed":
            SeparateBooking(batch).book_failed()
            batch._close_disposition()
        else:
            self.env["plc.task.write.back"]._book(batch)
            batch._finish()

    def find_more(self):
        """A person finds out that a batch which is booked had dosed more."""
        batch = self.random.choice(self.done())
        line = self.random.choice(batch.line_ids.filtered(lambda line: line.code in (*LOCATED, *SHARING, ENTERED)))
        kilograms = self.amount(60)
        self.tell("found later", self.numbers[batch], line.code, kilograms)
        used = dict(self.ledger.used[batch])
        self.ledger.dose(batch, line.code, kilograms)
        more = {place for place, kg in self.ledger.used[batch].items() if kg != used.get(place)}
        before = {each: each.actual_qty for each in batch.line_ids}
        line.actual_qty += kilograms
        self.env["plc.task.write.back"]._book_difference(batch, before)
        self.ledger.book(batch, more)


@tagged("post_install", "-at_install")
class TestSiloHistories(SiloCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        maize, peas = (cls.new_product(name, tracking="lot", standard_price=0.2) for name in ("Test maize", "Test peas"))
        cls.silos = {103: cls.silo, 104: cls.new_silo(104, maize), ENTERED: cls.new_silo(ENTERED, peas)}
        cls.silos[107] = cls.new_silo(107, cls.barley, sequence=20)
        cls.controller.action_make_silo_locations()
        cls.silos[106] = cls.new_silo(106, maize, sequence=20, location_id=cls.silos[104].location_id.id)
        cls.silos[ENTERED].location_id = False
        cls.controller.ambiguous_policy = "order"
        cls.vitamins = cls.new_product("Test vitamins", tracking="lot", standard_price=3.0)
        cls.feed.tracking = "lot"
        cls.premix_bom = cls.new_bom([(cls.barley, 300.0), (cls.wheat, 600.0)], product_tmpl_id=maize.product_tmpl_id.id)
        cls.boms = [
            cls.new_bom([(cls.wheat, 600.0), (cls.barley, 100.0), (maize, 80.0), (peas, 50.0), (cls.vitamins, 2.5)]),
            cls.new_bom([(cls.wheat, 600.0), (maize, 90.0)]),
            cls.new_bom([(cls.wheat, 600.0), (cls.barley, 40.0), (cls.barley, 60.0)]),
        ]

    def test_histories(self):
        kinds = Counter()
        for seed in range(FIRST, FIRST + HISTORIES):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                history = History(self, seed)
                try:
                    with patch.object(fields.Datetime, "now", history.now):
                        history.run()
                        self.compare(history)
                except AssertionError as error:
                    raise AssertionError("\n".join(map(str, [*history.told, error]))) from error
                finally:
                    kinds.update(kind for kind, *_rest in history.told)
                    savepoint.rollback()
                    self.env.invalidate_all()
        told = ", ".join(f"{times} {kind}" for kind, times in kinds.most_common())
        summary.tell(f"{HISTORIES} histories of silos from {FIRST}: {told}")

    def vitamins_of(self, batches):
        return batches.line_ids.filtered(lambda line: line.product_id == self.vitamins)

    # What people do

    def bring_in(self, product, lot, kilograms):
        self.env["stock.quant"]._update_available_quantity(product, self.store, kilograms, lot_id=lot)

    def transfer(self, source, target, lot, kilograms):
        product = lot.product_id
        common = {"product_id": product.id, "product_uom_id": product.uom_id.id, "lot_id": lot.id, "quantity": kilograms}
        places = {"location_id": source.id, "location_dest_id": target.id}
        values = {"product_id": product.id, "product_uom": product.uom_id.id, "product_uom_qty": kilograms, **places}
        move = self.env["stock.move"].create({**values, "move_line_ids": [(0, 0, {**common, **places})], "picked": True})
        move._action_done()
        return move

    def ship(self, lot, kilograms):
        """To a customer, in a delivery."""
        kind = self.env.ref("stock.warehouse0").out_type_id
        places = {"location_id": self.store.id, "location_dest_id": self.env.ref("stock.stock_location_customers").id}
        detail = {
            "product_id": lot.product_id.id,
            "product_uom_id": lot.product_id.uom_id.id,
            "lot_id": lot.id,
            "quantity": kilograms,
        }
        move = {"product_id": lot.product_id.id, "product_uom": lot.product_id.uom_id.id, "product_uom_qty": kilograms, **places}
        values = {**move, "move_line_ids": [(0, 0, {**detail, **places})], "picked": True}
        picking = self.env["stock.picking"].create({"picking_type_id": kind.id, **places, "move_ids": [(0, 0, values)]})
        picking._action_done()
        return picking

    def count(self, location, lot, kilograms):
        where = [("location_id", "=", location.id), ("lot_id", "=", lot.id)]
        quant = self.env["stock.quant"].with_context(inventory_mode=True).search(where)
        quant.inventory_quantity = kilograms
        self.assertFalse(quant.is_outdated)
        quant.action_apply_inventory()

    # Compared

    def compare(self, history):
        self.env.flush_all()
        ledger, codes = history.ledger, {self.silos[code].location_id: code for code in LOCATED}
        quants = self.env["stock.quant"].search([("location_id", "in", [location.id for location in codes])])
        stock = defaultdict(float)
        for quant in quants:
            stock[codes[quant.location_id], quant.lot_id] += quant.quantity
        stock = {key: round(kilograms, 2) for key, kilograms in stock.items() if round(kilograms, 2)}
        self.assertEqual(stock, ledger.stock())
        self.env.invalidate_all()
        for code, silo in self.silos.items():
            held = sum(kg for (place, _lot), kg in stock.items() if place == SHARING.get(code, code))
            self.assertAlmostEqual(silo.level, held, 2, f"level of {silo.name}")
        self.compare_recall(history, codes)

    def compare_recall(self, history, codes):
        """Of each batch, what was used, from all that was posted of it; of each lot, both directions as people are told."""
        batches = self.env["mo.batch"].browse(batch.id for batch in history.booked)
        found = {batch: self.found_of(batch, codes) for batch in batches}
        self.assertEqual(found, {batch: {key: kg for key, kg in history.ledger.used[batch].items() if kg} for batch in batches})
        for lot in {*history.lots, *history.bags, *history.ledger.made.values()}:
            self.assertEqual(self.forward(lot), history.ledger.forward(lot), f"forward of {lot.name}")
            self.assertEqual(self.backward(lot, codes), history.ledger.backward(lot), f"backward of {lot.name}")

    def forward(self, lot):
        rows = Trace(self.env).forward(lot)
        return (
            self.batches_of(rows, "used", "scrapped"),
            {lot, *self.lots_of(rows, "made")},
            self.values(rows, "picking_id", "delivered"),
        )

    def backward(self, lot, codes):
        rows = Trace(self.env).backward(lot)
        used = set()
        for row in rows:
            if row["kind"] == "used":
                item = self.env["stock.move.line"].browse(row["move_line_id"])
                if item.lot_id:
                    used.add((self.env["mo.batch"].browse(row["batch_id"]), self.code_of(item, codes), item.lot_id))
        return self.batches_of(rows, "made"), used, self.values(rows, "move_line_id", "filled")

    def batches_of(self, rows, *kinds):
        return set(self.env["mo.batch"].browse(row["batch_id"] for row in rows if row["kind"] in kinds and row["lot_id"]))

    def lots_of(self, rows, *kinds):
        return set(self.env["stock.lot"].browse(row["lot_id"] for row in rows if row["kind"] in kinds))

    def values(self, rows, name, kind):
        model = {"picking_id": "stock.picking", "move_line_id": "stock.move.line"}[name]
        return set(self.env[model].browse(row[name] for row in rows if row["kind"] == kind))

    def code_of(self, item, codes):
        return BAG if item.product_id == self.vitamins else codes.get(item.location_id, ENTERED)

    def found_of(self, batch, codes):
        found = defaultdict(float)
        for item in self.moves_of(batch).move_line_ids.filtered(lambda item: item.lot_id and item.state == "done"):
            if item.move_id.raw_material_production_id:
                found[self.code_of(item, codes), item.lot_id] += item.quantity_product_uom
        return {key: round(kilograms, 2) for key, kilograms in found.items()}
