from odoo import fields, models
from odoo.exceptions import UserError

from ...plc.handshake import STORED_STEP
from ...plc.reconcile import DONE, FAILED, HANDED_OVER
from ...tools.translate import format_number
from ..common.signed import signed
from .arguments import as_number, as_pairs, as_text


class MoBatch(models.Model):
    """What the PLC dosed, entered by a person: where its figures cannot be believed, those of the people at the plant count."""

    _inherit = "mo.batch"

    # Actions

    def action_open_amounts(self):
        """Ask for what the PLC dosed, beside what it shows."""
        self._check_allowed("enter_amounts")
        return self._open_wizard("plc_mo_batch.mo_batch_amounts_action")

    @signed("enter_amounts")
    def action_enter_amounts(self, amounts, reason, outcome="completed", weight=0.0):
        """Enter what the PLC dosed for the batch, instead of what it reports. A batch that it has yet to end ends with that. Of a
        batch that is booked, what is more is booked late.

        :param amounts: pairs of an equipment's code and kg, 0 or more; equipment that is not named keeps what it reported last,
            and must be named if the recipe needs it and it reported nothing yet
        :param reason: how that is known
        :param outcome: ``completed``, or ``failed`` for a batch that was not made to its end; without meaning if it has ended
        :param weight: kg produced, hand-adds included; 0 if it is not known, the PLC's policy then says what counts
        :return: True
        :raise UserError: if the batch is believed; for an amount that is none, or less than is booked; without a reason
        """
        self.ensure_one()
        batch = self.sudo()
        batch._lock_for_person()  # otherwise Task 2 or 3 may be storing or booking other amounts right now
        amounts, reason, weight = as_pairs(amounts), as_text(reason), as_number(weight)
        batch._check_amounts(amounts, reason, outcome, weight)
        is_booked = batch._is_dosing_booked()
        booked = {line: line.actual_qty for line in batch.line_ids if is_booked}
        batch._store_entered(amounts, reason)
        if is_booked:
            self.env["plc.task.write.back"].sudo()._book_difference(batch, booked)
        if batch.state in HANDED_OVER:
            batch._end_as_entered(outcome, weight)
        else:
            batch._on_watch_decided()
        return True

    # Business methods

    def _check_amounts(self, amounts, reason, outcome, weight):
        if not reason:
            raise UserError(self.env._("Enter how the amounts are known."))
        if not amounts:
            raise UserError(self.env._("Enter what was dosed."))
        if not all(amount >= 0 for amount in (*(kg for _code, kg in amounts), weight)):
            raise UserError(self.env._("The amounts must be 0 or more."))
        if outcome not in ("completed", FAILED):
            raise UserError(self.env._("A batch ends as completed or as failed."))
        self._check_plausible(max(kg for _code, kg in amounts), "line_quantity")
        self._check_plausible(weight, "weight")
        self._check_equipment([code for code, _kg in amounts])
        dosed = self._dosed_by_code()
        if self._is_dosing_booked() and any(kg < dosed.get(code, 0.0) - STORED_STEP / 2 for code, kg in amounts):
            raise UserError(self.env._("The batch is booked: what was dosed can only be raised. Correct the stock by hand."))

    def _check_plausible(self, kg, role):
        """What the PLC could not even show is a slip of whoever entered it."""
        most = self.controller_id.layout_id._layout().most(role)
        if kg > most:
            told = {"kg": format_number(self.env, kg, "g"), "most": format_number(self.env, most, "g")}
            raise UserError(self.env._("%(kg)s kg cannot be: the PLC's layout allows %(most)s.", **told))

    def _check_equipment(self, codes):
        """Each code is known and named once, and none is missing without which the batch could not be booked."""
        known = {*self.line_ids.mapped("code"), *self.controller_id.equipment_ids.mapped("code")} - {0}
        if not known.issuperset(codes):
            raise UserError(self.env._("Choose the silo or tank of each amount."))
        if len(set(codes)) < len(codes):
            raise UserError(self.env._("Enter one amount for each silo or tank."))
        missing = self.line_ids.filtered(lambda line: line.code and not line.reported and line.code not in codes)
        if missing:
            names = ", ".join(missing.mapped("dosed_from"))
            raise UserError(self.env._("Enter what was dosed from %s, too: the PLC has not reported it. 0 is an amount.", names))

    def _is_dosing_booked(self):
        """What it dosed is in the stock: more of it is booked late."""
        return self.state == DONE or self.state == FAILED and self.disposition_booked

    def _store_entered(self, amounts, reason):
        before = self._dosed_by_code()
        self._remark_entered(amounts)
        self._store_actuals(*zip(*amounts, strict=True))
        entered = self.line_ids.filtered(lambda line: line.code in dict(amounts))
        entered.write({"typed": True, "fallen_qty": 0.0, "carried_qty": 0.0})
        entered._follow_amounts()
        self.noted = True  # what the PLC shows of it now is known to be something else
        self.shown_amounts = self._case() == "changed" and self.shown_amounts
        self._remark(
            self.env._(
                "%(user)s entered what was dosed: %(amounts)s. %(reason)s",
                user=self.env.user.name,
                amounts=self._entered_texts(amounts, before) or self.env._("as reported"),
                reason=reason,
            ),
            kind="user",
        )

    def _end_as_entered(self, outcome, weight):
        forgotten = self.is_action_decide_allowed  # the PLC has forgotten the batch: there is nothing to acknowledge
        self.date_finished = self.date_finished or fields.Datetime.now()
        self._advance(outcome, weight, {"acknowledged": forgotten, "weight_typed": bool(weight)})

    def _dosed_by_code(self):
        dosed = self.line_ids.filtered("code").grouped("code")
        return {code: sum(lines.mapped("actual_qty")) for code, lines in dosed.items()}

    def _entered_texts(self, amounts, before):
        names = {line.code: line.dosed_from for line in self.line_ids if line.code}
        return ", ".join(
            self.env._(
                "%(equipment)s %(after)s kg instead of %(before)s",
                equipment=names.get(code) or code,
                after=format_number(self.env, kg, ".2f"),
                before=format_number(self.env, before.get(code, 0.0), ".2f"),
            )
            for code, kg in amounts
            if abs(kg - before.get(code, 0.0)) >= STORED_STEP / 2
        )
