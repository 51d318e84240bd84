from odoo import api, fields, models
from odoo.exceptions import UserError

from ...plc.trial import Trial
from ..common.roles import check_manager, check_operator

TRIAL_TIMEOUT = 2.0  # seconds for each answer, while a person waits
TRIAL_SECONDS = 5.0  # that a PLC may at most take to show something, while a person waits
DONE = ("passed", "skipped")


class PlcCommissioning(models.Model):
    """The proof that Odoo and a PLC mean the same words: steps that can be tried again, and a protocol that is signed."""

    _name = "plc.commissioning"
    _description = "PLC Commissioning"
    _order = "id desc"

    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="controller_id.company_id", store=True)
    state = fields.Selection([("open", "In progress"), ("signed", "Signed")], required=True, readonly=True, default="open")
    place = fields.Char(string="Address", readonly=True, help="Where the PLC was when it was tried.")
    layout_name = fields.Char(string="Layout", readonly=True)
    step_ids = fields.One2many("plc.commissioning.step", "commissioning_id", string="Steps", readonly=True)
    is_complete = fields.Boolean(compute="_compute_is_complete", help="Each step is passed or not needed.")
    signed_by_id = fields.Many2one("res.users", readonly=True)
    signed_on = fields.Datetime(readonly=True)
    signature = fields.Char(string="Signed As", readonly=True, help="The name of who signed, as it was then.")

    @api.depends("controller_id")
    def _compute_display_name(self):
        for check in self:
            check.display_name = self.env._("Commissioning of %s", check.controller_id.name)

    @api.depends("step_ids.state")
    def _compute_is_complete(self):
        for check in self:
            check.is_complete = all(step.state in DONE for step in check.step_ids)

    # CRUD

    @api.ondelete(at_uninstall=False)
    def _unlink_never_signed(self):
        if self.filtered(lambda check: check.state == "signed"):
            raise UserError(self.env._("A signed protocol cannot be deleted."))

    # Actions

    def action_try(self):
        """Try each step in turn that needs no person; stop at the first that needs one, or fails.

        :return: True
        """
        self.ensure_one()
        check_manager(self)
        for step in self.step_ids.filtered(lambda step: step.state not in DONE):
            step.action_try()
            if step.state not in DONE:
                break
        return True

    def action_sign(self):
        """Sign the protocol: the PLC may get orders.

        :return: True
        :raise UserError: while a step is not passed, or if the PLC is no longer what was tried
        """
        self.ensure_one()
        check_manager(self)
        self._check_open()
        if not self.is_complete:
            left = self.step_ids.filtered(lambda step: step.state not in DONE)
            raise UserError(self.env._("Not passed yet: %s.", ", ".join(step.name for step in left)))
        plc = self.controller_id
        if (plc.place, plc.sudo().layout_id.name) != (self.place, self.layout_name):
            raise UserError(self.env._("The PLC's address or layout was changed meanwhile. Try each step again."))
        user, now = self.env.user, fields.Datetime.now()
        self.sudo().write({"state": "signed", "signed_by_id": user.id, "signed_on": now, "signature": user.name})
        plc.sudo().commissioned = True
        message = self.env._("Commissioned: %s signed the protocol.", user.name)
        self.env["mo.batch.journal"]._record("user", message, controller=plc)
        self.env["plc.task.fill"]._trigger()
        return True

    def action_print(self):
        """The protocol as a PDF."""
        check_operator(self)
        return self.env.ref("plc_mo_batch.plc_commissioning_action_report").report_action(self)

    # Business methods

    def _try_alone(self):
        """Try what can be tried without a person; with the simulator that is everything, and is signed.

        :return: whether the PLC is commissioned now
        """
        self.action_try()
        if self.is_complete:
            self.action_sign()
        return self.controller_id.commissioned

    def _check_open(self):
        if self.state == "signed":
            raise UserError(self.env._("The protocol is signed. Begin a new check on the form of the PLC."))

    def _reserve(self):
        """Nothing else may begin with the PLC in this transaction, and it must have no batch.

        The write is the one of a fill (docs/architecture/fill.md): of both, the second fails.

        :raise UserError: if the PLC has batches, or on a neutralized database
        """
        if self.env["plc.task.exchange"]._is_neutralized():
            raise UserError(self.env._("This is a neutralized copy of the database. It does not connect to any PLC."))
        plc = self.controller_id.sudo()
        plc.fill_count += 1
        plc.flush_recordset()
        if self.env["mo.batch"].sudo().search_count([("controller_id", "=", plc.id)], limit=1):
            raise UserError(self.env._("%s has open batches. Finish or cancel them before you try anything.", plc.name))
        plc._void_commissioning(self.env._("%s tries it anew.", self.env.user.name))
        self.sudo().write({"place": plc.place, "layout_name": plc.layout_id.name})

    def _trial(self):
        """What tries the PLC."""
        plc = self.controller_id.sudo()
        seconds = min(TRIAL_SECONDS, max(plc.settle_time, 0.1))
        return Trial(plc._endpoint(TRIAL_TIMEOUT), plc.layout_id._layout(), plc.equipment_ids.mapped("code"), seconds)
