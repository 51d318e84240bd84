"""Which lots are booked, and from where: each policy, silo, reservation and way to the books."""

from dataclasses import dataclass
from itertools import product
from math import inf

from odoo.tests import tagged

from ..lot import is_drawn
from .silo_case import SiloCase

NEW, OLD, A, B = "NEW", "OLD", "A", "B"
POLICIES = ("silo", "reserved")
RESERVATIONS = ("nothing", "another lot", "the same lot")
# what the silo says: (place, lot, kg) in turn; without a lot: it is a stock location in which no lot ever was
SILOS = {
    "says nothing": (),
    "a lot is entered": (("store", NEW, inf),),
    "an empty location": (("silo", "", inf),),
    "an empty location, a lot is entered": (("silo", NEW, inf),),
    "a location with layers": (("silo", A, 40.0), ("silo", B, inf)),
    "a location with layers, a lot is entered": (("silo", A, 40.0), ("silo", B, inf)),
}
# kg that are dosed, one booking after the other
DOORS = {
    "whole order": (95.5,),
    "more than reserved": (120.0,),
    "share": (95.5,),
    "besides the recipe": (12.5,),
    "failed, scrapped": (50.0,),
    "failed, consumed": (50.0,),
    "found later": (95.5, 4.5),
    "by hand, weighed late": (100.0, 4.0),
}
APART = {"failed, scrapped", "failed, consumed"}


@dataclass(frozen=True)
class Cell:
    policy: str
    silo: str
    reservation: str
    door: str

    def __str__(self):
        return f"{self.policy} | {self.silo} | reserved: {self.reservation} | {self.door}"

    @property
    def reserved(self):
        """(place, lot, kg) in turn, for a ton."""
        if self.reservation == "nothing":
            return ()
        if self.reservation == "another lot":
            return (("store", OLD, 100.0),)
        return (("silo", A, 40.0), ("silo", B, 60.0)) if "layers" in self.silo else (("store", NEW, 100.0),)

    @property
    def is_possible(self):
        same = self.reservation != "the same lot" or "lot is entered" in self.silo or "layers" in self.silo
        return same and (self.door != "besides the recipe" or self.reservation == "nothing")


class Books:
    """What is to be booked, by the rules as people have them. Nothing of the code under test is used."""

    def __init__(self, cell):
        self.cell = cell
        self.taken = {}
        self.last = ""  # the lot of this component that was booked last
        self.in_silo = ""  # the lot that was last in an empty silo

    def book(self, kilograms, apart):
        """:param apart: in a move of its own, for which nothing is reserved
        :return: False: no lot is known
        """
        by_hand = self.cell.door.startswith("by hand")
        says = () if by_hand else SILOS[self.cell.silo]
        reserved = self.cell.reserved
        rest = kilograms
        silo_first = says and (says[0][1] or says[0][0] == "silo") and (self.cell.policy == "silo" or apart)
        if not silo_first and not (apart and self.last):
            rest = self._pour(reserved, rest)
        if rest and says:
            return self._pour_silo(says, reserved, rest, silo_first)
        if rest and not (self.last or reserved):
            return False
        if rest:
            lot = self.last or reserved[-1][1]
            self._take(self._where(lot, reserved, apart), lot, rest)
        return True

    def _pour_silo(self, says, reserved, rest, silo_first):
        place, lot, _most = says[0]
        if lot:
            self._pour(says, rest)
        elif self.in_silo:
            self._take(place, self.in_silo, rest)
        elif reserved:  # in turn, or what was used last
            lot = reserved[0][1] if silo_first and not self.last else self.last
            self._take(place, lot, rest)
        else:
            return False
        return True

    def _where(self, lot, reserved, apart):
        """The excess of a lot: where it was reserved; found later: where it lies."""
        places = [place for place, of_lot, _most in reserved if of_lot == lot]
        if apart and self.cell.policy == "reserved":
            return "store"
        return places[-1] if places else "store"

    def _pour(self, sources, rest):
        for place, lot, most in sources:
            part = min(rest, most - self.taken.get((place, lot), 0.0))
            if part > 0:
                self._take(place, lot, part)
                rest = round(rest - part, 6)
        return rest

    def _take(self, place, lot, kilograms):
        self.taken[place, lot] = round(self.taken.get((place, lot), 0.0) + kilograms, 6)
        self.last = lot
        if place == "silo":
            self.in_silo = lot


def expected(cell):
    """kg by place and lot after each booking; None from the one on that has to ask for a lot."""
    books = Books(cell)
    for number, kilograms in enumerate(DOORS[cell.door]):
        known = books.book(kilograms, apart=bool(number) or cell.door in APART or cell.door == "besides the recipe")
        yield dict(books.taken) if known else None
        if not known:
            return


CELLS = [cell for cell in (Cell(*parts) for parts in product(POLICIES, SILOS, RESERVATIONS, DOORS)) if cell.is_possible]


