import base64
from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...plc.address import AddressRefused, check_literal, parse_networks
from ...plc.transport import TCP, is_serial_port, tls_context
from ...plc.trust import check_certificates
from ...plc.wire import Endpoint, LinkError, Login, SerialLine, Tls
from ...plc.wires import KINDS, families
from ...tools.odoo_edge import get_parameter
from ...tools.translate import format_number, translate
from .link_sentences import is_from_40001, sentences

PORTS = {kind.name: kind.port for kind in KINDS.values() if kind.port}
TRANSPORTS = [(kind.name, str(kind.label)) for kind in KINDS.values()]
PROTOCOLS = [(family.name, str(family.label)) for family in families()]
BAUDRATES = [(str(rate), str(rate)) for rate in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)]


class PlcConnection(models.AbstractModel):
    """How to reach a PLC: the fields, their constraints, and the :class:`~...plc.wire.Endpoint` made of them."""

    _name = "plc.connection"
    _inherit = ["mail.thread"]
    _description = "PLC Connection"

    transport = fields.Selection(
        TRANSPORTS,
        string="Connection",
        required=True,
        default=TCP,
        tracking=True,
        help="Modbus TCP: the usual choice. With TLS: Modbus/TCP Security, for PLCs that have a certificate. RTU over TCP: "
        "serial telegrams through a gateway that does not translate them. Serial RTU: a serial port of the Odoo server. FINS "
        "over UDP or TCP: Omron's own protocol. S7: Siemens'. OPC UA: many makers'.",
    )
    protocol = fields.Selection(PROTOCOLS, compute="_compute_protocol")
    host = fields.Char(string="Address", tracking=True, help="Host name or IP address.")
    port = fields.Integer(required=True, default=502, tracking=True)
    device_id = fields.Integer(
        string="Unit ID", required=True, default=1, help="Modbus unit ID (also called device or slave ID)."
    )
    node = fields.Integer(
        string="PLC's Node", tracking=True, help="FINS node of the PLC, 1 to 254. 0: whichever has the address above."
    )
    own_node = fields.Integer(
        string="Odoo's Node",
        tracking=True,
        help="FINS node by which the PLC knows Odoo, 1 to 254. 0: the last number of Odoo's IP address, as most PLCs expect.",
    )
    network = fields.Integer(
        string="PLC's Network",
        tracking=True,
        help="FINS network of a PLC behind a gateway, 1 to 127; then its node has to be entered, too. 0: the PLC at the address "
        "above.",
    )
    node_unit = fields.Integer(string="PLC's Unit", tracking=True, help="FINS unit at the PLC's node, 0 to 255. 0: the CPU.")
    own_network = fields.Integer(
        string="Odoo's Network",
        tracking=True,
        help="FINS network by which a PLC behind a gateway knows Odoo, 1 to 127. 0: the gateway enters it.",
    )
    rack = fields.Integer(tracking=True, help="Rack of the CPU of an S7, mostly 0.")
    rack_slot = fields.Integer(
        string="Slot", default=1, tracking=True, help="Slot of the CPU of an S7: 1 with a 1200 or 1500, 2 with a 300."
    )
    timeout = fields.Float(required=True, default=1.0, help="Seconds to wait for a connection and for each answer.")
    place = fields.Char(string="Endpoint", compute="_compute_place")
    tls_verify = fields.Boolean(
        string="Check the Certificate",
        default=True,
        tracking=True,
        help="Off: any device on the network can pretend to be the PLC.",
    )
    tls_ca = fields.Binary(
        string="CA Certificate",
        help="PEM file of the authority that signed the PLC's certificate, or that certificate itself. Empty: the authorities "
        "trusted by the Odoo server.",
    )
    tls_server_name = fields.Char(
        string="Server Name", tracking=True, help="The name in the PLC's certificate, if it differs from its address."
    )
    tls_certificate = fields.Binary(
        string="Odoo's Certificate",
        help="PEM file, for a PLC that requires a client certificate.",
        groups="plc_mo_batch.group_manager",
    )
    tls_key = fields.Binary(
        string="Odoo's Key",
        help="PEM file of the certificate's key, without a password.",
        groups="plc_mo_batch.group_manager",
    )
    security = fields.Selection(
        [("none", "None"), ("sign", "Sign"), ("encrypt", "Sign and encrypt")],
        required=True,
        default="none",
        tracking=True,
        help="Of OPC UA. With security, the PLC and Odoo know each other by their certificates; each has to be told to trust the "
        "other's. None: anyone on the network can read and change what is sent.",
    )
    login_user = fields.Char(string="User Name", tracking=True, help="Of the OPC UA server. Empty: anonymous.")
    login_password = fields.Char(
        string="Password", help="It leaves Odoo encrypted, or not at all.", groups="plc_mo_batch.group_manager"
    )
    max_age = fields.Float(
        string="Oldest Value",
        tracking=True,
        help="Seconds by which a value's source timestamp may be older than the answer, by the server's clock. Older ones are "
        "not believed. 0: any age, for a server that stamps when a value last changed.",
    )
    serial_device = fields.Char(
        string="Serial Port", tracking=True, help="A serial port of the Odoo server, such as /dev/ttyUSB0."
    )
    baudrate = fields.Selection(BAUDRATES, string="Baud Rate", required=True, default="19200")
    parity = fields.Selection([("N", "None"), ("E", "Even"), ("O", "Odd")], required=True, default="E")
    stopbits = fields.Selection([("1", "1"), ("2", "2")], string="Stop Bits", required=True, default="1")

    _port_range = models.Constraint("CHECK(port BETWEEN 1 AND 65535)", "The port must be between 1 and 65535.")
    _device_range = models.Constraint("CHECK(device_id BETWEEN 0 AND 255)", "The unit ID must be between 0 and 255.")
    _rtu_device_range = models.Constraint(
        "CHECK(transport NOT IN ('rtu_tcp', 'serial') OR device_id BETWEEN 1 AND 247)",
        "With RTU, the unit ID must be between 1 and 247.",
    )
    _nodes_range = models.Constraint(
        "CHECK(node BETWEEN 0 AND 254 AND own_node BETWEEN 0 AND 254)", "A FINS node must be between 0 and 254."
    )
    _networks_range = models.Constraint(
        "CHECK(network BETWEEN 0 AND 127 AND own_network BETWEEN 0 AND 127 AND node_unit BETWEEN 0 AND 255)",
        "A FINS network must be between 0 and 127, a unit between 0 and 255.",
    )
    _network_has_node = models.Constraint(
        "CHECK(network = 0 OR node > 0 OR transport NOT IN ('fins_udp', 'fins_tcp'))",
        "Enter the node of the PLC behind the gateway: 1 to 254.",
    )
    _rack_range = models.Constraint(
        "CHECK(rack BETWEEN 0 AND 7 AND rack_slot BETWEEN 0 AND 31)", "A rack must be between 0 and 7, a slot between 0 and 31."
    )
    _max_age_range = models.Constraint(
        "CHECK(max_age BETWEEN 0 AND 86400)", "The oldest value must be between 0 and 86400 seconds old."
    )
    _timeout_range = models.Constraint(
        "CHECK(timeout > 0 AND timeout <= 30)", "The timeout must be more than 0 and at most 30 seconds."
    )

    @api.depends("transport")
    def _compute_protocol(self):
        for plc in self:
            plc.protocol = plc.transport in KINDS and KINDS[plc.transport].family.name

    @api.depends("transport", "host", "port", "serial_device")
    def _compute_place(self):
        for plc in self:
            plc.place = plc.serial_device if plc._needs("line") else f"{plc.host or ''}:{plc.port}"

    @api.constrains("transport", "host", "serial_device")
    def _check_place(self):
        for plc in self:
            if plc._needs("host"):
                plc._check_host()
            if plc._needs("line") and not is_serial_port(plc.serial_device or ""):
                raise ValidationError(self.env._("Enter a serial port of the Odoo server, such as /dev/ttyUSB0 or COM3."))

    def _check_host(self):
        if not (self.host or "").strip():
            raise ValidationError(self.env._("Enter the PLC's address: a host name or an IP address."))
        try:
            check_literal(self.host, self._allowed_networks())
        except AddressRefused as error:
            raise ValidationError(self._address_message(error)) from error

    @api.constrains("transport", "security", "tls_verify", "tls_ca", "tls_certificate", "tls_key")
    def _check_tls(self):
        for plc in self.sudo().filtered(lambda plc: plc._has_certificates()):
            if plc.tls_key and not plc.tls_certificate:
                raise ValidationError(self.env._("A key was given without its certificate. Add the certificate."))
            try:
                tls_context(plc._tls())
                check_certificates(plc._endpoint())
            except LinkError as error:
                raise ValidationError(plc._link_message(error)) from error

    @api.onchange("transport")
    def _onchange_transport(self):
        if self.port in PORTS.values():
            self.port = PORTS.get(self.transport, 502)

    # Business methods

    def _needs(self, setting):
        """The PLC's transport uses this setting of an :class:`~..plc.wire.Endpoint`."""
        return self.transport in KINDS and setting in KINDS[self.transport].needs

    def _has_certificates(self):
        return self._needs("tls") or self._needs("login") and self.security != "none"

    def _endpoint(self, timeout=0.0):
        """Where to reach the PLC.

        :param timeout: maximum wait in seconds, if shorter than the PLC's own timeout
        """
        networks = self._allowed_networks()
        endpoint = Endpoint(self.host or "", self.port, self.device_id, self.timeout, self.transport, allowed=networks)
        other = {name: self[name] for name in ("node", "own_node", "rack", "rack_slot")}
        endpoint = replace(endpoint, manners=self._manners(), **other)
        if timeout:
            endpoint = replace(endpoint, timeout=min(timeout, self.timeout))
        if self._needs("route"):
            route = {"network": self.network, "unit": self.node_unit, "own_network": self.own_network}
            endpoint = replace(endpoint, **route)
        if self._needs("login"):
            endpoint = replace(endpoint, login=self._login())
        if self._has_certificates():
            return replace(endpoint, tls=self._tls())
        if self._needs("line"):
            line = SerialLine(self.serial_device, int(self.baudrate), self.parity, int(self.stopbits))
            return replace(endpoint, line=line)
        return endpoint

    @api.model
    def _allowed_networks(self):
        """Local networks in which PLCs are allowed nevertheless (a setting); none if the setting cannot be read."""
        try:
            return parse_networks(get_parameter(self.env, "plc_mo_batch.allowed_networks"))
        except ValueError:
            return ()

    def _address_message(self, error):
        return self.env._(
            "%s. Odoo will not connect to it unless an administrator allows it in the settings, under PLC Batches.",
            translate(self.env, error),
        )

    def _login(self):
        plc = self.sudo()
        return Login(plc.security, plc.login_user or "", plc.login_password or "", plc.max_age)

    def _tls(self):
        plc = self.sudo()
        ca, certificate, key = (plc._pem(name) for name in ("tls_ca", "tls_certificate", "tls_key"))
        return Tls(ca, certificate, key, plc.tls_server_name or "", plc.tls_verify)

    def _pem(self, name):
        """The content of a file field. A lost file must not count as no file: then other certificates would be trusted.

        :raise UserError: if Odoo has lost it, e.g. after a restore without its filestore
        """
        content = self.with_context(bin_size=False)[name]
        if not content and self.with_context(bin_size=True)[name]:
            field = self._fields[name]._description_string(self.env)
            raise UserError(self.env._("The file of %s is missing from Odoo's filestore. Enter it again.", field))
        return base64.b64decode(content or b"").decode("ascii", "replace")

    def _link_message(self, error, timeout=0.0):
        """What a :class:`~...plc.wire.LinkError` means, and what can be repaired."""
        detail = translate(self.env, error.detail)
        if self._needs("line") and error.kind == "connect":
            return self.env._("Cannot open the serial port %(place)s: %(detail)s.", place=self.place, detail=detail)
        if error.kind == "address":
            return self._address_message(error.detail)
        known = sentences(self.env, self.protocol)
        sentence = known.get(f"{error.kind} {error.cause}") or known[error.kind]
        if self.protocol == "modbus" and is_from_40001(error):
            sentence += " " + self.env._(
                "If the layout's list counts from 40001, take that off: enter -40001 as the layout's address offset."
            )
        return sentence % {
            "place": self.place,
            "timeout": format_number(self.env, min(timeout or self.timeout, self.timeout), "g"),
            "detail": detail,
        }
