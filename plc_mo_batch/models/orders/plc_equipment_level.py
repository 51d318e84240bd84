from odoo import api, fields, models
from odoo.tools import float_compare

from ...tools.translate import format_number
from .silo_outlook import SiloOutlook

LEVEL_STATES = [("ok", "Enough"), ("low", "Low"), ("short", "Empty before the queue is through")]


class PlcEquipment(models.Model):
    """The level of a silo that is a stock location, by the books."""

    _inherit = "plc.equipment"

    level = fields.Float(
        compute="_compute_level",
        compute_sudo=True,
        digits="Product Unit",
        help="What lies in it by the books, in the PLC's weight unit, less what was dosed and is not booked yet.",
    )
    level_percent = fields.Float(
        string="Filled (%)", compute="_compute_level", compute_sudo=True, help="The level, of its capacity. 0: that is not known."
    )
    level_lots = fields.Char(string="Content", compute="_compute_level", compute_sudo=True, help="Lot by lot.")
    level_outlook = fields.Char(
        string="Enough For",
        compute="_compute_level",
        compute_sudo=True,
        help="Of the batches in the queue and the orders that wait.",
    )
    level_state = fields.Selection(LEVEL_STATES, compute="_compute_level", compute_sudo=True)

    @api.depends("location_id", "product_ids", "capacity_kg", "low_kg", "controller_id")
    @api.depends_context("lang")
    def _compute_level(self):
        outlook = SiloOutlook(self._origin)
        for silo in self:
            is_known = silo._origin in outlook.levels
            silo.level = outlook.levels.weight(silo._origin)
            silo.level_percent = silo._percent(silo.level)
            silo.level_lots = outlook.levels.told(silo._origin)
            silo.level_outlook = silo._told_outlook(*outlook.enough(silo._origin)) if is_known else False
            silo.level_state = silo._level_state(outlook) if is_known else False

    # Business methods

    def _percent(self, weight):
        return max(0.0, min(100.0, 100 * weight / self.capacity_kg)) if self.capacity_kg else 0.0

    def _is_low(self, weight):
        return bool(self.low_kg) and float_compare(weight, self.low_kg, precision_digits=2) < 0

    def _level_state(self, outlook):
        silo = self._origin
        if outlook.lacking(silo):
            return "short"
        return "low" if self._is_low(outlook.levels.weight(silo)) else "ok"

    def _told_outlook(self, suffices, wanted):
        if not wanted:
            return self.env._("nothing planned")
        return self.env._("%(count)s of %(all)s batches", count=suffices, all=wanted)

    def _told_weight(self, weight):
        return f"{format_number(self.env, weight, '.2f')} {self.controller_id.sudo().uom_id.name}"
