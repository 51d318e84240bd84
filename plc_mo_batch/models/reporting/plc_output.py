from odoo import fields, models
from odoo.tools import SQL

from ..health.plc_alarm import KINDS

SIDE_BY_SIDE = 100  # batches that a PLC may work on at once, at most: one that runs long ends after many that began later


class PlcOutput(models.Model):
    """What a PLC has made: each batch that it ended, with how long that took, and for how long it had stood still before.

    Failed batches are counted, and bend no figure: what they should have made counts as planned, what they made as nothing, and
    their duration not at all. When a batch began that was first seen when it had ended, nobody knows (``_was_seen_running``).
    """

    _name = "plc.output"
    _inherit = ["plc.spread"]
    _description = "Output of a PLC"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "batch_id"
    _spreads = {"spread_minutes": "duration_minutes"}

    batch_id = fields.Many2one("mo.batch", readonly=True)
    controller_id = fields.Many2one("plc.controller", string="PLC", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    date_started = fields.Datetime(string="Started", readonly=True)
    date = fields.Datetime(string="Finished", readonly=True)
    outcome = fields.Selection([("made", "Made"), ("failed", "Failed")], readonly=True)
    planned_t = fields.Float(string="Planned (t)", digits=(16, 3), readonly=True)
    made_t = fields.Float(string="Made (t)", digits=(16, 3), readonly=True)
    duration_minutes = fields.Float(
        string="Mean Duration (min)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="From start to end, by Odoo's clock, holds included. Of several batches: their mean. Failed ones do not count.",
    )
    spread_minutes = fields.Float(
        string="Spread of Durations (min)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Standard deviation of several batches.",
    )
    rate = fields.Float(
        string="Mean Rate (t/h)",
        digits=(16, 2),
        readonly=True,
        aggregator="avg",
        help="While a batch was made. The mean of batches.",
    )
    hold_minutes = fields.Float(string="On Hold (min)", digits=(16, 1), readonly=True, help="For how long the PLC held it.")
    idle_minutes = fields.Float(
        string="Idle Before (min)",
        digits=(16, 1),
        readonly=True,
        help="For how long the PLC had worked on no batch when it began this one.",
    )
    idle_kind = fields.Selection(
        KINDS, string="Alarm Meanwhile", readonly=True, help="The alarm that stood longest while the PLC was idle before it."
    )
    right_percent = fields.Float(
        string="Right First Time (%)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="Batches that were made, with nothing out of tolerance, and that no person had to review, correct or send again.",
    )
    failed_percent = fields.Float(string="Failed (%)", digits=(16, 1), readonly=True, aggregator="avg")

    @property
    def _table_query(self):
        """What was before is looked up for each row, by an index: a window over all batches would read the whole history for one
        day of it. Holds are read as ``MoBatch._held`` does, standstills as ``Shift.stops``: a table of tests compares them."""
        return SQL(
            """
            SELECT batch.id, batch.id AS batch_id, batch.controller_id, batch.company_id, batch.product_id, batch.date_started,
                   batch.date_finished AS date, CASE WHEN ended.well THEN 'made' ELSE 'failed' END AS outcome,
                   batch.planned_qty * uom.factor / %(ton)s AS planned_t,
                   CASE WHEN ended.well THEN batch.produced_qty * uom.factor / %(ton)s ELSE 0 END AS made_t,
                   CASE WHEN ended.well THEN took.minutes END AS duration_minutes,
                   NULL::double precision AS spread_minutes,
                   CASE WHEN ended.well THEN batch.produced_qty * uom.factor / %(ton)s * 60 / took.minutes END AS rate,
                   held.minutes AS hold_minutes, idle.minutes AS idle_minutes, stood.kind AS idle_kind,
                   CASE WHEN ended.well AND COALESCE(batch.tolerance_state, 'within') = 'within'
                             AND TRUE NOT IN (COALESCE(batch.reviewed, FALSE), COALESCE(batch.review_needed, FALSE),
                                              COALESCE(batch.resent, FALSE), COALESCE(batch.weight_typed, FALSE))
                        THEN 100.0 ELSE 0.0 END AS right_percent,
                   CASE WHEN ended.well THEN 0.0 ELSE 100.0 END AS failed_percent
              FROM mo_batch batch
              JOIN uom_uom uom ON uom.id = batch.uom_id
        CROSS JOIN LATERAL (SELECT batch.state IN ('completed', 'done') AS well) ended
        CROSS JOIN LATERAL (SELECT batch.date_finished - batch.date_started > interval '1 second' AS begun) seen
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN seen.begun THEN EXTRACT(EPOCH FROM batch.date_finished - batch.date_started) / 60
                           END AS minutes) took
        CROSS JOIN LATERAL (
                    SELECT COALESCE(SUM(GREATEST(0, EXTRACT(EPOCH FROM
                               LEAST(COALESCE((hold->>1)::timestamp, batch.date_finished), batch.date_finished)
                               - GREATEST((hold->>0)::timestamp, batch.date_started)))), 0) / 60 AS minutes
                      FROM jsonb_array_elements(COALESCE(batch.holds, '[]')) hold) held
         LEFT JOIN LATERAL (
                    SELECT MAX(COALESCE(other.date_finished, other.date_closed, batch.date_started)) AS since
                      FROM (SELECT earlier.date_finished, earlier.date_closed
                              FROM mo_batch earlier
                             WHERE earlier.controller_id = batch.controller_id AND earlier.date_started <= batch.date_started
                               AND (earlier.date_started, earlier.id) < (batch.date_started, batch.id)
                          ORDER BY earlier.date_started DESC, earlier.id DESC
                             LIMIT %(side_by_side)s) other) before ON TRUE
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN seen.begun
                                THEN GREATEST(EXTRACT(EPOCH FROM batch.date_started - before.since), 0) / 60 END AS minutes) idle
         LEFT JOIN LATERAL (
                    SELECT alarm.kind
                      FROM plc_alarm alarm
                     WHERE idle.minutes > 0
                       AND (alarm.controller_id = batch.controller_id OR alarm.controller_id IS NULL)
                       AND alarm.date_opened < batch.date_started
                       AND COALESCE(alarm.date_closed, batch.date_started) > before.since
                  ORDER BY LEAST(COALESCE(alarm.date_closed, batch.date_started), batch.date_started)
                           - GREATEST(alarm.date_opened, before.since) DESC, alarm.date_opened, alarm.id
                     LIMIT 1) stood ON TRUE
             WHERE batch.date_started IS NOT NULL AND batch.date_finished IS NOT NULL
               AND (batch.state IN ('completed', 'done', 'failed')
                    OR batch.state = 'cancelled' AND batch.disposition_order IS NOT NULL)
            """,
            ton=self.env.ref("uom.product_uom_ton").factor,
            side_by_side=SIDE_BY_SIDE,
        )


class MoBatch(models.Model):
    _inherit = "mo.batch"

    _started_idx = models.Index(
        "(controller_id, date_started, id) INCLUDE (date_finished, date_closed) WHERE date_started IS NOT NULL"
    )
