"""Local addresses are refused from this release on. Those of existing PLCs are allowed, or the upgrade would stop a plant."""

import ipaddress
import socket
from contextlib import suppress

from odoo import SUPERUSER_ID, api

from odoo.addons.plc_mo_batch.plc.address import AddressRefused, check

KEY = "plc_mo_batch.allowed_networks"


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    plcs = env["plc.controller"].with_context(active_test=False).search([("transport", "!=", "serial")])
    local = sorted({address for plc in plcs for address in refused_addresses(plc.host)})
    if local:
        allowed = env["ir.config_parameter"].get_param(KEY)
        env["ir.config_parameter"].set_param(KEY, ", ".join([*([allowed] if allowed else []), *local]))


def refused_addresses(host):
    with suppress(OSError, UnicodeError):
        for *_rest, sockaddr in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            try:
                check(sockaddr[0], ())
            except AddressRefused:
                yield str(ipaddress.ip_address(sockaddr[0].partition("%")[0]))
