import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...plc.events import Last
from ...tools.translate import describe_error, translate
from ..common.rule8 import apart

QUIET = {"ack_at", "acknowledged", "flagged", "event_slot"}  # concern only the handshake between Odoo and the PLC


class Busy(Exception):
    """The event cannot be stored now; it stays in the PLC until the next exchange."""


class PlcEvent(models.AbstractModel):
    """An event that a PLC reports beside its batches. Stored once, committed, then acknowledged (rules: plc/events.py)."""

    _name = "plc.event"
    _inherit = ["mail.thread", "mail.activity.mixin", "plc.notifier", "plc.board.source"]
    _description = "Event of a PLC"
    _mail_post_access = "read"

    _area = ""  # its area in a layout

    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    create_date = fields.Datetime(string="Read On", readonly=True)
    date = fields.Datetime(
        readonly=True, index=True, help="When it happened according to the PLC's clock; without a valid date, when it was read."
    )
    problem = fields.Char(string="Unreadable", readonly=True, help="What could not be read. The raw words are kept.")
    event_slot = fields.Integer(readonly=True, aggregator=None, help="Its slot in the area; 0: added by a user.")
    event_key = fields.Char(
        readonly=True, required=True, help="Identifies the event by its place, its words and how often they appeared."
    )
    words = fields.Char(string="Raw Words", readonly=True, help="The words as read from the PLC, with 0 for the flag.")
    layout_id = fields.Many2one("plc.register.layout", ondelete="set null", readonly=True, help="The PLC's layout at that time.")
    words_html = fields.Html(string="Raw Words by Field", compute="_compute_words_html", sanitize=False)
    ack_at = fields.Datetime(string="Acknowledged At", readonly=True, help="When its flag was last written.")
    acknowledged = fields.Boolean(readonly=True, help="The PLC has shown that it knows the event is stored, or it has moved on.")
    flagged = fields.Boolean(
        readonly=True, help="The flag was 1 before the event was stored: set by a person, another system or a late message."
    )
    repeated = fields.Integer(
        readonly=True,
        aggregator=None,
        help="How often the same words appeared again although the flag was never seen to change: the same event, or another "
        "one.",
    )

    _key_uniq = models.UniqueIndex("(controller_id, event_key)", "The event is already stored.")
    _newest_idx = models.Index("(controller_id, event_slot, (- id))")  # the newest event of each slot, searched at every look
    _slot_uniq = models.UniqueIndex(
        "(controller_id, event_slot) WHERE acknowledged IS NOT TRUE AND event_slot > 0",
        "An event slot can hold only one unacknowledged event.",
    )

    @api.depends("words", "layout_id")
    @api.depends_context("lang")
    def _compute_words_html(self):
        for event in self:
            words = [int(word) for word in (event.words or "").split()]
            event.words_html = bool(words) and event.layout_id._words_table(event._area, words)

    # CRUD

    def _tell_board(self, vals):
        if set(vals) - QUIET:
            self.env["plc.board"]._mark_lanes(self.controller_id.ids)

    # Business methods

    def _journal(self, kind, message):
        return self.env["mo.batch.journal"]._record(kind, message, controller=self.controller_id)

    @api.model
    def _newest(self, controller, slots):
        """The newest event of each of these event slots that has one, by slot. Years of events do not slow it down."""
        self.flush_model(["controller_id", "event_slot"])
        found = self.env.execute_query(
            SQL(
                """
                SELECT number, newest.id FROM unnest(%s) AS number, LATERAL (
                    SELECT id FROM %s WHERE controller_id = %s AND event_slot = number ORDER BY - id LIMIT 1
                ) AS newest
                """,
                list(slots),
                SQL.identifier(self._table),
                controller.id,
            )
        )
        return {slot: self.sudo().browse(event) for slot, event in found}

    def _last(self, settled):
        """The event as ``plc/events.py`` takes it."""
        body = tuple(int(word) for word in self.words.split())
        return Last(self.id, body, self.acknowledged, bool(self.ack_at), settled)

    def _is_settled(self):
        """The PLC has had its settle time to show the acknowledgement."""
        # one second more, as the database stores no fractions
        pause = timedelta(seconds=self.controller_id.settle_time + 1)
        return not self.ack_at or fields.Datetime.now() > self.ack_at + pause

    def _record_step(self, step):
        """Store what an observation says about an event that is already stored."""
        if step.acknowledged:
            self.acknowledged = True
        if step.gone:
            self.ack_at = fields.Datetime.now()
        if step.repeated:
            self.repeated += 1
            self._on_words_repeated()

    @api.model
    def _store(self, controller, step):
        """Store a new event.

        :raise Busy: if another transaction is working on the same records
        """
        event = self.sudo().create(
            {
                **self._prepare(controller, step.values),
                "controller_id": controller.id,
                "company_id": controller.company_id.id,
                "layout_id": controller.layout_id.id,
                "event_slot": step.slot,
                "event_key": self._event_key(controller, step),
                "words": " ".join(map(str, step.body)),
                "problem": translate(self.env, step.problem) or False,
                "flagged": step.flagged,
                "acknowledged": step.flagged,
            }
        )
        event._on_stored_safely()
        return event

    @api.model
    def _event_key(self, controller, step):
        """The key of a new event. The same words may appear again after their acknowledgement: that is another event."""
        words = " ".join(map(str, step.body))
        same = [("controller_id", "=", controller.id), ("event_slot", "=", step.slot), ("words", "=", words)]
        digest = hashlib.sha256(words.encode()).hexdigest()[:16]
        return f"{step.slot}-{digest}-{self.sudo().search_count(same) + 1}"

    @api.model
    def _prepare(self, controller, values):
        """Values of a new event.

        :param values: by role, as far as they could be read
        """
        return {"date": controller._to_utc(values["date"]) if "date" in values else fields.Datetime.now()}

    def _on_stored_safely(self):
        """Carry out the consequences of a new event. If that fails, the event is kept."""
        with apart(self.env, through=(Busy,)) as attempt:
            self._on_stored()
        if attempt.error:
            self._journal("error", f"{self.display_name}: {describe_error(self.env, attempt.error)}")

    def _on_stored(self):
        """To be extended: the consequences of a new event."""

    def _on_words_repeated(self):
        """To be extended: its words appear again, and it is not known whether that is another event."""
