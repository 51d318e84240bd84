import base64

from odoo import api, fields, models

from ..plc.constants import ENDINGS, OMRON, SCL, ST

# in the order in which they are offered; the first is also for protocols that no single vendor speaks
DIALECTS = [(ST, "Structured text (CODESYS, TwinCAT)"), (SCL, "SCL (TIA Portal)"), (OMRON, "Table of variables (Sysmac Studio)")]
USUAL = {"s7": SCL, "fins": OMRON}


class PlcLayoutConstants(models.TransientModel):
    """The numbers of a layout for a PLC program, in the words of its tool."""

    _name = "plc.layout.constants"
    _inherit = ["plc.fenced"]
    _description = "Constants for the PLC Program"

    layout_id = fields.Many2one("plc.register.layout", required=True, readonly=True, ondelete="cascade")
    dialect = fields.Selection(
        DIALECTS,
        string="For",
        required=True,
        compute="_compute_dialect",
        store=True,
        precompute=True,
        readonly=False,
    )
    constants = fields.Text(compute="_compute_constants")
    file = fields.Binary(compute="_compute_file")
    file_name = fields.Char(compute="_compute_file")

    @api.depends("layout_id")
    def _compute_dialect(self):
        for wizard in self:
            wizard.dialect = USUAL.get(wizard.layout_id.protocol, ST)

    @api.depends("layout_id", "dialect")
    def _compute_constants(self):
        for wizard in self:
            wizard.constants = wizard.layout_id._constants(wizard.dialect) if wizard.layout_id else False

    @api.depends("constants")
    def _compute_file(self):
        for wizard in self:
            wizard.file = base64.b64encode((wizard.constants or "").encode())
            wizard.file_name = f"MoBatchConstants.{ENDINGS.get(wizard.dialect, 'txt')}"
