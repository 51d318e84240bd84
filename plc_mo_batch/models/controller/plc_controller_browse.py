from odoo import models
from odoo.exceptions import UserError


class PlcController(models.Model):
    """The way to a list of what an OPC UA server has."""

    _inherit = "plc.controller"

    def action_browse_nodes(self):
        """List the arrays of the PLC's OPC UA server, to put one into the areas of its layout."""
        self.ensure_one()
        self.check_access("write")
        browse = self.env["plc.node.browse"].create({"controller_id": self.id})
        browse.action_browse()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Arrays of the PLC"),
            "res_model": browse._name,
            "res_id": browse.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


class PlcRegisterLayout(models.Model):
    _inherit = "plc.register.layout"

    def action_browse_nodes(self):
        """The same, at a PLC that has this layout.

        :raise UserError: if there is none
        """
        self.ensure_one()
        self.check_access("write")
        plcs = self.controller_ids.filtered(lambda plc: plc._needs("login"))
        if not plcs:
            raise UserError(self.env._("No PLC with OPC UA has this layout. Choose it at a PLC first."))
        return plcs[0].action_browse_nodes()
