from datetime import timedelta

from odoo import fields, models
from odoo.tools import float_compare, float_round

from ...plc.reconcile import ENDED, HANDED_OVER, WATCHED, Job
from ...plc.sentences import shape
from ...tools.translate import translate
from .mo_batch import CONSUMING, RECIPE_FIELDS

REJECTED = "rejected"
REJECT_SECONDS = 60  # what a slot reports may be half written: reported only if it stands that long


class MoBatch(models.Model):
    """A batch from the exchange's point of view, and what the PLC reports of it."""

    _inherit = "mo.batch"

    # What the reconciler is told

    def _fresh(self):
        """Queued batches whose order was never handed over to their PLC, by this batch or another."""
        waiting = self.filtered(lambda batch: batch.state == "queued" and not batch.resent)
        if not waiting:
            return waiting
        named = [("controller_id", "in", waiting.controller_id.ids), ("order_name", "in", waiting.mapped("order_name"))]
        handed_over = self.with_context(active_test=False).search([*named, ("date_offered", "!=", False)])
        known = {(batch.controller_id, batch.order_name) for batch in handed_over}
        return waiting.filtered(lambda batch: (batch.controller_id, batch.order_name) not in known)

    def _job(self, layout, fresh=False):
        """The batch as the reconciler takes it."""
        self.ensure_one()
        return Job(
            id=self.id,
            # To the PLC, a failed batch with a disposition has simply ended. It may still have to be acknowledged.
            state="failed" if self.state == "cancelled" and self.date_started else self.state,
            slot=self.slot,
            order=self.order_name,
            number=self.job_number,
            recipe=self._recipe(layout) if self.active else {},
            acknowledged=self.acknowledged,
            settled=self._is_settled(),
            awaits_weight=self._awaits_weight(),
            release=self.release,
            resent=self.resent,
            fresh=fresh,
            command=self.command or "",
            **self._watch_values(),
        )

    def _is_settled(self):
        """The PLC has had its settle time to show the effect of the offer or the withdrawal."""
        since = {"cancelling": self.withdrawn_at, "running": self.command_at}.get(self.state, self.date_offered)
        if not since:
            return self.state != "cancelling"
        # one second more, as the database stores no fractions
        return fields.Datetime.now() > since + timedelta(seconds=self.controller_id.settle_time + 1)

    def _awaits_weight(self):
        """A finished batch still has grace time in which the PLC may report its finished weight."""
        grace = self.controller_id.weight_grace
        return bool(grace) and (not self.date_finished or fields.Datetime.now() < self.date_finished + timedelta(seconds=grace))

    def _recipe(self, layout):
        """The recipe by role, in kg, frozen when the order was queued."""
        lines = [(line.code, line.planned_qty) for line in self.line_ids]
        return layout.recipe(lines, **{role: self[name] for role, name in RECIPE_FIELDS.items()})

    # What the PLC says

    def _apply(self, step, read_at=0.0):
        """Store what one step of the reconciler decided.

        :param step: a :class:`~...plc.reconcile.Step` about this batch
        :param read_at: when the PLC showed it, in seconds since 1970
        """
        self.ensure_one()
        values = dict(step.values)
        number = {"job_number": values["number"]} if "number" in values else {}
        if "actuals" in values:
            self._remark_counts(values["codes"], values["actuals"], read_at)
            self._store_actuals(values["codes"], values["actuals"], self._seconds_running())
            self.line_ids._follow_amounts()
        self._store_watched(values)
        self._store_progress(values)
        if step.state:
            self._advance(step.state, values.get("weight", 0.0), number)
        if step.anomaly:
            self._record_anomaly(step.anomaly)
        elif not step.state and self.attention_key and not self._keeps_attention():
            self.write({"attention": False, "attention_key": False})

    def _store_progress(self, values):
        """Store what leaves the state as it is: acknowledged, on hold, first seen withdrawn or finished."""
        if values.get("acknowledged"):
            self.acknowledged = True
        if "held" in values and values["held"] != self.on_hold:
            self._set_on_hold(values["held"])
            self._journal(
                "state", self.env._("The PLC is holding the batch.") if self.on_hold else self.env._("The PLC resumed the batch.")
            )
        if values.get("obeyed"):
            self.command = False
        if "withdrawn" in values and bool(self.withdrawn_at) != values["withdrawn"]:
            self.withdrawn_at = values["withdrawn"] and fields.Datetime.now()
        if values.get("finished") and not self.date_finished:
            self.date_finished = fields.Datetime.now()
            self.env["plc.task.exchange"]._trigger(self.date_finished + timedelta(seconds=self.controller_id.weight_grace))
        if values.get("finished") is False:
            self.date_finished = False

    def _advance(self, state, weight, values):
        # A batch may be seen finished without ever having been seen running.
        if state in ("completed", "failed") and not self.date_started:
            values["date_started"] = fields.Datetime.now()
        if state == "completed":
            self._take_up_at_the_end()
        if state in ("completed", "failed"):
            values.update(self._weight_values(weight, values.get("weight_typed")), command=False, on_hold=False)
        too_late = self.state == "cancelling" and state in CONSUMING
        self._set_state(state, release=False, **values)
        self._journal("state", self._state_message(state))
        self._log(state)
        self._on_state_changed(state, too_late)

    def _on_state_changed(self, state, too_late):
        """Carry out the consequences of a new state."""
        self._start_order()
        if too_late:
            self.attention = self.env._("The batch was being cancelled, but the PLC took the recipe at that moment.")
            self._remark(self.attention, kind="state")
        if state == "completed":
            self.env["plc.task.write.back"]._trigger()
        if state == "cancelled":
            self._carry_out_order_action()
        if state == "failed":
            self._on_batch_failed()
        elif self.weight_needed:
            self.attention = self.env._("The PLC did not report a finished weight. Enter the produced quantity.")
        if state in ENDED:
            self.line_ids._freeze_lots()
        if state == "completed":
            self._gate_before_booking()
        if state == "cancelled":
            self._let_weighings_go()

    def _weight_values(self, weight, typed=False):
        if typed:  # by a person, who counts everything
            return {"finished_weight": 0.0, "produced_qty": weight, "weight_needed": False}
        ask = not weight and self.controller_id.weight_policy == "ask"
        return {"finished_weight": weight, "produced_qty": 0.0 if ask else self._produced_qty(weight), "weight_needed": ask}

    def _state_message(self, state):
        if self.given_up_by_id:
            return self.env._("No more is expected of the PLC. What was last read of it is stored.")
        number = self.job_number
        return {
            "sending": self.env._("Sending the recipe to slot %s.", self.slot),
            "offered": self.env._("The recipe is in slot %s and is offered to the PLC.", self.slot),
            "running": self.env._("The PLC took the recipe.") if not number else self.env._("The PLC took job %s.", number),
            "completed": self.env._("The PLC finished the batch. The actual quantities are stored."),
            "failed": self.env._("The PLC reported a failed batch. The actual quantities are stored."),
            "cancelled": self.env._("Cancelled: the PLC will not make it."),
        }[state]

    def _log(self, state):
        self.env["plc.task.exchange"]._log(
            "%s: %s %s in slot %s of %s", state, self.name, self.order_name, self.slot, self.controller_id.name
        )

    def _produced_qty(self, weight):
        """kg produced: the finished weight; without one from the PLC, as the PLC's policy says."""
        if weight:
            return weight + (self._hand_added_weight() if self._weighs_only_dosed() else 0.0)
        if self.controller_id.weight_policy == "actuals":
            return sum(line._consumed_weight() for line in self.line_ids)
        return self.planned_qty

    def _store_actuals(self, codes, actuals, seconds=None):
        """Write the actuals (kg, by equipment code) into the lines, only where they changed.

        A component that the recipe does not name gets its own line: no dosed kilogram is dropped.

        :param seconds: since the start, for the curve of each dose; None if there is none
        """
        by_code = self.line_ids.filtered("code").grouped("code")
        for code, actual in zip(codes, actuals, strict=True):
            if code in by_code:
                self._store_actual(by_code[code], actual, seconds)
            elif actual:
                self._add_off_recipe_line(code, actual, seconds)

    def _store_actual(self, lines, actual, seconds):
        """Divide what one equipment dosed among its lines, in proportion to the plan; the last one takes the rest, so that no
        decimal is lost."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        planned, rest = sum(lines.mapped("planned_qty")), actual
        for line in lines:
            share = float_round(actual * line.planned_qty / (planned or 1.0), precision_digits=digits)
            part = rest if line == lines[-1] else share
            rest = float_round(rest - part, precision_digits=digits)
            if not line.reported or float_compare(line.actual_qty, part, precision_digits=digits):
                line.write({"actual_qty": part, "reported": True, **line._curve_values(part, seconds)})

    def _add_off_recipe_line(self, code, actual, seconds):
        line = self.env["mo.batch.line"].create(
            {
                "batch_id": self.id,
                "sequence": 1000,
                "code": code,
                "uom_id": self.uom_id.id,
                "actual_qty": actual,
                "reported": True,
            }
        )
        line.write(line._curve_values(actual, seconds))
        line._count_for_sister()
        line._find_product()

    # What is odd about it

    def _record_anomaly(self, anomaly):
        """Journal an anomaly once per change, and show it on the batch. A value that is another one at each look is no change."""
        key = self._anomaly_key(anomaly)
        if self.attention_key == key:
            return
        if self._keeps_attention(anomaly):
            self._follow(anomaly, key)
            return
        message = self._anomaly_message(anomaly)
        self.write({"attention": message, "attention_key": key})
        self._journal("anomaly", message, anomaly)
        self.env["plc.task.exchange"]._log("%s, slot %s: %s", self.controller_id.name, self.slot, message)
        if anomaly.code == REJECTED:
            self.env["plc.task.health"]._trigger(fields.Datetime.now() + timedelta(seconds=REJECT_SECONDS))
            self.env["plc.counter"]._add(self.controller_id, "rejected")
        self._on_anomaly(anomaly)

    def _anomaly_key(self, anomaly):
        """What is the same as long as the matter is. Of what a person decides by its amounts, each amount is told."""
        if anomaly.code in WATCHED:
            return f"{anomaly.code} {anomaly.detail}"
        place = "" if anomaly.offset is None else f" @{anomaly.offset}"
        return f"{anomaly.code} {shape(anomaly.detail)}{place}"

    def _anomaly_message(self, anomaly):
        sentences = {
            "rejected": self.env._("Slot %(slot)s was rejected: %(detail)s. Nothing was changed."),
            "occupied": self.env._("Slot %(slot)s cannot be used: %(detail)s."),
            "job_number": self.env._("Slot %(slot)s cannot be used because its job number is implausible: %(detail)s."),
            "database_behind": self.env._(
                "The PLC is ahead of this database: %(detail)s. If the database was restored from a backup, queued orders may "
                "already have been made: compare them, cancel those, then resume sending. Nothing is sent until then."
            ),
            "lost": self.env._("The PLC seems to have lost its memory: %(detail)s. An operator must decide."),
            "untaken": self.env._("The PLC has not taken the recipe in slot %(slot)s: %(detail)s."),
            "went_back": self.env._(
                "The taken job of slot %(slot)s went back: %(detail)s. The PLC may have made this batch and forgotten it. An "
                "operator must decide."
            ),
            "fell": self.env._(
                "Amounts in slot %(slot)s fell: %(detail)s. Did the PLC dose them, and begin to count again? Then add them; "
                "otherwise take note. Nothing is booked before."
            ),
            "reopened": self.env._("The end of the batch in slot %(slot)s went back: %(detail)s. Take note once you know why."),
            "unsteady": self.env._(
                "Slot %(slot)s shows the end of the batch, but what it dosed still changes: %(detail)s. It is read again until "
                "they agree."
            ),
            "changed": self.env._(
                "The batch has ended, but slot %(slot)s shows something else than is stored: %(detail)s. The journal has the raw "
                "words. Was it made twice, or counted on? Then enter what was dosed in all; otherwise take note."
            ),
            "doubt": self.env._("Slot %(slot)s: %(detail)s. Check the PLC; nothing is sent again automatically."),
        }
        told = {"slot": self.slot, "detail": translate(self.env, anomaly.detail)}
        return (self._sentence_in_state(anomaly) or sentences[anomaly.code]) % told

    def _sentence_in_state(self, anomaly):
        """The sentence about an anomaly where people can do something else about it in the batch's state; empty elsewhere."""
        if anomaly.code == "changed" and self.state == "cancelled":
            return self.env._(
                "The batch is closed, but slot %(slot)s shows otherwise: %(detail)s. The journal has the raw words. Book by hand "
                "what was dosed, then take note."
            )
        if anomaly.code == "rejected" and self.state in HANDED_OVER:
            return self.env._(
                "Slot %(slot)s was rejected: %(detail)s. Nothing was changed. If it stays so, have the PLC's program mended, or "
                "enter what was dosed."
            )
        return ""
