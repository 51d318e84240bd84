from odoo import api, fields, models

from ..models.batch.mo_batch_journal import AREAS
from ..plc.dissect import is_empty
from ..plc.layout import EVENT_AREAS
from ..plc.reconcile import ABORTED, COMPLETE, EXECUTING, HELD, IDLE, STOPPED
from ..tools.translate import translate

STATES = {IDLE: "idle", EXECUTING: "running", COMPLETE: "finished", HELD: "held", STOPPED: "failed", ABORTED: "failed"}
# what shows which job is where
HANDSHAKE = (
    "recipe_job", "armed_job", "acknowledged_job", "taken_job", "recipe_flag", "feedback_flag", "command_job", "command",
    "event_number", "event_flag",
)  # fmt: skip


class PlcSnapshotLine(models.TransientModel):
    _name = "plc.snapshot.line"
    _description = "Slot in the PLC"
    _order = "slot, id"
    _rec_name = "slot"

    snapshot_id = fields.Many2one("plc.snapshot", required=True, readonly=True, index=True, ondelete="cascade")
    slot = fields.Integer(readonly=True)
    area = fields.Selection(AREAS, readonly=True)
    address = fields.Integer(readonly=True, help="Address of the slot's first word, as requested on the wire.")
    order_name = fields.Char(string="Order", readonly=True)
    product_name = fields.Char(string="Product", readonly=True)
    quantity = fields.Float(string="Planned", readonly=True)
    weight = fields.Float(string="Finished Weight", readonly=True)
    jobs = fields.Char(readonly=True, help="The handshake's numbers or flags.")
    state = fields.Selection(
        [
            ("empty", "Empty"),
            ("idle", "Idle"),
            ("running", "Running"),
            ("held", "On Hold"),
            ("finished", "Finished"),
            ("failed", "Failed"),
            ("new", "New"),
            ("stored", "Stored"),
        ],
        readonly=True,
    )
    problem = fields.Char(readonly=True)
    words = fields.Char(string="Raw Words", readonly=True)
    words_html = fields.Html(string="Field by Field", compute="_compute_words_html", sanitize=False)

    @api.depends("words", "area", "slot")
    @api.depends_context("lang")
    def _compute_words_html(self):
        for line in self:
            words = [int(word) for word in (line.words or "").split()]
            line.words_html = line.snapshot_id.layout_id._words_table(line.area, words, line.slot)

    # Business methods

    @api.model
    def _prepare(self, seen, kind, slot):
        """Values of the line for one slot.

        :param seen: a :class:`~..plc.look.Look` that has read it
        """
        parts = seen.parts(kind, slot)
        values = {part.field.role: part.value for part in parts if part.field and part.value is not None}
        return {
            "slot": slot,
            "area": kind,
            "address": seen.layout.address(kind, slot),
            "order_name": values.get("order"),
            "product_name": values.get(
                "product", values.get("product_code") or values.get("product_number") or values.get("equipment")
            ),
            "quantity": values.get("quantity"),
            "weight": values.get("weight", values.get("weighed")),
            "jobs": self._jobs(parts),
            "state": "empty" if is_empty(seen.layout.area(kind), seen.words[kind, slot]) else self._state(kind, values),
            "problem": next((translate(self.env, part.problem) for part in parts if part.error), False),
            "words": " ".join(map(str, seen.words[kind, slot])),
        }

    @api.model
    def _jobs(self, parts):
        told = [part for part in parts if part.field and part.field.role in HANDSHAKE and part.value is not None]
        return ", ".join(f"{translate(self.env, part.field.label)}: {part.value}" for part in told)

    @api.model
    def _state(self, kind, values):
        """What the PLC reports of the batch, or of the event; a recipe reports nothing."""
        if kind == "recipe":
            return False
        if kind in EVENT_AREAS:
            return {0: "new", 1: "stored"}.get(values.get("event_flag"))
        if "state" in values:
            return STATES.get(values["state"])
        if not {"finished", "failed"} <= values.keys():
            return False
        return "failed" if values["failed"] else "finished" if values["finished"] else "running"
