from odoo import api, fields, models
from odoo.exceptions import UserError

from ...tools.translate import translate
from ..common.roles import OPERATOR, check_manager, check_operator
from ..common.tasks import TASKS

WAKES = [task for task in TASKS if task.wake]


class PlcController(models.Model):
    """What the user may do about a PLC now: wake a task for it, test its connection, switch it on and off."""

    _inherit = "plc.controller"

    for task in WAKES:  # is_action_fill_allowed …
        vars()[task.flag] = fields.Boolean(compute="_compute_is_action_wake_allowed")
    del task
    is_action_switch_allowed = fields.Boolean(compute="_compute_is_action_switch_allowed")

    @api.depends("enabled")
    @api.depends_context("uid")
    def _compute_is_action_wake_allowed(self):
        awake = self.env["plc.task"]._enabled(*WAKES) if self.env.user.has_group(OPERATOR) else ()
        for controller in self:
            for task in WAKES:
                controller[task.flag] = task.model in awake and controller.enabled

    @api.depends_context("uid")
    def _compute_is_action_switch_allowed(self):
        allowed = self._filtered_access("write")
        for controller in self:
            controller.is_action_switch_allowed = controller in allowed

    # Actions

    def action_fill_now(self):
        """Wake Task 1 now; it runs in the background. Whoever asked is told what came of it."""
        asked = self._wake("plc.task.fill")
        asked["params"]["plcs"] = [[controller.id, controller.name] for controller in self]
        return {**asked, "tag": "plc_mo_batch.fill_asked"}

    def action_exchange_now(self):
        """Wake Task 2 now; it runs in the background."""
        return self._wake("plc.task.exchange")

    def action_write_back_now(self):
        """Wake Task 3 now; it runs in the background."""
        return self._wake("plc.task.write.back")

    def _wake(self, model):
        """Run the task as soon as possible. It serves all PLCs, whichever was requested.

        :raise UserError: if it is switched off
        """
        check_operator(self)
        task = self.env[model]
        if not task._is_enabled():
            raise UserError(self.env._("%s is switched off in the settings.", task._title()))
        task._trigger()
        message = translate(self.env, task._task.wake.message)
        for controller in self.sudo():
            self.env["mo.batch.journal"]._record_once(message, controller)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": message, "next": {"type": "ir.actions.client", "tag": "soft_reload"}},
        }

    def action_switch_on(self):
        """Queue orders for the PLC again, and talk to it."""
        return self._switch(True)

    def action_switch_off(self):
        """Queue no orders for the PLC, and send and read nothing, until it is switched on again."""
        return self._switch(False)

    def _switch(self, on, note=""):
        """
        :param note: why, for the journal
        :raise AccessError: if the user is not a manager
        """
        check_manager(self)
        switched = self.filtered(lambda controller: controller.enabled != on)
        self.sudo().write({"enabled": on})
        user = self.env.user.name
        message = self.env._("Switched on by %s.", user) if on else self.env._("Switched off by %s.", user)
        journal = self.env["mo.batch.journal"]
        for controller in switched:
            journal._record("user", f"{message} {note}".strip(), controller=controller)
        for controller in self - switched if note else ():  # nothing happened but the note
            journal._record_once(f"{message} {note}", controller)
        if on:
            self.env["plc.task.exchange"]._trigger()
        return True

    # How it is offered

    def _offers(self):
        """What the user may do about the PLC now; like :meth:`MoBatch._offers`."""
        self.ensure_one()
        switch = self.is_action_switch_allowed
        untested = self.env.user.has_group(OPERATOR) and not self.online
        question = self.env._(
            "No orders are queued for this PLC, and nothing is sent or read, until it is switched on again. A batch it is "
            "running now continues and is read then. Switch the PLC off?"
        )
        offers = [
            *((self[task.flag], task.wake_method, translate(self.env, task.wake.label), task.wake.icon, "") for task in WAKES),
            (untested, "action_test_connection", self.env._("Test Connection"), "plug", ""),
            (switch and not self.enabled, "action_switch_on", self.env._("Switch On"), "power-off", ""),
            (switch and self.enabled, "action_switch_off", self.env._("Switch Off"), "power-off", question),
        ]
        return [dict(zip(("method", "label", "icon", "question"), offer, strict=True)) for allowed, *offer in offers if allowed]
