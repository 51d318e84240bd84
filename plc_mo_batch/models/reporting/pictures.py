from markupsafe import Markup

from odoo import fields, models

from .chart import COLOURS, Band, Line, svg
from .shift import Shift

DOSE, OUTSIDE, MIDDLE = "#017e84", "#dc3545", "#495057"
WORDS = 6  # below the doses of a silo: as many moments stand side by side


class PlcDosingSilo(models.Model):
    """The band of its last doses, on paper."""

    _inherit = "plc.dosing.silo"

    def _picture(self):
        """What the screen shows as ``band``, as SVG; nothing without a dose."""
        band = self.band
        doses, limits = band["doses"], band["tolerances"]
        if not doses:
            return Markup()
        last = max(len(doses) - 1, 1)
        outside = [limit is not None and abs(dose) > limit for dose, limit in zip(doses, limits, strict=True)]
        dots = [OUTSIDE if each else DOSE for each in outside]
        lines = [
            *(self._limit(limits, sign) for sign in (1, -1)),
            Line([(0, band["mean"]), (last, band["mean"])], MIDDLE, "2 3"),
            Line(list(enumerate(doses)), DOSE, dots=dots),
        ]
        every = max(1, -(-len(doses) // WORDS))
        words = [(place, band["moments"][place]) for place in range(0, len(doses), every)]
        drawn = svg(lines, [Band(band["low"], band["high"], DOSE)], words, ("", self.env._("Deviation (%)")))
        return Markup(drawn)  # nosec B704 # svg() escapes

    def _limit(self, limits, sign):
        return Line([(place, sign * limit) for place, limit in enumerate(limits) if limit is not None], OUTSIDE, "6 4", 1.0)


class MoBatch(models.Model):
    """How its doses grew, on paper."""

    _inherit = "mo.batch"

    def _picture(self):
        """What the screen shows as ``curves``: (SVG, pairs of a colour and the name of a dose); nothing where none was seen."""
        doses = self.curves["doses"]
        colours = [COLOURS[number % len(COLOURS)] for number in range(len(doses))]
        lines = [
            Line([(seconds / 60, kilograms) for seconds, kilograms in dose["points"]], colour, width=2.0)
            for dose, colour in zip(doses, colours, strict=True)
        ]
        titles = (self.env._("Minutes since the start"), self.env._("kg"))
        drawn = Markup(svg(lines, titles=titles, zero=True))  # nosec B704 # svg() escapes
        return drawn, list(zip(colours, (dose["name"] for dose in doses), strict=True))


class PlcController(models.Model):
    """What it does in the shift that runs."""

    _inherit = "plc.controller"

    shift_picture = fields.Html(
        string="This Shift",
        compute="_compute_shift_picture",
        compute_sudo=False,
        sanitize=False,
        help="Batches from left to right since the shift began, as in the shift's report.",
    )

    def _compute_shift_picture(self):
        for controller in self:
            controller.shift_picture = Shift(controller, *controller._shift_around()).timeline() if controller._origin else False

    # Actions

    def action_open_shift_report(self):
        """The report of the shift that runs, to be shown or printed."""
        self.ensure_one()
        self.check_access("read")
        since, until = self._shift_around()
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.plc_shift_action")
        asked = {"default_controller_ids": self.ids, "default_since": since, "default_until": until}
        return {**action, "context": asked}
