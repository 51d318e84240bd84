from statistics import mean, stdev

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from ...tools.translate import format_number

DAYS = 30  # what a silo did before says little of how it doses now
FEWEST = 10  # doses of which a mean says something
DRAWN = 50  # doses of a picture: as many as one can tell apart
SURE = 2.0  # standard errors by which a mean differs from 0, to be an error of the silo


class PlcDosingSilo(models.Model):
    """How each silo and tank dosed each of its products lately, and which after-flow correction that suggests.

    After-flow is what still falls once the PLC has shut the valve. Nothing is sent: a person enters a correction at the PLC.
    """

    _name = "plc.dosing.silo"
    _description = "Dosing of a Silo"
    _auto = False
    _order = "outside_percent desc nulls last, spread_percent desc nulls last, id"
    _rec_name = "equipment_id"

    controller_id = fields.Many2one("plc.controller", string="PLC", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    equipment_id = fields.Many2one("plc.equipment", string="Silo or Tank", readonly=True)
    product_id = fields.Many2one("product.product", string="Component", readonly=True)
    uom_id = fields.Many2one("uom.uom", string="Unit", readonly=True)
    dose_count = fields.Integer(string="Doses", readonly=True, help="Of the last 30 days, without failed and cancelled batches.")
    planned_qty = fields.Float(string="Planned", digits="Product Unit", readonly=True, aggregator=None, help="Mean of the doses.")
    mean_qty = fields.Float(string="Mean Deviation", digits="Product Unit", readonly=True, aggregator=None)
    spread_qty = fields.Float(
        string="Spread", digits="Product Unit", readonly=True, aggregator=None, help="Standard deviation of the doses."
    )
    mean_percent = fields.Float(string="Mean Deviation (%)", digits=(16, 2), readonly=True, aggregator=None)
    spread_percent = fields.Float(
        string="Spread (%)", digits=(16, 2), readonly=True, aggregator=None, help="Standard deviation of the doses."
    )
    outside_percent = fields.Float(
        string="Out of Tolerance (%)",
        digits=(16, 1),
        readonly=True,
        aggregator=None,
        help="Of the doses that were judged by a limit.",
    )
    judged_count = fields.Integer(string="Judged", readonly=True, help="Doses that were judged by a limit.")
    deviation_value = fields.Monetary(string="Value of Deviations", readonly=True, help="At the cost when each batch was closed.")
    correction_qty = fields.Float(
        string="After-Flow Correction",
        digits="Product Unit",
        readonly=True,
        aggregator=None,
        help="Suggested: by how much to raise the after-flow of the silo at the PLC; below 0: to lower it. 0: nothing sure. "
        "It is never sent.",
    )
    suggestion = fields.Char(compute="_compute_suggestion", compute_sudo=False)
    band = fields.Json(
        string="Last Doses",
        compute="_compute_band",
        compute_sudo=False,
        help="Deviation of each of the last doses, in percent of its plan; with a band: their mean and spread.",
    )

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT min(dose.id) AS id, dose.controller_id, dose.company_id, dose.equipment_id, dose.product_id, dose.uom_id,
                   dose.currency_id, count(*) AS dose_count, avg(dose.planned_qty) AS planned_qty,
                   avg(dose.deviation_qty) AS mean_qty, stddev_samp(dose.deviation_qty) AS spread_qty,
                   avg(dose.deviation_percent) AS mean_percent, stddev_samp(dose.deviation_percent) AS spread_percent,
                   avg(dose.outside_percent) AS outside_percent, count(dose.outside_percent) AS judged_count,
                   sum(dose.deviation_value) AS deviation_value,
                   CASE WHEN count(*) >= %(fewest)s
                         AND abs(avg(dose.deviation_qty)) > %(sure)s * stddev_samp(dose.deviation_qty) / sqrt(count(*))
                        THEN avg(dose.deviation_qty) ELSE 0.0 END AS correction_qty
              FROM (%(doses)s) AS dose
             WHERE dose.date >= (now() AT TIME ZONE 'UTC') - %(days)s * interval '1 day' AND dose.equipment_id IS NOT NULL
          GROUP BY dose.controller_id, dose.company_id, dose.equipment_id, dose.product_id, dose.uom_id, dose.currency_id
            """,
            doses=self.env["plc.dosing"]._table_query,
            days=DAYS,
            fewest=FEWEST,
            sure=SURE,
        )

    @api.depends("dose_count", "correction_qty", "spread_qty", "outside_percent")
    @api.depends_context("lang")
    def _compute_suggestion(self):
        for silo in self:
            silo.suggestion = silo._suggestion()

    @api.depends_context("lang", "tz")
    def _compute_band(self):
        for silo in self:
            silo.band = silo._band()

    # Actions

    def action_view_doses(self):
        """The doses that the figures are of."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.plc_dosing_action")
        of_silo = [("equipment_id", "=", self.equipment_id.id), ("product_id", "=", self.product_id.id)]
        return {**action, "domain": of_silo, "context": {"search_default_last_30_days": 1}, "view_mode": "list,pivot,graph",
                "views": [(False, "list"), (False, "pivot"), (False, "graph")]}  # fmt: skip

    # Business methods

    def _band(self):
        """What the picture shows, in percent: ``doses`` with their ``moments`` and ``batches``, oldest first; ``low``, ``mean``
        and ``high`` of the band; for each dose what it may be off, in ``tolerances``, None without a limit."""
        same = [("equipment_id", "=", self.equipment_id.id), ("product_id", "=", self.product_id.id)]
        doses = self.env["plc.dosing"].search([*same, ("uom_id", "=", self.uom_id.id)], order="date desc, id desc", limit=DRAWN)
        doses = doses[::-1]
        found = [round(dose.deviation_percent, 3) for dose in doses]
        middle, spread = (mean(found) if found else 0.0), (stdev(found) if len(found) > 1 else 0.0)
        return {
            "doses": found,
            "moments": [format_datetime(self.env, dose.date, dt_format="short") for dose in doses],
            "batches": [dose.batch_id.name for dose in doses],
            "low": round(middle - spread, 3),
            "mean": round(middle, 3),
            "high": round(middle + spread, 3),
            "tolerances": [self._tolerance_percent(dose.planned_qty) for dose in doses],
        }

    def _tolerance_percent(self, planned):
        owner = self.equipment_id if self.equipment_id._has_limit("tolerance") else self.controller_id
        limit = owner._limit("tolerance", planned)
        return round(100 * limit / planned, 3) if limit else None

    def _suggestion(self):
        unit = self.uom_id.name
        if self.dose_count < FEWEST:
            return self.env._("Too few doses to say.")
        if self.uom_id.is_zero(self.correction_qty):
            if self.outside_percent:
                spread = format_number(self.env, self.spread_qty, ".2f")
                return self.env._("No steady error: it scatters by ±%(spread)s %(unit)s.", spread=spread, unit=unit)
            return self.env._("Nothing to correct.")
        amount = format_number(self.env, abs(self.correction_qty), ".2f")
        if self.correction_qty > 0:
            return self.env._("Raise the after-flow by %(amount)s %(unit)s: it doses too much.", amount=amount, unit=unit)
        return self.env._("Lower the after-flow by %(amount)s %(unit)s: it doses too little.", amount=amount, unit=unit)
