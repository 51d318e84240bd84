from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models

GATHERED = "plc_mo_batch.journal"  # values of lines that are created together
AREAS = [
    ("recipe", "Recipe"),
    ("feedback", "Feedback"),
    ("failure", "Failures"),
    ("weighing", "Weighings"),
    ("clock", "Clock"),
    ("level", "Levels"),
]


class MoBatchJournal(models.Model):
    _name = "mo.batch.journal"
    _inherit = "plc.append.only"
    _description = "Batch Journal"
    _order = "id desc"
    _rec_name = "message"

    controller_id = fields.Many2one("plc.controller", string="PLC", index=True, ondelete="cascade", readonly=True)
    batch_id = fields.Many2one("mo.batch", index="btree_not_null", ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    create_date = fields.Datetime(string="Time", readonly=True, index=True)
    kind = fields.Selection(
        [
            ("state", "State"),
            ("write", "Sent to the PLC"),
            ("anomaly", "Anomaly"),
            ("error", "Error"),
            ("contact", "Contact"),
            ("user", "User action"),
        ],
        required=True,
        readonly=True,
    )
    message = fields.Char(required=True, readonly=True)
    slot = fields.Integer(readonly=True)
    words = fields.Char(string="Raw Words", readonly=True, help="The words as read from the PLC, starting with the slot's first.")
    area = fields.Selection(AREAS, readonly=True, help="The area in which the raw words were read.")
    layout_id = fields.Many2one("plc.register.layout", ondelete="set null", readonly=True, help="The PLC's layout at that time.")
    words_html = fields.Html(string="Raw Words by Field", compute="_compute_words_html", sanitize=False)
    wrong_word = fields.Integer(readonly=True, help="Which raw word was rejected, counted from 0; -1: none.")
    user_id = fields.Many2one("res.users", readonly=True, default=lambda self: self.env.uid)

    _controller_idx = models.Index("(controller_id, id)")  # the latest lines of one PLC, out of a million

    @api.depends("words", "area", "layout_id", "wrong_word", "slot")
    @api.depends_context("lang")
    def _compute_words_html(self):
        for line in self:
            words = [int(word) for word in (line.words or "").split()]
            area = line.area or "feedback"
            line.words_html = bool(words) and line.layout_id._words_table(area, words, line.slot, line.wrong_word)

    # Business methods

    @api.model
    def _record_once(self, message, controller):
        """Add what the user did to the journal, unless it says the same of the last minute: a program may call a button very
        often."""
        since = fields.Datetime.now() - timedelta(minutes=1)
        same = [("controller_id", "=", controller.id), ("user_id", "=", self.env.uid), ("message", "=", message)]
        if not self.sudo().search_count([*same, ("create_date", ">=", since)], limit=1):
            self._record("user", message, controller=controller)

    @api.model
    def _record(self, kind, message, batch=None, controller=None, anomaly=None, slot=0, area="feedback"):
        """Add a line to the journal; at the end of the block, if lines are being gathered.

        :param anomaly: a :class:`~...plc.reconcile.Anomaly` whose raw words are kept
        :param area: where these words stood, one of :data:`AREAS`
        """
        line = self._line(kind, message, batch, controller, anomaly, slot, area)
        gathered = self.env.cr.precommit.data.get(GATHERED)
        if gathered is None:
            return self.sudo().create(line)
        gathered.append(line)

    @contextmanager
    def _gathered(self):
        """Lines that are recorded in the block are created at its end by one statement, which takes as long as for one of them.

        A savepoint in the block creates them before it begins, as it does with all that waits to be written. So what it undoes
        leaves no line, and what was before it stays.
        """
        precommit = self.env.cr.precommit
        precommit.data[GATHERED] = []
        precommit.add(self._create_gathered)
        yield
        self._create_gathered()

    @api.model
    def _create_gathered(self):
        self.sudo().create(self.env.cr.precommit.data.pop(GATHERED, []))

    @api.model
    def _line(self, kind, message, batch=None, controller=None, anomaly=None, slot=0, area="feedback"):
        """Values of a line that :meth:`_record` adds, for who adds many at once."""
        batch = batch or self.env["mo.batch"]
        controller = controller or batch.controller_id
        has_words = bool(anomaly and anomaly.words)
        return {
            "kind": kind,
            "message": message,
            "batch_id": batch.id,
            "controller_id": controller.id,
            "company_id": controller.company_id.id,
            "slot": slot or batch.slot,
            "words": has_words and " ".join(map(str, anomaly.words)),
            "area": has_words and area,
            "layout_id": has_words and controller.layout_id.id,
            "wrong_word": anomaly.offset if anomaly and anomaly.offset is not None else -1,
            "user_id": self.env.uid,
        }
