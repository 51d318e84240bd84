from odoo import api, fields, models
from odoo.exceptions import AccessError

from ...tools.odoo_edge import get_parameter
from ...tools.shifts import SHIFTS, shift_hours
from .attention import Attention
from .lanes import Lanes
from .plc_board import button


class PlcController(models.Model):
    """The board, and what may be done about a PLC there."""

    _inherit = "plc.controller"

    is_action_fill_allowed = fields.Boolean(compute="_compute_is_action_wake_allowed")
    is_action_exchange_allowed = fields.Boolean(compute="_compute_is_action_wake_allowed")
    is_action_write_back_allowed = fields.Boolean(compute="_compute_is_action_wake_allowed")
    is_action_switch_allowed = fields.Boolean(compute="_compute_is_action_switch_allowed")

    @api.depends("enabled")
    @api.depends_context("uid")
    def _compute_is_action_wake_allowed(self):
        operator = self.env.user.has_group("plc_mo_batch.group_operator")
        tasks = {name: self.env[f"plc.task.{name.replace('_', '.')}"]._number for name in ("fill", "exchange", "write_back")}
        awake = self.env["plc.task"]._enabled(*tasks.values()) if operator else ()
        for controller in self:
            for name, number in tasks.items():
                controller[f"is_action_{name}_allowed"] = number in awake and controller.enabled

    @api.depends_context("uid")
    def _compute_is_action_switch_allowed(self):
        allowed = self._filtered_access("write")
        for controller in self:
            controller.is_action_switch_allowed = controller in allowed

    # Actions

    def action_switch_on(self):
        """Let orders be queued for the PLC again, and be talked to."""
        return self._switch(True, self.env._("Switched on by %s.", self.env.user.name))

    def action_switch_off(self):
        """No orders are queued for the PLC, and nothing is sent or read, until it is switched on again."""
        return self._switch(False, self.env._("Switched off by %s.", self.env.user.name))

    def _switch(self, enabled, message):
        if not self.env.user.has_group("plc_mo_batch.group_manager"):
            raise AccessError(self.env._("Only PLC managers may do this."))
        self.write({"enabled": enabled})
        for controller in self:
            self.env["mo.batch.event"]._record("user", message, controller=controller)
        if enabled:
            self.env["plc.task.exchange"]._trigger()
        return True

    # Business methods

    @api.model
    def get_board(self, controller_ids=()):
        """What the board shows: the PLCs that the user may see, or those of them that are named.

        A handful of queries whatever the number of PLCs. Times are UTC, quantities are in the unit named beside them, texts
        are in the user's language; what is not there is an empty string, never None.

        :return: ``at``: as of when; ``lanes``: the PLCs (:class:`.lanes.Lanes`); ``attention``: what a person should look at,
            most urgent first (:class:`.attention.Attention`); ``manager``: the user may set PLCs up
        """
        controllers = self.search([("id", "in", list(controller_ids))] if controller_ids else [])
        batches = self.env["mo.batch"].search([("controller_id", "in", controllers.ids)], order="controller_id, slot, id")
        return {
            "at": self.env["plc.board"]._at(),
            "lanes": Lanes(controllers, batches).items(),
            "attention": Attention(controllers, batches).items(of_all=not controller_ids),
            "manager": self.env.user.has_group("plc_mo_batch.group_manager"),
        }

    def echo_board(self):
        """Have the caller's boards hear a sign of life over the bus: without one they say that they are not live.

        :raise AccessError: to those who may see no PLC
        """
        self.check_access("read")
        self.env["plc.board"]._echo()
        return True

    def _board_buttons(self):
        """What the user may do about the PLC now; see :meth:`MoBatch._board_buttons`."""
        operator = self.env.user.has_group("plc_mo_batch.group_operator")
        question = self.env._(
            "No orders are queued for this PLC and nothing is sent or read until it is switched on again. What it runs now goes "
            "on, and is read then. Switch it off?"
        )
        switch = self.is_action_switch_allowed
        offers = [
            (self.is_action_fill_allowed, "action_fill_now", self.env._("Fill Now"), "sign-in"),
            (self.is_action_exchange_allowed, "action_exchange_now", self.env._("Exchange Now"), "exchange"),
            (self.is_action_write_back_allowed, "action_write_back_now", self.env._("Write Back Now"), "check-square-o"),
            (operator and not self.online, "action_test_connection", self.env._("Test Connection"), "plug"),
            (switch and not self.enabled, "action_switch_on", self.env._("Switch On"), "power-off"),
            (switch and self.enabled, "action_switch_off", self.env._("Switch Off"), "power-off", question),
        ]
        return [button(*offer) for allowed, *offer in offers if allowed]

    @api.model
    def _shift_hours(self):
        text = get_parameter(self.env, "plc_mo_batch.shift_hours")
        try:
            return shift_hours(text or SHIFTS)
        except ValueError:  # written past the settings: the board is worth more than its shift
            return shift_hours(SHIFTS)
