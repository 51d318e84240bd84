from odoo import models
from odoo.exceptions import UserError

from ...plc.reconcile import CANCELLED, DONE
from ...tools.translate import format_number
from ..common.roles import check_operator
from .hand_add import HandAdd


class MoBatchLine(models.Model):
    """What people enter at the scale for a hand-add. Each bag is stored at once: a page that is closed loses nothing."""

    _inherit = "mo.batch.line"

    # Business methods: hand-adds at the scale

    def _add_at_scale(self, quantity, lot, bag=None, seen=None, agreed=False):
        """Enter that a bag was added.

        :param quantity: in the unit of the scale (``_scale_uom()``); that of the ``bag`` counts, if there is one
        :param lot: of the bag; empty if it has none
        :param bag: a weighing that the PLC told, or that was made in advance
        :param seen: how many bags of the component the person was shown
        :param agreed: True, or what a person was told before: what is doubtful is then entered all the same
        :return: the bag, and a question; one of them is empty
        :raise UserError: saying what is wrong
        """
        hand_add = self._hand_add(quantity, lot, bag, seen)
        hand_add.check()
        question = "\n".join(hand_add.doubts())
        if question and agreed is not True and agreed != question:
            return self.env["plc.weighing"], question
        return hand_add.post(question).sudo(False), ""

    def _weigh_in_advance(self, quantity, lot):
        """Enter a bag that is weighed now and added later, by its label.

        :return: the bag
        :raise UserError: saying what is wrong
        """
        hand_add = self._hand_add(quantity, lot)
        hand_add.check(in_advance=True)
        return hand_add.prepare().sudo(False)

    def _hand_add(self, quantity, lot, bag=None, seen=None):
        self._check_at_scale(lot, *[bag] if bag else [])
        line = self.sudo().with_company(self.company_id)
        line.batch_id._lock_for_person()  # otherwise Task 3 may be booking it without this bag
        return HandAdd(line, lot.with_env(line.env), quantity, bag and bag.with_env(line.env), seen)

    def _check_at_scale(self, *records):
        self.ensure_one()
        check_operator(self.batch_id)
        for record in (self, *records):
            record.check_access("read")

    def _say_all_added(self, agreed=False):
        """Enter that no more is added of the component, whatever the plan.

        :param agreed: True, or what a person was told before
        :return: a question; empty if it is entered
        :raise UserError: if the batch is over
        """
        self._check_at_scale()
        line = self.sudo()
        line.batch_id._lock_for_person()
        if line.code or line.typed or line.batch_id.state in (DONE, CANCELLED) or line.batch_id.disposition_booked:
            raise UserError(self.env._("%s waits for nothing more.", line.product_id.display_name))
        question = line._asked_whether_all()
        if question and agreed is not True and agreed != question:
            return question
        line.all_added = True
        line._sum_weighings()
        line.batch_id._journal("user", self.env._("%(user)s: no more is added. %(told)s", user=self.env.user.name, told=question))
        line.batch_id._on_weighings_changed()
        return ""

    def _asked_whether_all(self):
        return self.env._(
            "%(added)s of %(planned)s %(unit)s of %(product)s were added. Is that all?",
            added=format_number(self.env, self.weighed_qty, ".2f"),
            planned=format_number(self.env, self.planned_qty, ".2f"),
            unit=self.uom_id.name,
            product=self.product_id.display_name,
        )
