import json

from odoo import api, models

from ..batch.arguments import as_whole
from ..common.roles import MANAGER, check_operator
from .attention import Attention
from .lanes import Lanes
from .plc_board import button


class PlcController(models.Model):
    """The board, and what the user may do about a PLC there."""

    _inherit = "plc.controller"

    # Business methods

    @api.model
    def get_board(self, controller_ids=()):
        """What the board shows: the PLCs that the user may see, or those among them that are named.

        It takes a handful of queries, whatever the number of PLCs. Times are UTC, quantities are in the unit beside them, texts
        are in the user's language; a missing value is an empty string, never None.

        :return: ``at``: the time of the data; ``lanes``: the PLCs (:class:`.lanes.Lanes`); ``attention``: what a person should
            look at, most urgent first (:class:`.attention.Attention`); ``manager``: the user may set up PLCs
        """
        named = [as_whole(each) for each in controller_ids] if isinstance(controller_ids, list | tuple) else []
        controllers = self.search([("id", "in", named)] if named else [])
        batches = self.env["mo.batch"].search([("controller_id", "in", controllers.ids)], order="controller_id, slot, id")
        return {
            "at": self.env["plc.board"]._at(),
            "lanes": Lanes(controllers, batches).items(),
            "attention": Attention(controllers, batches).items(of_all=not controller_ids),
            "manager": self.env.user.has_group(MANAGER),
        }

    def echo_board(self):
        """Send a sign of life over the bus to the caller's boards: without one they say that they are not live.

        :raise AccessError: if the user may see no PLC
        """
        self.check_access("read")
        self.env["plc.board"]._echo()
        return True

    def action_view_refused_orders(self):
        """The orders that wait for these PLCs and cannot be queued as they are, with their reasons."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.mrp_production_action_refused")
        refused = self.env["plc.task.fill"]._refused_domain(self.sudo())
        return {**json.loads(json.dumps(action, default=str)), "domain": list(refused)}

    def action_open_undecided(self):
        """Ask what to do with all batches of these PLCs of which nobody knows whether the PLC took them."""
        check_operator(self)
        undecided = self.env["mo.batch"].search([("controller_id", "in", self.ids)]).filtered("is_action_decide_allowed")
        action = self.env["ir.actions.act_window"]._for_xml_id("plc_mo_batch.mo_batch_undecided_action")
        return {**json.loads(json.dumps(action, default=str)), "views": [(False, "form")],
                "context": {"default_batch_ids": undecided.ids}}  # fmt: skip

    def _board_buttons(self):
        """What the user may do about the PLC now; see :meth:`PlcController._offers`."""
        return [button(**offer) for offer in self._offers()]
