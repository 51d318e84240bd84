from odoo import api, fields, models

SNAPSHOT_SECONDS = 10.0  # to read all slots; for a slow line it shows what was read by then


class PlcSnapshot(models.TransientModel):
    """What a PLC showed at one moment. Nothing here changes a batch, and nothing is written to the PLC."""

    _name = "plc.snapshot"
    _description = "In the PLC Now"

    controller_id = fields.Many2one("plc.controller", string="PLC", required=True, readonly=True, ondelete="cascade")
    layout_id = fields.Many2one(related="controller_id.layout_id")
    taken_at = fields.Datetime(string="Read On", readonly=True)
    message = fields.Char(readonly=True, help="What is missing or wrong.")
    line_ids = fields.One2many("plc.snapshot.line", "snapshot_id", string="Slots", readonly=True)

    @api.depends("controller_id")
    def _compute_display_name(self):
        for snapshot in self:
            snapshot.display_name = self.env._("In %s Now", snapshot.controller_id.name)

    # Actions

    def action_refresh(self):
        """Read the PLC again."""
        self.ensure_one()
        self._read()
        return True

    def _action_open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("In the PLC Now"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    # Business methods

    @api.model
    def _take(self, controller):
        """A snapshot of the PLC now.

        :raise UserError: on a neutralized database, which never talks to a PLC
        """
        controller.ensure_one()
        controller.check_access("read")
        snapshot = self.sudo().create({"controller_id": controller.id}).sudo(self.env.su)
        snapshot._read()
        return snapshot

    def _read(self):
        seen = self.controller_id._look(SNAPSHOT_SECONDS)
        lines = self.env["plc.snapshot.line"].sudo()
        lines.search([("snapshot_id", "=", self.id)]).unlink()
        lines.create([{"snapshot_id": self.id, **lines._prepare(seen, kind, slot)} for kind, slot in seen.words])
        self.sudo().write({"taken_at": fields.Datetime.now(), "message": self._message(seen)})

    def _message(self, seen):
        if seen.fault:
            return self.controller_id._look_message(seen)
        if not seen.is_complete:
            return self.env._("The PLC is slow: only %(count)s slots were read.", count=len(seen.words))
        return False
