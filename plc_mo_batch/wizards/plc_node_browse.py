from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.controller.plc_controller_look import TEST_TIMEOUT
from ..plc.browse import browse
from ..plc.wires.opcua import NODE
from ..tools.translate import translate

BROWSE_SECONDS = 10.0


class PlcNodeBrowse(models.TransientModel):
    """The arrays that an OPC UA server shows, of which one is put into areas of a layout. Nothing is written to the PLC."""

    _name = "plc.node.browse"
    _inherit = ["plc.fenced"]
    _description = "Arrays of an OPC UA Server"

    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, readonly=True, ondelete="cascade")
    layout_id = fields.Many2one(related="controller_id.layout_id")
    area_ids = fields.Many2many(
        "plc.register.area",
        string="Areas",
        compute="_compute_area_ids",
        store=True,
        precompute=True,
        readonly=False,
        domain="[('layout_id', '=', layout_id), ('registers', '=', 'NODE')]",
        help="Which areas of the layout lie in the array that you choose.",
    )
    wanted = fields.Char(string="Contains", help="A part of the path or of the node; empty: all arrays.")
    begin = fields.Char(
        string="Begin At",
        help="Node of the folder to begin at, if the server has very many nodes. Empty: the folder of all objects.",
    )
    message = fields.Char(readonly=True, help="What is missing or wrong.")
    variable_ids = fields.One2many("plc.node.variable", "browse_id", string="Arrays", readonly=True)

    @api.depends("controller_id")
    def _compute_area_ids(self):
        for wizard in self:
            areas = wizard.controller_id.layout_id.area_ids
            wizard.area_ids = areas.filtered(lambda area: area.registers == NODE)

    @api.depends("controller_id")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._("Arrays of %s", wizard.controller_id.name)

    # Actions

    def action_browse(self):
        """Look at the server, and list what is asked for.

        :raise UserError: on a neutralized database, which never talks to a PLC
        """
        self.ensure_one()
        self.controller_id.check_access("write")
        self.controller_id._check_may_visit()
        endpoint = self.controller_id.sudo()._endpoint(TEST_TIMEOUT)
        found = browse(endpoint, self.wanted or "", self.begin or "", BROWSE_SECONDS)
        lines = [Command.create(self._prepare(variable)) for variable in found.variables]
        self.write({"variable_ids": [Command.clear(), *lines], "message": self._message(found)})
        return True

    # Business methods

    def _prepare(self, variable):
        return {
            "path": variable.path,
            "node": variable.node,
            "kind": variable.kind,
            "elements": variable.length,
            "access": "write" if variable.can_read and variable.can_write else "read" if variable.can_read else "none",
            "problem": translate(self.env, variable.problem) if variable.problem else False,
        }

    def _message(self, found):
        if found.error:
            return self.controller_id._link_message(found.error, TEST_TIMEOUT)
        return " ".join(self._remarks(found)) or False

    def _remarks(self, found):
        if not found.arrays:
            yield self._nothing(found)
        elif all(variable.problem for variable in found.variables):
            yield self.env._("None of these arrays can hold words. Let the PLC's programmer declare an array of UInt16 or Int16.")
        if found.arrays > len(found.variables):
            told = {"arrays": found.arrays, "shown": len(found.variables)}
            yield self.env._("Of %(arrays)s arrays, %(shown)s are listed. Enter what the path contains.", **told)
        if found.is_cut:
            told = {"count": found.nodes}
            yield self.env._("There are more than the %(count)s nodes that were looked at. Enter a folder to begin at.", **told)
        if found.denied:
            told = {"count": found.denied}
            yield self.env._("Into %(count)s nodes the server lets nobody look. Check what its user may do.", **told)

    def _nothing(self, found):
        if self.wanted:
            return self.env._("No array has %(wanted)s in its path or node. Enter less of it, or nothing.", wanted=self.wanted)
        return self.env._(
            "The server shows no array among %(count)s nodes. Let the PLC's programmer declare an array of words, and show it "
            "over OPC UA; or check what the user may see.",
            count=found.nodes,
        )


class PlcNodeVariable(models.TransientModel):
    _name = "plc.node.variable"
    _inherit = ["plc.fenced"]
    _description = "Array of an OPC UA Server"
    _order = "id"
    _rec_name = "path"

    browse_id = fields.Many2one("plc.node.browse", required=True, index=True, ondelete="cascade")
    path = fields.Char(required=True, help="The names from the folder of all objects on.")
    node = fields.Char(required=True)
    kind = fields.Char(string="Type", help="Of its elements.")
    elements = fields.Integer(string="Length", help="Number of elements. Empty: the server does not tell.")
    access = fields.Selection([("write", "Read and write"), ("read", "Read"), ("none", "None")], required=True)
    problem = fields.Char(help="Why it cannot be an area.")

    def action_use(self):
        """Put the node into the areas that were chosen, and show the layout.

        :raise UserError: if it cannot hold words, or no area was chosen
        """
        self.ensure_one()
        browse = self.browse_id
        if self.problem:
            raise UserError(self.env._("%(path)s cannot be an area: %(problem)s.", path=self.path, problem=self.problem))
        if not browse.area_ids:
            raise UserError(self.env._("Choose the areas that lie in this array."))
        browse.area_ids.write({"node": self.node})
        return {
            "type": "ir.actions.act_window",
            "res_model": "plc.register.layout",
            "res_id": browse.layout_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
