from odoo import fields, models

from ...plc.reconcile import CANCELLED, ENDED, RUNNING, WATCHED
from ...tools.translate import format_number, translate
from ..common.signed import signed


class MoBatch(models.Model):
    """What may only rise: amounts, the end, the taken job, a result that is stored. Where one of them goes back, a person
    decides, and nothing is booked before."""

    _inherit = "mo.batch"

    armed = fields.Boolean(
        readonly=True,
        help="Its job number may still stand in the PLC's recipe area. It is cleared once the PLC has taken the job.",
    )
    taken_before = fields.Integer(
        string="Job Taken Before", readonly=True, aggregator=None, help="What its slot showed as taken when the recipe was sent."
    )
    shown_before = fields.Boolean(readonly=True, help="Its slot showed the order already when the recipe was sent.")
    shown_amounts = fields.Json(
        readonly=True,
        help="By equipment code, what the PLC showed last that differs from what is stored. Once it is noted, only what differs "
        "from it is told.",
    )
    noted = fields.Boolean(
        string="Change Noted", readonly=True, help="A user knows that the PLC shows something else of it than is stored."
    )
    watch_needed = fields.Boolean(
        string="Went Back", readonly=True, help="What may only rise went back. Until a user has decided, the batch is not booked."
    )

    # Actions

    @signed("take_note")
    def action_take_note(self):
        """A person has seen that something went back: what is stored stays as it is, and the PLC is right from now on.

        A batch that has ended and whose slot is rejected counts as acknowledged, or the next one would wait for ever.
        """
        for batch in self.sudo():
            batch._journal(
                "user", self.env._("%(user)s took note: %(what)s", user=self.env.user.name, what=batch.attention or "")
            )
            batch.line_ids.filtered("fallen_qty").fallen_qty = 0.0
            batch.acknowledged = batch.acknowledged or batch._case() == "rejected"
            batch.noted = batch.noted or batch.state in (*ENDED, CANCELLED)
            batch.shown_amounts = batch._case() == "changed" and batch.shown_amounts
            batch._on_watch_decided()
        return True

    @signed("add_fallen")
    def action_add_fallen(self):
        """A person decided that the PLC had dosed what its amounts fell by: it is added to what it shows."""
        for batch in self.sudo():
            fallen = batch.line_ids.filtered("fallen_qty")
            batch._journal(
                "user",
                self.env._("%(user)s added what fell: %(amounts)s", user=self.env.user.name, amounts=fallen._fallen_texts()),
            )
            for line in fallen:
                line._add_fallen()
            batch._on_watch_decided()
        return True

    # Business methods

    def _on_watch_decided(self):
        self.write({"watch_needed": False, "attention": False, "attention_key": False})
        self.env["plc.task.exchange"]._trigger()
        self.env["plc.task.health"]._trigger()
        if self.state == "completed":
            self._on_hand_adds_changed()
        elif self.state == "failed" and self.disposition_order:
            self.env["plc.task.write.back"]._trigger()
        elif self.state == "failed":
            self._on_batch_failed()

    def _watch_values(self):
        """What the reconciler is told of it."""
        shown = self.state == RUNNING or self.state in ENDED or self.state == "cancelled" and bool(self.date_started)
        dosed = self.line_ids.filtered("code") if shown else self.line_ids.browse()
        stored, carried = {}, {}
        for line in dosed:
            if line.reported:
                stored[line.code] = stored.get(line.code, 0.0) + line.actual_qty
            if line.carried_qty:
                carried[line.code] = carried.get(line.code, 0.0) + line.carried_qty
        return {
            "armed": self.armed,
            "taken_before": self.taken_before,
            "finished": self.state == RUNNING and bool(self.date_finished),
            "stored": stored,
            "carried": carried,
            "shown_before": self.shown_before,
            "noted": self.noted,
            "known": {int(code): kg for code, kg in (self.shown_amounts or {}).items()} if self.noted else {},
        }

    def _store_watched(self, values):
        """Store what a step says about it."""
        for name in ("armed", "taken_before", "shown_before"):
            if name in values and values[name] != self[name]:
                self[name] = values[name]
        for code, amount in values.get("fell", {}).items():
            line = self.line_ids.filtered(lambda line, code=code: line.code == code)[:1]
            line.fallen_qty += amount
        if "shown" in values:
            self.shown_amounts = {str(code): kg for code, kg in values["shown"].items()}
        if "drifted" in values:
            drifted = translate(self.env, values["drifted"])
            self._remark(self.env._("Read as zero, since an empty scale may drift: %s.", drifted))

    def _keeps_attention(self, anomaly=None):
        """Something went back, and a person has yet to decide: nothing else takes its place."""
        return self.watch_needed and not (anomaly and anomaly.code == "fell" == self._case())

    def _follow(self, anomaly, key):
        """What the PLC shows of a batch that has ended goes on changing: a person decides about what it shows by then. The
        journal has the words in which it began."""
        if anomaly.code == "changed" == self._case():
            self.write({"attention": self._anomaly_message(anomaly), "attention_key": key})

    def _on_anomaly(self, anomaly):
        """What may only rise went back: people hear of it at once."""
        if anomaly.code in WATCHED:
            self.watch_needed = True
            self.env["plc.task.health"]._trigger()


class MoBatchLine(models.Model):
    """A component whose amount fell."""

    _inherit = "mo.batch.line"

    fallen_qty = fields.Float(
        string="Fell By",
        digits="Product Unit",
        readonly=True,
        help="By how much the reported amount fell, until a user has decided.",
    )
    carried_qty = fields.Float(
        string="Added after a Fall",
        digits="Product Unit",
        readonly=True,
        help="What the PLC had dosed and no longer shows, as a user decided. It is part of the actual quantity.",
    )

    def _add_fallen(self):
        self.write(
            {
                "actual_qty": self.actual_qty + self.fallen_qty,
                "carried_qty": self.carried_qty + self.fallen_qty,
                "fallen_qty": 0.0,
            }
        )
        self._follow_amounts()

    def _fallen_texts(self):
        return ", ".join(
            f"{line.product_id.display_name or line.code} {format_number(self.env, line.fallen_qty, '.2f')}" for line in self
        )
