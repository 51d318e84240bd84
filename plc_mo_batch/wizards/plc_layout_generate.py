from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.layouts.plc_register_layout import memory_of
from ..plc.layout import MAX_WRITE

FEEDBACK_BASE = 6000
HEAD_WORDS = 27  # before the first line
LINE_WORDS = 3  # a code and a quantity
TAIL_WORDS = 11  # after the last line, on both sides: result, a spare word, and three numbers of two words
MAX_LINES = (MAX_WRITE - HEAD_WORDS - TAIL_WORDS) // LINE_WORDS
KG = {"type": "int32", "scale": 100, "minimum": 0, "maximum": 100000}
NAME = {"type": "ascii", "words": 8}
JOB = {"type": "uint32"}
SIGNATURES = {"recipe": 0x4D4F5245, "feedback": 0x4D4F4642}  # those of the shipped layouts: in ASCII, MORE and MOFB


class PlcLayoutGenerate(models.TransientModel):
    """Lays out registers for the equipment of a PLC, with the fields in the order of the shipped layout "Feed mill, job
    numbers"."""

    _name = "plc.layout.generate"
    _inherit = ["plc.fenced"]
    _description = "Generate a Layout from Equipment"

    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, readonly=True)
    name = fields.Char(string="Layout", required=True, compute="_compute_name", store=True, precompute=True, readonly=False)
    slots = fields.Integer(required=True, default=10, help="Number of batches the PLC can hold at the same time.")
    equipment_count = fields.Integer(string="Silos and Tanks", compute="_compute_equipment_count")
    lines = fields.Selection(
        [("fixed", "Each silo has its own line"), ("free", "Any silo on any line")],
        string="Recipe Lines",
        required=True,
        compute="_compute_lines",
        store=True,
        precompute=True,
        readonly=False,
    )
    line_count = fields.Integer(
        string="Number of Lines", default=MAX_LINES, help="The maximum number of silos one recipe can use."
    )
    words = fields.Integer(string="Words in a Slot", compute="_compute_words", help=f"One request can write {MAX_WRITE}.")
    events = fields.Boolean(
        string="Failures and Weighings",
        default=True,
        help="Areas in which the PLC reports equipment failures and manual weighings.",
    )
    assign = fields.Boolean(string="Use It for This PLC", help="Select this only if the PLC program already uses this layout.")
    can_assign = fields.Boolean(compute="_compute_can_assign")

    @api.depends("controller_id")
    def _compute_name(self):
        for wizard in self:
            wizard.name = self.env._("%s (generated)", wizard.controller_id.name)

    @api.depends("controller_id")
    def _compute_equipment_count(self):
        for wizard in self:
            wizard.equipment_count = len(wizard.controller_id.equipment_ids)

    @api.depends("equipment_count")
    def _compute_lines(self):
        for wizard in self:
            wizard.lines = "fixed" if wizard.equipment_count <= MAX_LINES else "free"

    @api.depends("lines", "line_count", "equipment_count")
    def _compute_words(self):
        for wizard in self:
            wizard.words = wizard._words(wizard._line_count())

    @api.depends("controller_id")
    def _compute_can_assign(self):
        for wizard in self:
            wizard.can_assign = not wizard.controller_id.queue_count

    # Actions

    def action_generate(self):
        """Create the layout, and open it.

        :raise UserError: if the PLC has no equipment, or its lines do not fit into one request
        """
        self.ensure_one()
        self._check_lines()
        register_layout = self.env["plc.register.layout"].create(self._prepare_layout())
        if self.assign:
            self.controller_id.layout_id = register_layout
        return {
            "type": "ir.actions.act_window",
            "res_model": "plc.register.layout",
            "res_id": register_layout.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    # Business methods

    def _check_lines(self):
        if not self.equipment_count:
            raise UserError(self.env._("%s has no silos or tanks yet. Enter them first.", self.controller_id.name))
        if self.lines == "fixed" and self.equipment_count > MAX_LINES:
            raise UserError(
                self.env._(
                    "With one line for each of the %(count)s silos and tanks, a slot takes %(words)s words, but one request "
                    'can write only %(limit)s, enough for %(fitting)s of them. Choose "Any silo on any line".',
                    count=self.equipment_count,
                    words=self.words,
                    limit=MAX_WRITE,
                    fitting=MAX_LINES,
                )
            )
        if not 0 < self._line_count() <= MAX_LINES:
            raise UserError(self.env._("A recipe must have between 1 and %s lines to fit in one request.", MAX_LINES))

    def _line_count(self):
        return self.equipment_count if self.lines == "fixed" else self.line_count

    @api.model
    def _words(self, lines):
        return HEAD_WORDS + lines * LINE_WORDS + TAIL_WORDS

    def _prepare_layout(self):
        stride = max(100, -(-self.words // 10) * 10)
        thousands = -(-self.slots * stride // 1000) * 1000
        recipe_base = FEEDBACK_BASE + thousands
        areas = [
            self._prepare_area("recipe", recipe_base, stride, self.env._("Target"), self._recipe_tail()),
            self._prepare_area("feedback", FEEDBACK_BASE, stride, self.env._("Actual"), self._feedback_tail()),
        ]
        if self.events:
            areas += self.env["plc.register.layout"]._prepare_event_areas(recipe_base + thousands, memory=self._memory())
        company = self.controller_id.company_id.id
        return {"name": self.name, "company_id": company, "handshake": "job_numbers", "slots": self.slots, "area_ids": areas}

    def _prepare_area(self, kind, base, stride, quantity, tail):
        content = [*self._head(), *self._lines(quantity), *self._place(tail)]
        return Command.create(
            {
                "kind": kind,
                "base": base,
                "stride": stride,
                **self._memory(),
                "field_ids": [Command.create(values) for values in content],
            }
        )

    def _memory(self):
        return memory_of(self.controller_id.protocol)

    def _place(self, tail):
        content = [*self._result(), *tail]
        return self.env["plc.register.layout"]._place_fields(self._end_of_lines(), content)

    def _end_of_lines(self):
        return HEAD_WORDS + self._line_count() * LINE_WORDS

    def _head(self):
        yield {"name": self.env._("Slot number"), "role": "slot", "offset": 0}
        yield {"name": self.env._("Order name"), "role": "order", "offset": 1, **NAME}
        yield {"name": self.env._("Formula name"), "role": "formula", "offset": 9, **NAME}
        yield {"name": self.env._("Product name"), "role": "product", "offset": 17, **NAME}
        yield {"name": self.env._("Planned quantity"), "role": "quantity", "offset": 25, **KG}

    def _lines(self, quantity):
        """The codes, in as few records as their gaps allow, and the quantities."""
        for line, code, count in self._runs():
            yield {
                "name": self.env._("Equipment code"),
                "role": "line_code",
                "offset": HEAD_WORDS + line * LINE_WORDS,
                "repeat": count,
                "step": LINE_WORDS,
                "value": code,
            }
        yield {
            "name": quantity,
            "role": "line_quantity",
            "offset": HEAD_WORDS + 1,
            "repeat": self._line_count(),
            "step": LINE_WORDS,
            **KG,
        }

    def _runs(self):
        """(first line, its code, number of lines) of each run of consecutive codes; code 0: any."""
        if self.lines == "free":
            return [(0, 0, self.line_count)]
        runs = []
        for line, code in enumerate(self.controller_id.equipment_ids.mapped("code")):
            if runs and code == runs[-1][1] + line - runs[-1][0]:
                runs[-1][2] += 1
            else:
                runs.append([line, code, 1])
        return runs

    def _result(self):
        return [
            ({"name": self.env._("Finished"), "role": "finished", "type": "bool"}, 1),
            ({"name": self.env._("Failed"), "role": "failed", "type": "bool"}, 1),
        ]

    def _recipe_tail(self):
        return [
            (self._signature("recipe"), 3),  # and a spare word, as below
            ({"name": self.env._("Recipe job"), "role": "recipe_job", **JOB}, 2),
            ({"name": self.env._("Armed job"), "role": "armed_job", **JOB}, 2),
            ({"name": self.env._("Acknowledged job"), "role": "acknowledged_job", **JOB}, 2),
        ]

    def _feedback_tail(self):
        return [
            ({"name": self.env._("Finished weight"), "role": "weight", **KG}, 3),
            ({"name": self.env._("Taken job"), "role": "taken_job", **JOB}, 2),
            (self._signature("feedback"), 2),
            ({"name": self.env._("Sum of the recipe"), "role": "recipe_sum", "type": "uint32", "scale": 100}, 2),
        ]

    def _signature(self, kind):
        return {"name": self.env._("Signature"), "role": "signature", "type": "uint32", "value": SIGNATURES[kind]}
