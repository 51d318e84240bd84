from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...plc.address import one_spelling
from ...plc.layout import MAX_READ, MAX_WRITE
from ...plc.transport import one_device
from ...plc.wire import Manners
from ...plc.wires import KINDS
from ...tools.translate import translate

PLACE = ("transport", "host", "port", "serial_device", "device_id")  # where it is, and which of those that are there
# fields that are the settings of :class:`~...plc.wire.Manners`
MANNERS = ("connect_pause", "request_pause", "connect_each", "any_unit", "no_transaction", "max_read", "max_write")


class PlcController(models.Model):
    """How the device wants to be asked, and whether it is asked by another PLC's record, too."""

    _inherit = "plc.controller"

    connect_pause = fields.Float(
        string="Pause after Connecting",
        digits=(6, 3),
        tracking=True,
        help="Seconds between connecting and the first request, for a device that ignores what comes too early.",
    )
    request_pause = fields.Float(
        string="Pause between Requests",
        digits=(6, 3),
        tracking=True,
        help="Seconds between an answer and the next request, for a device that ignores what follows too soon. With RTU it is "
        "the gap between telegrams: 0.004 at 9600 baud.",
    )
    connect_each = fields.Boolean(
        string="New Connection for Each Request", tracking=True, help="For a device that hangs up after each answer."
    )
    any_unit = fields.Boolean(
        string="Accept Any Unit ID",
        tracking=True,
        help="For a Modbus device that answers with a unit ID of its own. Not with RTU, where the answer would be another's.",
    )
    no_transaction = fields.Boolean(
        string="Accept Transaction ID 0",
        tracking=True,
        help="For a Modbus device that does not repeat the request's transaction ID, but answers with 0.",
    )
    max_read = fields.Integer(
        string="Most Words in a Read",
        required=True,
        default=MAX_READ,
        tracking=True,
        help="A slot is read in one request. If the device answers fewer words than a slot takes, the layout cannot be used.",
    )
    max_write = fields.Integer(
        string="Most Words in a Write",
        required=True,
        default=MAX_WRITE,
        tracking=True,
        help="A recipe is written in one request.",
    )
    twin_warning = fields.Char(compute="_compute_twin_warning", help="Another PLC in Odoo is the same machine.")

    _pauses_range = models.Constraint(
        "CHECK(connect_pause BETWEEN 0 AND 10 AND request_pause BETWEEN 0 AND 10)",
        "Pauses must be between 0 and 10 seconds.",
    )
    _limits_range = models.Constraint(
        f"CHECK(max_read BETWEEN 1 AND {MAX_READ} AND max_write BETWEEN 1 AND {MAX_WRITE})",
        f"A read takes 1 to {MAX_READ} words, a write 1 to {MAX_WRITE}.",
    )

    @api.depends(*PLACE)
    def _compute_twin_warning(self):
        for plc in self:
            twins = plc._twins()
            plc.twin_warning = plc._twin_message(", ".join(twins.mapped("name"))) if twins else False

    @api.constrains(*PLACE, "active", "enabled")
    def _check_no_twin(self):
        """Among those that are served, of whatever company."""
        for plc in self.filtered(lambda plc: plc.active and plc.enabled):
            twins = plc.sudo()._twins().filtered("enabled")
            if twins:
                raise ValidationError(plc._twin_message(plc._names_of(twins)))

    def copy_data(self, default=None):
        """A copy is off until it has an address of its own."""
        vals_list = super().copy_data(default)
        if not set(PLACE).intersection(default or {}):
            for vals in vals_list:
                vals["enabled"] = False
        return vals_list

    def _names_of(self, twins):
        """Names of PLCs, as far as the user may see them."""
        seen = twins.with_env(self.env(su=False))._filtered_access("read")
        return ", ".join(seen.mapped("name")) or self.env._("A PLC of another company")

    def _twin_message(self, names):
        if not self._needs("device_id"):
            return self.env._(
                "%s has the same address. Two PLCs in Odoo that are one machine give it orders without knowing of each other: "
                "archive one of them.",
                names,
            )
        return self.env._(
            "%s has the same address and unit ID. Two PLCs in Odoo that are one machine give it orders without knowing of each "
            "other: archive one of them.",
            names,
        )

    def _twins(self):
        """Other PLCs at the same place, with the same unit ID; not those that the user may not see."""
        machine = self._machine()
        others = self.env["plc.controller"].search([("id", "!=", self._origin.id)])
        return others.filtered(lambda other: other._machine() == machine) if machine else others.browse()

    def _machine(self):
        """What tells one PLC from another, as far as it is entered. With Modbus several units are at one address; with FINS one
        PLC is, over UDP and TCP alike, and others behind it."""
        if self._needs("line"):
            place = one_device(self.serial_device or "")
        else:
            host = self.host and one_spelling(self.host)
            place = host and f"{host}:{self.port}"
        behind = (self.network, self.node if self.network else 0, self.node_unit) if self._needs("route") else None
        return place and (place, self.device_id if self._needs("device_id") else behind)

    @api.constrains("transport", "layout_id", "max_read", "max_write")
    def _check_layout_fits_device(self):
        for plc in self:
            problems = plc._device_problems()
            if problems:
                raise ValidationError(problems)

    def _device_problems(self):
        """Why the device cannot take the slots of the layout, a sentence each; empty if it can."""
        layout = self.layout_id._layout()
        kind = KINDS.get(self.transport)
        misfits = kind.misfits(layout)[:1] if kind else []
        found = [] if layout.problems() else misfits or layout.too_long(self.max_read, self.max_write)
        return "\n".join(translate(self.env, sentence) for sentence in found)

    def _manners(self):
        """How the device wants to be asked, for the wire."""
        return Manners(**{name: self[name] for name in MANNERS})
