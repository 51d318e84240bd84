from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.base.models.res_partner import _lang_get

from ..models.controller.plc_connection import PORTS, PROTOCOLS
from ..models.controller.plc_controller_look import TEST_SECONDS
from ..plc.transport import TCP
from ..plc.wires import KINDS

STEPS = [("address", "Address"), ("silos", "Silos and Products"), ("components", "Hand-Adds"), ("done", "Connected")]
ASKED = {"host", "port", "device_id", "node", "rack"}
ASKED |= {"login", "route"}  # of these it takes the default: no security, anonymous; no gateway
# transports for which the wizard asks all settings; the others are set on the PLC itself
TRANSPORTS = [(kind.name, str(kind.label)) for kind in KINDS.values() if kind.needs <= ASKED]
# where ``odoo plc_simulator`` listens
SIMULATOR = {"host": "127.0.0.1", "port": 5020, "device_id": 1, "node": 0, "own_node": 0, "rack": 0, "rack_slot": 1}


class PlcSetup(models.TransientModel):
    """From no PLC to a connected one, step by step. Nothing is written to the PLC, and no record is created before the last
    step."""

    _name = "plc.setup"
    _inherit = ["plc.fenced"]
    _description = "Set Up a PLC"

    step = fields.Selection(STEPS, required=True, default="address")
    name = fields.Char(required=True, default=lambda self: self.env._("PLC 1"))
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    transport = fields.Selection(TRANSPORTS, string="Protocol", required=True, default=TCP)
    protocol = fields.Selection(PROTOCOLS, string="Protocol Family", compute="_compute_protocol")
    host = fields.Char(string="Address", help="Host name or IP address of the PLC.")
    port = fields.Integer(required=True, default=502)
    device_id = fields.Integer(string="Unit ID", required=True, default=1)
    node = fields.Integer(string="PLC's Node", help="FINS node of the PLC, 1 to 254. 0: whichever has the address above.")
    own_node = fields.Integer(
        string="Odoo's Node",
        help="FINS node by which the PLC knows Odoo, 1 to 254. 0: the last number of Odoo's IP address, as most PLCs expect.",
    )
    rack = fields.Integer(help="Rack of the CPU of an S7, mostly 0.")
    rack_slot = fields.Integer(string="Slot", default=1, help="Slot of the CPU of an S7: 1 with a 1200 or 1500, 2 with a 300.")
    layout_id = fields.Many2one(
        "plc.register.layout",
        required=True,
        default=lambda self: self.env.ref("plc_mo_batch.plc_register_layout_job_numbers", raise_if_not_found=False),
        domain="[('company_id', 'in', (False, company_id)), ('protocol', '=', protocol)]",
        help="Where recipes and feedback are located in the PLC's memory. Ask the PLC programmer which layout applies.",
    )
    lang = fields.Selection(
        _lang_get,
        string="Language",
        default=lambda self: self.env["plc.controller"]._default_lang(),
        help="In which the tasks write about the PLC: journal, attention messages, alarms, mails and reports.",
    )
    is_multilingual = fields.Boolean(compute="_compute_is_multilingual")
    message = fields.Char(readonly=True)
    manners = fields.Json(readonly=True, help="Settings of the connection without which the PLC does not answer.")
    is_answering = fields.Boolean(readonly=True, help="The PLC answered, and its data fits the layout.")
    picking_type_ids = fields.Many2many(
        "stock.picking.type",
        string="Operation Types",
        default=lambda self: self._free_picking_types(),
        domain="[('code', '=', 'mrp_operation'), ('company_id', '=', company_id)]",
        help="Operation types whose manufacturing orders this PLC makes.",
    )
    line_ids = fields.One2many("plc.setup.line", "setup_id", string="Silos and Tanks")
    is_checked = fields.Boolean(string="I have checked that each silo holds the products listed here")
    controller_id = fields.Many2one("plc.controller", string="PLC", readonly=True)
    is_commissioned = fields.Boolean(related="controller_id.commissioned")
    order_count = fields.Integer(compute="_compute_order_count", help="Orders the next fill can queue.")

    @api.depends("step")
    def _compute_display_name(self):
        for setup in self:
            setup.display_name = self.env._("Set Up a PLC")

    @api.depends("transport")
    def _compute_protocol(self):
        for setup in self:
            setup.protocol = KINDS[setup.transport].family.name if setup.transport in KINDS else False

    @api.depends("lang")
    def _compute_is_multilingual(self):
        self.is_multilingual = len(self.env["res.lang"].get_installed()) > 1

    @api.depends("controller_id")
    def _compute_order_count(self):
        orders = self.env["mrp.production"]
        for setup in self:
            plc = setup.controller_id
            setup.order_count = plc and orders.search_count(orders._plc_eligible_domain(plc))

    @api.onchange("transport")
    def _onchange_transport(self):
        """The usual port, unless the plant has its own, and a layout of the protocol."""
        if self.port in PORTS.values():
            self.port = PORTS.get(self.transport, 502)
        self.layout_id = self.layout_id._of_protocol(self.protocol)

    # Defaults

    @api.model
    def _free_picking_types(self):
        """Manufacturing operation types of the company that no PLC serves yet."""
        taken = self.env["plc.controller"].search([("picking_type_ids", "!=", False)]).picking_type_ids
        domain = [("code", "=", "mrp_operation"), ("company_id", "=", self.env.company.id), ("id", "not in", taken.ids)]
        return self.env["stock.picking.type"].search(domain)

    # Actions

    def action_use_simulator(self):
        """No PLC at hand: use the simulator on this machine."""
        self.ensure_one()
        transport = TCP if self.protocol == "modbus" else self.transport
        self.write({**SIMULATOR, "transport": transport, "name": self.env._("Simulator"), "message": False})
        return True

    def action_test(self):
        """Check that the PLC answers and fits the layout; if so, go on.

        :return: True
        :raise UserError: without an address, if another PLC has it, or on a neutralized database
        """
        self.ensure_one()
        plc = self.env["plc.controller"].new(self._connection())
        self._check_free(plc)
        seen, found = plc._look_for_manners(plc._look(TEST_SECONDS))
        wrong = next(seen.problems(), None)
        self.is_answering = seen.fits
        self.message = plc._test_message(seen, wrong, found)
        self.manners = {**(self.manners or {}), **found}
        return self.action_next() if self.is_answering else True

    def action_next(self):
        """Go on to the silos that the layout names."""
        self.ensure_one()
        self._connection()
        self.step = "silos"
        if not self.line_ids:
            codes = [code for code in self.layout_id._layout().codes if code]
            self.line_ids = [Command.create({"code": code, "name": self.env._("Silo %s", code)}) for code in codes]
        return True

    def action_back(self):
        """Back to the step before; what was entered stays."""
        self.ensure_one()
        self.write({"step": "silos" if self.step == "components" else "address", "is_checked": False})
        return True

    def action_suggest(self):
        """Assign the components of the orders, then those of the bills of materials, to the empty silos, most needed first; a
        person must check them.

        :return: True
        :raise UserError: if there are neither
        """
        self.ensure_one()
        components, laid = self._components(), self.line_ids.product_ids
        if not components:
            raise UserError(
                self.env._(
                    "No confirmed order and no bill of materials has one of these operation types. Enter what each silo holds."
                )
            )
        components = iter(product for product in components if product not in laid)
        for line in self.line_ids.filtered(lambda line: not line.product_ids):
            line.product_ids = next(components, self.env["product.product"])
        self.is_checked = False
        return True

    def action_connect(self):
        """Create the PLC and its silos, once it is asked how components in no silo get into a batch.

        :return: True
        :raise UserError: if it would be empty, or no person has confirmed the contents of the silos
        """
        self.ensure_one()
        self._check_ready()
        if self.step != "components" and self._ask_for_components():
            return True
        self._say_components()
        self.controller_id = self.env["plc.controller"].create(
            {
                **self._connection(),
                "picking_type_ids": [Command.set(self.picking_type_ids.ids)],
                "equipment_ids": [Command.create(line._equipment()) for line in self.line_ids],
                "poll_interval": 1.0,
            }
        )
        if self.is_answering:
            self.controller_id._begin_commissioning()._try_alone()
        self.env["plc.task.exchange"]._trigger()  # the board is to show its first contact
        self.step = "done"
        return True

    def action_fill(self):
        """Fill the queue now, and show it."""
        self.ensure_one()
        self.controller_id.action_fill_now()
        return self._open_queue()

    def action_commission(self):
        """Open the commissioning check, which a PLC needs before it gets orders."""
        self.ensure_one()
        return self.controller_id.action_open_commissioning()

    def action_open_controller(self):
        """Open the form of the PLC."""
        self.ensure_one()
        return self.controller_id._get_records_action()

    # Business methods

    def _open_queue(self):
        """The board if it is installed, or else the queue."""
        board = self.env.ref("plc_mo_batch.plc_board_action", raise_if_not_found=False)
        action = board or self.env.ref("plc_mo_batch.mo_batch_action")
        return {**self.env["ir.actions.actions"]._for_xml_id(action.get_external_id()[action.id]), "target": "main"}

    def _connection(self):
        """Values of the PLC to be created.

        :raise UserError: without an address
        """
        if not (self.host or "").strip():
            raise UserError(self.env._("Enter the PLC's address: a host name or an IP address."))
        names = ("name", "lang", "transport", "port", "device_id", "node", "own_node", "rack", "rack_slot")
        ids = {"company_id": self.company_id.id, "layout_id": self.layout_id.id}
        return {**(self.manners or {}), "host": self.host.strip(), **{name: self[name] for name in names}, **ids}

    def _components(self):
        """Products of the confirmed orders, most needed first, then those of the bills of materials; without what cannot be
        weighed, and those said to be added by hand."""
        kilogram = self.env.ref("uom.product_uom_kgm")
        domain = [
            ("raw_material_production_id.picking_type_id", "in", self.picking_type_ids.ids),
            ("raw_material_production_id.state", "=", "confirmed"),
        ]
        groups = self.env["stock.move"]._read_group(domain, ["product_id"], ["product_qty:sum"], order="product_qty:sum DESC")
        needed = [product for product, _quantity in groups] + [product for product, _percent in self._shares_in_no_silo()]
        dosed = [product for product in dict.fromkeys(needed) if product.plc_added != "hand"]
        return [product for product in dosed if product.uom_id._has_common_reference(kilogram)]


class PlcSetupLine(models.TransientModel):
    _name = "plc.setup.line"
    _inherit = ["plc.fenced"]
    _description = "Silo of a PLC Being Set Up"
    _order = "code, id"

    setup_id = fields.Many2one("plc.setup", required=True, ondelete="cascade")
    code = fields.Integer(required=True, help="The code that the PLC uses for this equipment.")
    name = fields.Char(required=True)
    kind = fields.Selection([("silo", "Silo"), ("tank", "Liquid tank")], required=True, default="silo")
    product_ids = fields.Many2many("product.product", string="Products")

    def _equipment(self):
        """Values of the equipment to be created."""
        return {"code": self.code, "name": self.name, "kind": self.kind, "product_ids": [Command.set(self.product_ids.ids)]}
