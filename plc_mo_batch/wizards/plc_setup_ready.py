from ipaddress import ip_address

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.odoo_edge import get_parameter, set_parameter
from .plc_setup import SIMULATOR

SYSTEM = "base.group_system"
NETWORKS = "plc_mo_batch.allowed_networks"


class PlcSetup(models.TransientModel):
    """What is missing before a PLC can be connected, and what only an administrator may allow."""

    _inherit = "plc.setup"

    missing = fields.Char(compute="_compute_missing", help="What is missing before the PLC can be connected.")
    is_simulator_refused = fields.Boolean(
        compute="_compute_is_simulator_refused", help="The settings do not allow the simulator's address."
    )

    @api.depends("line_ids.product_ids", "picking_type_ids", "is_checked")
    @api.depends_context("lang")
    def _compute_missing(self):
        for setup in self:
            setup.missing = " ".join(setup._missing())

    @api.depends("host")
    def _compute_is_simulator_refused(self):
        here = ip_address(SIMULATOR["host"])
        self.is_simulator_refused = not any(here in network for network in self.env["plc.controller"]._allowed_networks())

    # Actions

    def action_allow_simulator(self):
        """Allow Odoo to connect to its own machine, and enter the simulator's address.

        :return: True
        :raise AccessError: for anybody but administrators
        """
        self.ensure_one()
        if not self.env.user.has_group(SYSTEM):
            raise AccessError(self.env._("Only administrators can do this."))
        allowed = get_parameter(self.env, NETWORKS)
        set_parameter(self.env, NETWORKS, ", ".join(filter(None, (allowed, SIMULATOR["host"]))))
        return self.action_use_simulator()

    def action_open_board(self):
        """Show the board."""
        self.ensure_one()
        self.check_access("read")
        return self._open_queue()

    # Business methods

    def _missing(self):
        if not self.picking_type_ids:
            yield self.env._("Enter the operation types whose orders the PLC makes.")
        if not self.line_ids.product_ids:
            yield self.env._("Enter what at least one silo holds.")
        if not self.is_checked:
            yield self.env._("Check that each silo holds the products listed here, then tick the box.")

    def _check_ready(self):
        """
        :raise UserError: naming all that is missing
        """
        if missing := self.missing:
            raise UserError(missing)

    def _check_free(self, plc):
        """
        :raise UserError: if another PLC that is served has this address, of whatever company
        """
        twins = plc.sudo()._twins().filtered("enabled")
        if twins:
            raise UserError(plc._twin_message(plc._names_of(twins)))
