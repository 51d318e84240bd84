"""A bag that a person adds to a batch by hand: what stands in its way, what he should know before, and how it is entered."""

from datetime import timedelta
from math import isfinite

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from ...plc.reconcile import CANCELLED, DONE, OFFERED, QUEUED, RUNNING, SENDING
from ...tools.translate import format_number, label_of

MOST = 100_000  # of any unit, in one bag: more is a slip of the keyboard
AGAIN = timedelta(minutes=10)  # within which the same bag may be the same one, entered twice


class HandAdd:
    """
    :param line: the component, with all rights; whose act it is, and what he may see, was checked before
    :param lot: of the bag; empty if it has none
    :param quantity: in the unit of the scale (``_scale_uom()``)
    :param bag: the weighing that the PLC told of it, or that was made in advance; then its quantity counts
    :param seen: how many bags of the component the person was shown
    """

    def __init__(self, line, lot, quantity, bag=None, seen=None):
        self.env, self.line, self.batch, self.lot = line.env, line, line.batch_id, lot
        self.bag = bag if bag is not None else self.env["plc.weighing"]
        self.quantity = (self.bag.counted_qty or self.bag.quantity) if self.bag else quantity
        self.seen = seen

    # What stands in its way

    def check(self, in_advance=False):
        """
        :raise UserError: if it cannot be
        """
        self._check_batch(in_advance)
        self._check_line()
        self._check_bag()
        self._check_quantity()
        self._check_lot()

    def _check_batch(self, in_advance):
        batch = self.batch
        if batch.state == CANCELLED or batch.disposition_booked:
            raise UserError(self.env._("Batch %s was cancelled. Nothing can be added to it.", batch.name))
        if in_advance and batch.state not in (QUEUED, SENDING, OFFERED, RUNNING):
            raise UserError(self.env._("Batch %s has ended. Nothing is weighed in advance for it.", batch.name))
        if not in_advance and batch.state in (QUEUED, SENDING):
            raise UserError(self.env._("The PLC does not make batch %s yet. Weigh in advance, and print the label.", batch.name))

    def _check_line(self):
        line = self.line
        if line.code or not line.product_id:
            raise UserError(self.env._("The PLC doses %s. It is not added by hand.", line.product_id.display_name or line.code))
        if line.product_id.tracking == "serial":
            raise UserError(
                self.env._("%s is tracked by serial number. Reserve the numbers on the order.", line.product_id.display_name)
            )
        if line.typed and self.batch.state != DONE:
            raise UserError(
                self.env._(
                    "The quantity of %(product)s was already entered by hand: %(quantity)s. Correct it with Enter Hand-Adds.",
                    product=line.product_id.display_name,
                    quantity=f"{format_number(self.env, line.typed_qty, '.2f')} {line.uom_id.name}",
                )
            )

    def _check_bag(self):
        """The bag on the label is this batch's and this component's, and was not added before."""
        if not self.bag:
            return
        if refused := self.bag._refused_for(self.batch):
            raise UserError(refused)
        if self.bag.line_id != self.line:
            raise UserError(self.env._("This bag is of %s.", self.bag.product_id.display_name))

    def _check_quantity(self):
        line, unit = self.line, self.line._scale_uom()
        if not isfinite(self.quantity) or self.quantity <= 0:
            raise UserError(
                self.env._("Enter how much is added: more than 0 %s. If nothing more is added: That Is All.", unit.name)
            )
        if self.quantity > MOST:
            raise UserError(self.env._("%s are more than any bag holds.", self._told_quantity()))
        # whether it can be booked in that unit at all is told here, and not at night
        quantity = self._in_line_unit()
        if line.uom_id.is_zero(quantity):
            raise UserError(
                self.env._(
                    "%(weight)s are less than the smallest step of %(unit)s.", weight=self._told_quantity(), unit=line.uom_id.name
                )
            )
        self.batch._check_plausible(line._weight(quantity), "weight")

    def _in_line_unit(self):
        line, unit = self.line, self.line._scale_uom()
        if unit == line.uom_id:
            return line.uom_id.round(self.quantity)
        return line.product_id._plc_from_weight(self.quantity, unit, line.uom_id)

    def _check_lot(self):
        self.lot = self.line.product_id._plc_own_lot(self.lot, self.batch.company_id)
        if not self.lot:
            return
        self._check_not_expired()
        self._check_not_blocked()

    def _check_not_expired(self):
        expires = self.lot.expiration_date if "expiration_date" in self.lot._fields else False
        if expires and expires <= fields.Datetime.now():
            told = {"lot": self.lot.name, "date": format_datetime(self.env, expires)}
            raise UserError(self.env._("Lot %(lot)s expired on %(date)s: take another bag.", **told))

    def _check_not_blocked(self):
        """What lies only where orders do not take components from was put there: it is in quarantine, perhaps."""
        if self._there():
            return
        own = [("location_id.usage", "=", "internal"), ("company_id", "=", self.batch.company_id.id)]
        places = self.env["stock.quant"].search([*self._of_lot(), *own]).location_id
        if places:
            raise UserError(
                self.env._(
                    "%(what)s lies in %(places)s, and not in %(store)s. Is it released? Move it to %(store)s first.",
                    what=self._what(),
                    places=", ".join(places.mapped("display_name")),
                    store=self._store().display_name,
                )
            )

    # What a person should know before

    def doubts(self):
        """Sentences about what may be a slip; none: it is as it should be."""
        found = (self._ended(), self._meanwhile(), self._again(), self._told_by_plc(), self._lacking(), self._too_much())
        return [sentence for sentence in found if sentence]

    def _ended(self):
        if self.batch.state == RUNNING:
            return None
        if self.batch.state == DONE:  # as planned, perhaps: then this bag is what was meant
            return self.env._(
                "Batch %(batch)s is booked already, with %(booked)s %(unit)s of %(product)s. This is booked on top of it.",
                batch=self.batch.name,
                booked=format_number(self.env, self.line._booked_qty(), ".2f"),
                unit=self.line.uom_id.name,
                product=self.line.product_id.display_name,
            )
        return self.env._("Batch %(batch)s is %(state)s.", batch=self.batch.name, state=label_of(self.batch, "state").lower())

    def _meanwhile(self):
        """Somebody else entered something since the page was shown."""
        bags = self.line._bags().sorted("id")
        if self.seen is None or len(bags) <= self.seen:
            return None
        others = bags[self.seen :]
        return self.env._(
            "Meanwhile %(users)s entered: %(what)s.",
            users=", ".join(others.weighed_by_id.mapped("name")),
            what=", ".join(bag._told() for bag in others),
        )

    def _again(self):
        """The same bag, entered twice."""
        same = self.line._bags().filtered(
            lambda bag: (
                (bag.counted_qty or bag.quantity) == self.quantity
                and bag.lot_id == self.lot
                and bag != self.bag
                and bag.date >= fields.Datetime.now() - AGAIN
            )
        )
        if not same or self.bag:
            return None
        last = same.sorted("id")[-1]
        return self.env._(
            "The same was entered at %(time)s by %(user)s. Is it one more?",
            time=format_datetime(self.env, last.date, dt_format="HH:mm"),
            user=last.weighed_by_id.name,
        )

    def _told_by_plc(self):
        """The PLC has a scale of its own, and this may be what it told."""
        told = self.line._told_weighings()
        if not told or self.bag:
            return None
        return self.env._("The PLC weighed %s of it. Is this besides?", ", ".join(each._told_quantity() for each in told))

    def _lacking(self):
        held = sum(self._there().mapped("quantity")) if self.lot else None
        wanted = self.line.uom_id._compute_quantity(self._in_line_unit(), self.line.product_id.uom_id, round=False)
        if held is None or self.line.product_id.uom_id.compare(held, wanted) >= 0:
            return None
        return self.env._(
            "%(store)s holds %(held)s %(unit)s of %(what)s by the books. Was a receipt not entered?",
            store=self._store().display_name,
            held=format_number(self.env, held, ".2f"),
            unit=self.line.product_id.uom_id.name,
            what=self._what(),
        )

    def _too_much(self):
        line = self.line
        before = 0.0 if self.bag and self.bag.state == "matched" else self._in_line_unit()
        total = line.weighed_qty + before
        if line.uom_id.compare(total, line.planned_qty + self.batch.controller_id._limit("tolerance", line.planned_qty)) <= 0:
            return None
        return self.env._(
            "That makes %(total)s %(unit)s of %(product)s. %(planned)s are planned.",
            total=format_number(self.env, total, ".2f"),
            unit=line.uom_id.name,
            product=line.product_id.display_name,
            planned=format_number(self.env, line.planned_qty, ".2f"),
        )

    # How it is entered

    def prepare(self):
        """:return: the bag, weighed in advance: it counts once it is added"""
        values = self.env["plc.weighing"]._prepare_bag(self.line, self.quantity, self.lot)
        bag = self.env["plc.weighing"].create({**values, "state": "prepared"})
        self._journal(self.env._("%(user)s weighed in advance: %(what)s.%(despite)s"), bag, "")
        return bag

    def post(self, despite=""):
        """:return: the bag, which counts; for a batch that is booked it is booked on top"""
        weighings = self.env["plc.weighing"]
        bag = self.bag or weighings.create(weighings._prepare_bag(self.line, self.quantity, self.lot))
        if self.bag.state == "matched":
            bag.write({"lot_id": self.lot.id, "weighed_by_id": self.env.uid})
            self.batch._on_weighings_changed()
        elif self.batch.state == DONE:
            bag._book_late(self.line)
        else:
            bag._count_for(self.line)
        self._journal(self.env._("%(user)s added by hand: %(what)s.%(despite)s"), bag, despite)
        return bag

    def _journal(self, sentence, bag, despite):
        told = {"user": self.env.user.name, "what": bag._told(), "despite": f" {despite}" if despite else ""}
        self.batch._journal("user", sentence % told)

    # Small things

    def _store(self):
        """Where the order takes the component from."""
        return self.line.move_id.location_id or self.batch.production_id.location_src_id

    def _of_lot(self):
        return [("product_id", "=", self.line.product_id.id), ("quantity", ">", 0), ("lot_id", "=", self.lot.id)]

    def _there(self):
        return self.env["stock.quant"].search([*self._of_lot(), ("location_id", "child_of", self._store().id)])

    def _what(self):
        return self.env._("%(product)s, lot %(lot)s", product=self.line.product_id.display_name, lot=self.lot.name)

    def _told_quantity(self):
        return f"{format_number(self.env, self.quantity, '.2f')} {self.line._scale_uom().name}"
