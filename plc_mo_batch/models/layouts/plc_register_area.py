from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...plc.layout import HOLDING, can_be_input
from ...plc.wires import families
from ...plc.wires.opcua import is_node
from ...tools.translate import label_of

# of each protocol, in the order in which people choose
MEMORIES = [(name, str(label)) for family in families() for name, label in family.memories.items()]
NUMBERED = [name for family in families() for name in family.numbered]
EXAMPLE = 'ns=3;s="Mo"."Slots"'
NAMED = [name for family in families() for name in family.named]


class PlcRegisterArea(models.Model):
    _name = "plc.register.area"
    _inherit = ["plc.layout.part"]
    _description = "PLC Register Area"
    _order = "layout_id, base"
    _rec_name = "kind"

    layout_id = fields.Many2one("plc.register.layout", required=True, index=True, ondelete="cascade")
    kind = fields.Selection(
        [
            ("recipe", "Recipe (written by Odoo)"),
            ("feedback", "Feedback (written by the PLC)"),
            ("failure", "Equipment failures (written by the PLC)"),
            ("weighing", "Manual weighings (written by the PLC)"),
            ("clock", "Clock (written by the PLC)"),
            ("level", "Levels of silos (written by the PLC)"),
        ],
        required=True,
        help="Recipe and feedback areas are required. Failures and weighings are events: Odoo stores each one, then sets its "
        "flag to 1. A clock is only read, and so are levels: lines of a silo's code and of what its sensor shows.",
    )
    registers = fields.Selection(
        MEMORIES,
        string="Memory",
        required=True,
        default=HOLDING,
        help="Modbus: holding registers are read with function 3 and written with function 16; input registers are read with "
        "function 4. A slot is a block of 16-bit words, so coils and discrete inputs cannot be used; a flag takes one word with "
        "the value 0 or 1. FINS: D, W, H, CIO or E. S7: a data "
        "block whose optimized access is switched off; word n is at byte 2n. OPC UA: a variable that is an array of UInt16 or "
        "Int16; an address is its index.",
    )
    bank = fields.Integer(
        string="Number",
        help="Bank of E: 0 to 24, of which Omron calls those from 16 on E10 and up. Number of the data block: 1 to 65535.",
    )
    node = fields.Char(
        help='Identifier of the array variable, as a browser of OPC UA shows it: ns=3;s="Mo"."Slots". The namespace can be '
        "given by its name, too: nsu=urn:maker:plc;s=…"
    )
    base = fields.Integer(required=True, help="Address of the first word of slot 1, counted from 0.")
    stride = fields.Integer(required=True, default=100, help="Words from the start of one slot to the start of the next.")
    slots = fields.Integer(
        string="Event Slots",
        required=True,
        default=1,
        help="Number of events the area shows at the same time. Recipe and feedback areas have as many slots as the layout.",
    )
    field_ids = fields.One2many("plc.register.field", "area_id", string="Fields", copy=True)

    _kind_uniq = models.UniqueIndex("(layout_id, kind)", "A layout can have only one area of each kind.")
    _stride_positive = models.Constraint("CHECK(stride > 0)", "The stride must be at least one word.")
    _slots_positive = models.Constraint("CHECK(slots > 0)", "An area needs at least one slot.")
    _bank_range = models.Constraint(
        "CHECK((registers != 'E' OR bank BETWEEN 0 AND 24) AND (registers != 'DB' OR bank BETWEEN 1 AND 65535))",
        "The bank of E must be between 0 and 24, the number of a data block between 1 and 65535.",
    )
    _base_positive = models.Constraint("CHECK(base >= 0)", "Addresses start at 0.")

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for area in self:
            area.display_name = area.kind and label_of(area, "kind")

    def _plc_layouts_after(self, vals):
        target = self.env["plc.register.layout"].browse(vals.get("layout_id"))
        target.check_access("write")
        return target

    def _part_name(self):
        return label_of(self, "kind")

    def _registers(self):
        """The memory, as a :class:`~...plc.wire.Wire` takes it."""
        if self.registers in NAMED:
            return f"{self.registers} {self.node or ''}"
        return f"{self.registers}{self.bank}" if self.registers in NUMBERED else self.registers

    @api.constrains("registers", "node")
    def _check_node(self):
        for area in self.filtered(lambda area: area.registers in NAMED):
            if not is_node(area.node or ""):
                label = label_of(area, "kind")
                message = self.env._("Enter the node of the area %(area)s, such as %(example)s", area=label, example=EXAMPLE)
                raise ValidationError(message)

    @api.constrains("kind", "registers")
    def _check_registers(self):
        for area in self.filtered(lambda area: area.registers == "input"):
            if not can_be_input(area.kind, area.layout_id.handshake):
                label = label_of(area, "kind")
                raise ValidationError(
                    self.env._("Odoo writes to the area %s, so it cannot use input registers, which are read-only.", label)
                )
