"""What the pages ask of each protocol, and in whose words: protocols x pages x people."""

import re

from lxml import etree

from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ...models.controller.link_sentences import LISTED_FROM
from ...plc.wire import BEYOND, LinkError
from ...plc.wires import KINDS
from ...wizards.plc_setup import TRANSPORTS
from ..common import MillCase

PLACE = {"host", "port"}
CERTIFICATES = {"tls_verify", "tls_ca", "tls_server_name", "tls_certificate", "tls_key"}
ROUTE = {"network", "node_unit"}
MODBUS = {"device_id"}
UNLIKE = {"any_unit", "no_transaction"}  # answers that are taken nevertheless
# transport -> what the page of a PLC asks, beside what it asks of all
ASKED = {
    "tcp": PLACE | MODBUS | UNLIKE,
    "tls": PLACE | MODBUS | UNLIKE | CERTIFICATES,
    "rtu_tcp": PLACE | MODBUS,
    "serial": {"serial_device", "baudrate", "parity", "stopbits"} | MODBUS,
    "fins_udp": PLACE | ROUTE | {"node", "own_node"},
    "fins_tcp": PLACE | ROUTE,
    "s7": PLACE | {"rack", "rack_slot"},
    "opcua": PLACE | {"security", "login_user", "max_age"},
}
# what else, once something was entered
ONCE = [
    ("opcua", {"security": "encrypt"}, CERTIFICATES),
    ("opcua", {"login_user": "odoo"}, {"login_password"}),
    ("opcua", {"security": "sign", "tls_verify": False}, CERTIFICATES - {"tls_ca", "tls_server_name"}),
    ("tls", {"tls_verify": False}, set()),
    ("fins_tcp", {"network": 3}, {"node", "own_network"}),
    ("fins_udp", {"network": 3}, {"own_network"}),
]
ALL = set().union(*ASKED.values(), *(more for _transport, _values, more in ONCE))
SECRET = {"login_password", "tls_certificate", "tls_key"}  # not for operators
# transport -> what the set-up page asks
SET_UP = {
    "tcp": PLACE | MODBUS,
    "rtu_tcp": PLACE | MODBUS,
    "fins_udp": PLACE | {"node", "own_node"},
    "fins_tcp": PLACE,
    "s7": PLACE | {"rack", "rack_slot"},
    "opcua": PLACE,
}
# words that are of one family
WORDS = {
    "modbus": "Modbus|[Uu]nit ID|[Hh]olding reg|40001|serial port",
    "fins": "FINS|Omron|gateway",
    "s7": r"\bS7\b|PUT/GET",
    "opcua": "OPC|user name",
}
BLANK = {"security": "none", "login_user": False, "tls_verify": True, "network": 0}


@tagged("post_install", "-at_install")
class TestProtocolPages(MillCase):
    def people(self):
        """(who it is, what is kept from them)"""
        yield self.env.ref("base.user_admin"), set()
        yield new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager"), set()
        yield new_test_user(self.env, "hand", groups="plc_mo_batch.group_operator"), SECRET

    def shown(self, form, **values):
        """The parts of a page that are seen with these values."""
        values = {**BLANK, "protocol": KINDS[values["transport"]].family.name, **values}
        return [part for part in form.iter() if all(self.is_seen(node, values) for node in (part, *part.iterancestors()))]

    def is_seen(self, node, values):
        try:
            return not safe_eval(node.get("invisible") or "False", values)
        except ValueError:  # a name that is not there: it does not hang on the protocol
            return True

    def names(self, parts):
        return {part.get("name") for part in parts if part.tag == "field"} & ALL

    def page(self, model, user):
        return etree.fromstring(self.env[model].with_user(user).get_view(view_type="form")["arch"])

    def test_what_is_asked(self):
        self.assertEqual(set(ASKED), set(KINDS))
        for user, secret in self.people():
            form = self.page("plc.controller", user)
            for transport, asked in ASKED.items():
                with self.subTest(user.login, transport=transport):
                    self.assertEqual(self.names(self.shown(form, transport=transport)), asked - secret)
            for transport, values, more in ONCE:
                with self.subTest(user.login, transport=transport, values=values):
                    found = self.names(self.shown(form, transport=transport, **values))
                    gone = {"tls_ca", "tls_server_name"} - more if "tls_verify" in values else set()
                    self.assertEqual(found, (ASKED[transport] - gone | more) - secret)

    def test_what_the_set_up_asks(self):
        self.assertEqual(set(SET_UP), {name for name, _label in TRANSPORTS})
        for user, secret in self.people():
            if secret:
                continue  # operators set up nothing
            form = self.page("plc.setup", user)
            for transport, asked in SET_UP.items():
                with self.subTest(user.login, transport=transport):
                    self.assertEqual(self.names(self.shown(form, transport=transport)), asked)

    def test_which_columns_areas_have(self):
        areas = self.page("plc.register.layout", self.env.ref("base.user_admin")).find(".//field[@name='area_ids']/list")
        for kind in KINDS.values():
            seen = {"parent": {"protocol": kind.family.name}}
            for name, families in (("bank", ("fins", "s7")), ("node", ("opcua",))):
                condition = (
                    areas.find(f"field[@name='{name}']").get("column_invisible").replace("parent.protocol", "parent['protocol']")
                )
                self.assertEqual(not safe_eval(condition, seen), kind.family.name in families, (kind.name, name))

    def test_nobody_reads_another_protocol_s_words(self):
        """Labels, helps, examples and sentences on both pages, but for the choice of the protocol itself."""
        for model in ("plc.controller", "plc.setup"):
            form = self.page(model, self.env.ref("base.user_admin"))
            fields = self.env[model].fields_get()
            for transport, kind in KINDS.items():
                foreign = "|".join(words for family, words in WORDS.items() if family != kind.family.name)
                told = {text for part in self.shown(form, transport=transport) for text in self.told(part, fields)}
                with self.subTest(transport, model=model):
                    self.assertEqual([text for text in told if re.search(foreign, text)], [])

    def told(self, part, fields):
        """Whatever a part of a page says, but for the choice of the protocol itself, and what columns say."""
        if part.get("name") == "transport" or part.getparent() is not None and part.getparent().tag == "list":
            return []
        field = fields.get(part.get("name"), {}) if part.tag == "field" else {}
        own = [part.text, part.tail, part.get("string"), part.get("help"), part.get("placeholder"), part.get("confirm")]
        return filter(None, [*own, field.get("string"), field.get("help")])

    def test_only_modbus_counts_from_40001(self):
        error = LinkError("exception", "told", cause=BEYOND, address=LISTED_FROM)
        for transport, kind in KINDS.items():
            plc = self.controller.new({"transport": transport, "host": "192.0.2.7", "serial_device": "/dev/ttyUSB0"})
            self.assertEqual("40001" in plc._link_message(error), kind.family.name == "modbus", transport)

    def test_which_plc_is_meant_stays_while_it_has_batches(self):
        self.new_order()
        self.run_task(1)
        self.env["mo.batch"].search([("controller_id", "=", self.controller.id)]).state = "offered"
        for name in ("device_id", "network", "node_unit"):
            with self.subTest(name), self.assertRaisesRegex(ValidationError, "which PLC behind the address is meant, cannot be"):
                with self.env.cr.savepoint():
                    self.controller[name] = 5
