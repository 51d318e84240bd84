from odoo import api, fields, models

from ...plc.curve import extended, points


class MoBatch(models.Model):
    """How each dose of the batch grew, for a picture. Nothing depends on it: what cannot be drawn is left out."""

    _inherit = "mo.batch"

    curves = fields.Json(
        string="Dosing",
        compute="_compute_curves",
        compute_sudo=False,
        help="Kilograms of each silo and tank over the minutes since the start, as Odoo saw them by live polling.",
    )

    @api.depends_context("lang")
    def _compute_curves(self):
        for batch in self:
            drawn = [line._drawn() for line in batch.line_ids if line.curve]
            doses = [dose for dose in drawn if len(dose["points"]) > 1]
            batch.curves = {"doses": doses, "missing": "" if doses else batch._why_no_curves()}

    def _why_no_curves(self):
        if not self.date_started:
            return self.env._("The PLC has not begun this batch.")
        if not self.controller_id.poll_interval:
            return self.env._("How a dose grows is kept with live polling only, and this PLC is not polled live.")
        if self.state in ("running", "cancelling"):
            return self.env._("Odoo has not seen an amount change yet.")
        return self.env._("Odoo did not watch the PLC live while it made this batch.")

    def _seconds_running(self):
        """Seconds since the PLC began it; None if it is not polled live, or what it dosed is not watched."""
        if not self.controller_id.poll_interval:
            return None
        now = fields.Datetime.now()
        return (now - (self.date_started or now)).total_seconds()


class MoBatchLine(models.Model):
    """A component whose dose is drawn."""

    _inherit = "mo.batch.line"

    curve = fields.Char(readonly=True, copy=False, help="Its kilograms over time: pairs of seconds since the start, and kg.")

    def _curve_values(self, kilograms, seconds):
        """What to store of an amount that the PLC shows.

        :param seconds: since the start; None if it is not drawn
        """
        if seconds is None:
            return {}
        return {"curve": extended(self.curve or "", seconds, kilograms, self.controller_id.poll_interval)}

    def _drawn(self):
        return {
            "name": self.product_id.display_name or self.dosed_from,
            "source": self.dosed_from,
            "planned": self.planned_qty,
            "points": points(self.curve),
        }