@tagged("post_install", "-at_install")
class TestSiloTable(SiloCase):
    def test_table(self):
        self.assertGreater(len(CELLS), 200)
        for cell in filter(lambda cell: is_drawn(str(cell)), CELLS):
            with self.subTest(str(cell)):
                self.try_cell(cell)

    def try_cell(self, cell):
        """Nothing of it stays."""
        with self.env.cr.savepoint() as savepoint:
            self.set_up(cell)
            before = self.stock()
            batch = self.start(cell)
            for step, wanted in zip(self.steps(cell, batch), expected(cell), strict=False):
                step()
                self.check(cell, batch, before, wanted)
            savepoint.rollback()
        self.env.invalidate_all()

    # The world of a cell

    def set_up(self, cell):
        self.controller.lot_policy = cell.policy
        if "a lot is entered" in cell.silo:
            self.silo.lot_id = self.lots[NEW]
        location = self.make_location() if "location" in cell.silo else None
        if "layers" in cell.silo:
            self.bring(40.0, self.lots[A], location, days=1)
            self.bring(500.0, self.lots[B], location, days=2)
        if cell.reservation == "another lot":
            self.bring(500.0, self.lots[OLD])
        elif cell.reservation == "the same lot" and "layers" not in cell.silo:
            self.bring(500.0, self.lots[NEW])
        if cell.door.startswith("by hand"):  # a second silo holds it, and nobody said which one doses
            self.controller.ambiguous_policy = "hand"
            self.new_silo(104, self.barley)

    def start(self, cell):
        bom = self.wheat_bom if cell.door == "besides the recipe" else self.lot_bom
        self.controller.max_batch_qty = 1000.0
        order = self.new_order(2000.0 if cell.door == "share" else 1000.0, bom_id=bom.id)
        if cell.reservation == "nothing":
            order.do_unreserve()
        self.run_task(1)
        return order.plc_batch_ids.sorted("part")[0]

    def steps(self, cell, batch):
        first, *more = DOORS[cell.door]

        def book():
            if cell.door.startswith("by hand"):
                batch._store_actuals((101,), (600.0,))
                batch._advance("completed", 0.0, {"acknowledged": True})
            else:
                self.end(batch, first, "failed" if cell.door in APART else "completed")
            if cell.door in APART:
                batch.action_set_disposition("withhold", "scrap" if "scrapped" in cell.door else "consume")
            self.run_task(3)

        def book_more():
            if cell.door.startswith("by hand"):
                self.weigh_late(batch, more[0])
            else:
                # as a person's entry does: test_entered_amounts has the page and its refusals
                booked = {line: line.actual_qty for line in batch.line_ids}
                self.line(batch).actual_qty += more[0]
                self.env["plc.task.write.back"]._book_difference(batch, booked)

        return [book, book_more][: 1 + len(more)]

    # One truth

    def check(self, cell, batch, before, wanted):
        if wanted is None:
            self.assertIn("no lot is known" if batch.line_ids[-1].code else "it is not known", batch.last_error or "")
            self.assertEqual(self.stock(), before)
            return
        self.assertFalse(batch.last_error)
        gone = {key: round(before.get(key, 0.0) - self.stock().get(key, 0.0), 6) for key in before | self.stock()}
        self.assertEqual({key: kilograms for key, kilograms in gone.items() if kilograms}, wanted, "stock")
        self.assertEqual(self.details(self.moves_of(batch)), wanted, "moves")
        self.assertEqual(self.told(batch), self.by_lot(wanted), "batch")
        self.check_free(cell, batch)
        self.check_traceability(batch, wanted)
        self.assertEqual(
            "Stock of Test barley" in (batch.remark or ""), any(kilograms < 0 for kilograms in self.stock().values())
        )

    def told(self, batch):
        """What the batch's lines say, and with them the report: lot -> kg."""
        self.env.invalidate_all()
        told = [part.rpartition(" ") for part in self.line(batch).lots.split(", ")]
        return {lot: float(kilograms) for lot, _space, kilograms in told}

    def by_lot(self, wanted):
        found = {}
        for (_place, lot), kilograms in wanted.items():
            found[lot] = round(found.get(lot, 0.0) + kilograms, 6)
        return found

    def check_free(self, cell, batch):
        """What was reserved and not used is free again; what is reserved for later batches stays."""
        order = batch.production_id
        kept = 100.0 if cell.door == "share" and cell.reservation != "nothing" else 0.0
        if order.state == "done" or cell.door == "share":
            self.assertAlmostEqual(self.reserved(), kept, 6, "reserved")

    def check_traceability(self, batch, wanted):
        made = batch.production_id.move_finished_ids.filtered(lambda move: move.state == "done").move_line_ids
        used = made.consume_line_ids.filtered(lambda item: item.product_id == self.barley).lot_id.mapped("name")
        if made and batch.state == "done" and not self.posted_apart(batch):
            self.assertEqual(set(used), set(self.by_lot(wanted)), "traceability")

    def posted_apart(self, batch):
        return self.env["stock.move"].search_count(
            [("plc_batch_id", "=", batch.id), ("id", "not in", batch.line_ids.move_id.ids)]
        )
