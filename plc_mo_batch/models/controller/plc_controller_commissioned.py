from odoo import fields, models

# what says which PLC it is, and which of its words mean what: with another, what was proven is not
WIRING = {"transport", "host", "port", "serial_device", "device_id", "node", "rack", "rack_slot", "layout_id"}
WIRING |= {"network", "node_unit"}


class PlcController(models.Model):
    """Whether it was proven that Odoo and the PLC mean the same words. Without it the PLC gets no order."""

    _inherit = "plc.controller"

    commissioned = fields.Boolean(
        readonly=True,
        copy=False,
        tracking=True,
        help="Addresses, word order and scale were proven, and the proof is signed. Without it the PLC gets no orders.",
    )

    # Business methods

    def _rewired_by(self, vals):
        """The commissioned PLCs among these for which a person's values change what was proven."""
        changed = WIRING.intersection(vals)
        if not changed or self.env.su or "commissioned" in vals:
            return self.browse()
        differ = [plc for plc in self.sudo() if plc.commissioned and any(plc._differs(name, vals[name]) for name in changed)]
        return self.browse(plc.id for plc in differ)

    def _differs(self, name, value):
        return self._fields[name].convert_to_write(self[name], self) != value

    def _void_commissioning(self, why):
        """What was proven is no longer so: no further order until a person proves or vouches for it."""
        for plc in self.sudo().filtered("commissioned"):
            plc.commissioned = False
            message = self.env._("%s The PLC must be commissioned again before it gets orders.", why)
            self.env["mo.batch.journal"]._record("user", message, controller=plc)

    def _refusal_uncommissioned(self):
        """Why the PLC gets no order; False if it does."""
        if self.commissioned:
            return False
        return self.env._("%s gets no orders: it was not commissioned. Open the PLC and press Commission.", self.name)
