from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.translate import LazyTranslate

from ...plc.codec import Field
from ...plc.layout import expanded, overlaps
from ...tools.translate import translate
from ..common.marks import SAVING

_lt = LazyTranslate(__name__)

# field names of the shipped layouts, besides those given by code: sentences show them in the reader's language
SHIPPED_NAMES = (
    _lt("Command"), _lt("Feedback flag"), _lt("Job of the command"), _lt("Recipe flag"), _lt("Signature"), _lt("State"),
    _lt("Sum of the recipe"),
)  # fmt: skip


class PlcRegisterField(models.Model):
    _name = "plc.register.field"
    _inherit = ["plc.layout.part"]
    _description = "PLC Register Field"
    _order = "area_id, offset"

    area_id = fields.Many2one("plc.register.area", required=True, index=True, ondelete="cascade")
    layout_id = fields.Many2one(related="area_id.layout_id", store=True, index=True)
    name = fields.Char(required=True, help="Name of the field in messages.")
    role = fields.Selection(
        [
            ("slot", "Slot number"),
            ("order", "Order name"),
            ("formula", "Formula name"),
            ("product", "Product name"),
            ("quantity", "Planned quantity"),
            ("line_code", "Equipment code of a line"),
            ("line_quantity", "Quantity of a line"),
            ("finished", "Finished"),
            ("failed", "Failed"),
            ("weight", "Finished weight"),
            ("state", "State (ISA-88)"),
            ("command", "Command (Odoo)"),
            ("command_job", "Job of the command (Odoo)"),
            ("signature", "Signature (a constant)"),
            ("recipe_sum", "Sum of the recipe (PLC)"),
            ("recipe_job", "Recipe job (Odoo)"),
            ("armed_job", "Armed job (Odoo)"),
            ("acknowledged_job", "Acknowledged job (Odoo)"),
            ("taken_job", "Taken job (PLC)"),
            ("recipe_flag", "Recipe flag (0 new, 1 taken)"),
            ("feedback_flag", "Feedback flag (0 not read, 1 stored)"),
            ("equipment", "Equipment of a failure"),
            ("failure", "Text or number of a failure"),
            ("product_number", "Product number of a weighing"),
            ("product_code", "Product code of a weighing (text)"),
            ("lot", "Lot of a weighing (text)"),
            ("weighed", "Weighed quantity"),
            ("year", "Year"),
            ("month", "Month"),
            ("day", "Day"),
            ("hour", "Hour"),
            ("minute", "Minute"),
            ("second", "Second"),
            ("event_number", "Number of an event (increasing)"),
            ("event_flag", "Event flag (0 new, 1 stored)"),
        ],
        required=True,
    )
    offset = fields.Integer(required=True, help="First word, counted from 0 at the beginning of the slot.")
    type = fields.Selection(
        [
            ("bool", "Bool (0 or 1)"),
            ("uint16", "UINT16"),
            ("int16", "INT16"),
            ("uint32", "UINT32"),
            ("int32", "INT32"),
            ("uint64", "UINT64"),
            ("int64", "INT64"),
            ("float32", "FLOAT32"),
            ("float64", "FLOAT64"),
            ("bcd", "BCD, 4 digits"),
            ("ascii", "ASCII text"),
        ],
        required=True,
        default="uint16",
    )
    words = fields.Integer(default=1, help="Length of a text in words; each word holds two characters.")
    scale = fields.Float(default=1.0, digits=(16, 6), help="The number on the wire is the value multiplied by the scale.")
    repeat = fields.Integer(string="Lines", default=1, help="Number of times the field occurs in the slot, once per line.")
    step = fields.Integer(help="Words from one line to the next.")
    value = fields.Integer(
        string="First Value",
        help="Required value in the first line (the equipment code); it increases by one per line. 0: any value.",
    )
    unit = fields.Char(help="Unit of the value, shown beside it.")
    minimum = fields.Float(help="Values below the minimum are rejected. Both limits 0: no limits.")
    maximum = fields.Float(help="Values above the maximum are rejected. Both limits 0: no limits.")

    _sensible = models.Constraint(
        'CHECK("offset" >= 0 AND words > 0 AND scale > 0 AND repeat > 0 AND step >= 0)',
        "Offset and step cannot be negative, scale must be above 0, words and lines at least 1.",
    )

    @api.constrains("offset", "type", "words", "repeat", "step", "area_id")
    def _check_overlaps(self):
        if SAVING.is_on(self.env):
            return  # checked at the end: two fields that swap places overlap in between
        for area in self.area_id:
            found = overlaps(area.layout_id._layout().area(area.kind))
            if found:
                raise ValidationError("\n".join(translate(self.env, sentence) for sentence in found))

    # Business methods

    def _plc_layouts_after(self, vals):
        target = self.env["plc.register.area"].browse(vals.get("area_id"))
        target.check_access("write")
        return target.layout_id

    def _part_name(self):
        return self.name

    def _layout_fields(self):
        """The :class:`~...plc.codec.Field` of each record, one per line if it is repeated.

        If several records share a line's role (equipment codes with gaps), each continues where the previous one ended.
        """
        lines = defaultdict(int)
        for record in self.sorted("offset"):
            first_line = 0
            if (record.role or "").startswith("line_"):
                first_line = lines[record.role]
                lines[record.role] += record.repeat
            yield from expanded(record._layout_field(first_line), record.repeat, record.step)

    def _layout_field(self, first_line):
        limited = self.minimum or self.maximum
        scale = int(self.scale) if self.scale == int(self.scale) else self.scale
        return Field(
            role=self.role,
            offset=self.offset,
            type=self.type,
            words=self.words,
            scale=scale,
            index=first_line,
            value=self.value or None,
            minimum=self.minimum if limited else None,
            maximum=self.maximum if limited else None,
            name=self.name,
            unit=self.unit or "",
        )
