import base64
from hashlib import sha256

from odoo import api, fields, models
from odoo.tools import SQL

from .paper import paper

REPORT = "plc_mo_batch.mo_batch_action_report"
DAYS = 90  # a batch whose report could not be frozen for so long has none
CORRECTED_DAYS = 7  # in which a report that something was corrected of is tried again


class MoBatchFrozen(models.Model):
    """The report of a batch as it was when the batch was closed, and as it was after each correction. Nobody changes or deletes
    it; its hash stands in the journal, too."""

    _name = "mo.batch.frozen"
    _inherit = "plc.append.only"
    _description = "Frozen Batch Report"
    _order = "batch_id, number"
    _rec_name = "file_name"
    _own_notes = ("seen",)

    batch_id = fields.Many2one("mo.batch", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="batch_id.company_id", store=True)
    number = fields.Integer(string="Version", required=True, readonly=True, aggregator=None)
    create_date = fields.Datetime(string="Frozen On", readonly=True)
    content = fields.Binary(string="Report", required=True, readonly=True, attachment=True)
    file_name = fields.Char(required=True, readonly=True)
    sha256 = fields.Char(string="SHA-256", required=True, readonly=True, help="Of the file, in hexadecimal digits.")
    is_whole = fields.Boolean(string="Unchanged", compute="_compute_is_whole", help="The file has this hash still.")
    shown = fields.Char(readonly=True, groups=fields.NO_ACCESS)  # hash of its text: a new version is of another one
    seen = fields.Integer(readonly=True, groups=fields.NO_ACCESS)  # the last line of the journal that it takes into account

    _number_uniq = models.UniqueIndex("(batch_id, number)", "A batch has each version of its report once.")

    @api.depends("content", "sha256")
    def _compute_is_whole(self):
        for frozen in self.with_context(bin_size=False):
            content = base64.b64decode(frozen.content or b"")
            frozen.is_whole = sha256(content).hexdigest() == frozen.sha256


class MoBatch(models.Model):
    _inherit = "mo.batch"

    frozen_ids = fields.One2many("mo.batch.frozen", "batch_id", string="Frozen Reports", readonly=True)

    @api.model
    def _to_freeze(self):
        """Closed batches without a frozen report, and those of which the journal has something new since theirs."""
        now = fields.Datetime.now()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT batch.id
                  FROM mo_batch batch
                  JOIN plc_controller plc ON plc.id = batch.controller_id AND batch.date_closed >= plc.freeze_since
                 WHERE batch.active IS NOT TRUE AND batch.date_closed >= %(oldest)s
                   AND NOT EXISTS (SELECT FROM mo_batch_frozen frozen WHERE frozen.batch_id = batch.id)
                 UNION
                SELECT line.batch_id
                  FROM mo_batch_journal line
                  JOIN mo_batch batch ON batch.id = line.batch_id AND batch.active IS NOT TRUE
                 WHERE line.create_date >= %(lately)s
                   AND line.id > (SELECT MAX(frozen.seen) FROM mo_batch_frozen frozen WHERE frozen.batch_id = line.batch_id)
              ORDER BY 1
                """,
                oldest=fields.Datetime.subtract(now, days=DAYS),
                lately=fields.Datetime.subtract(now, days=CORRECTED_DAYS),
            )
        )
        return self.browse(row[0] for row in rows)

    def _freeze_report(self):
        """Keep the report as it is now, unless the last version already shows the same."""
        self.ensure_one()
        last, made = self.frozen_ids.sudo()[-1:], self._paper()
        shown = sha256(made.shown.encode()).hexdigest()
        if last.shown != shown:
            last = self._keep_paper(made, shown, last.number + 1)
        last.seen = self.env["mo.batch.journal"].sudo().search([("batch_id", "=", self.id)], order="id desc", limit=1).id

    def _paper(self):
        controller = self.controller_id
        report = self.env.ref(REPORT).with_company(self.company_id)
        return paper(report, self, self.name.replace("/", "-"), controller._language(), controller._plant_zone())

    def _keep_paper(self, made, shown, number):
        digest = sha256(made.content).hexdigest()
        values = {
            "batch_id": self.id,
            "number": number,
            "content": base64.b64encode(made.content),
            "file_name": made.name if number == 1 else f"{number} - {made.name}",
            "sha256": digest,
            "shown": shown,
        }
        kept = self.env["mo.batch.frozen"].sudo().create(values)
        message = self.env._("Report frozen: version %(number)s, SHA-256 %(digest)s.", number=number, digest=digest)
        self._journal("state", message)
        return kept


class PlcController(models.Model):
    _inherit = "plc.controller"

    freeze_since = fields.Datetime(
        string="Freeze Reports From",
        default=fields.Datetime.now,
        copy=False,
        help="The report of each batch that is closed from then on is kept as it is then, as a file. Empty: no report is kept.",
    )
