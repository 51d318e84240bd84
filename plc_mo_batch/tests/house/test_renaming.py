"""What a migration renames in what people stored: only what it is about, and nothing that cannot be read (tools/renaming.py)."""

from odoo.tests import BaseCase, tagged

from ...tools.renaming import Renames, Renaming

RENAMES = Renames(
    fields={("plc", "map"): "layout", ("plc", "policy"): "disposition", ("batch", "held"): "on_hold"},
    values={("plc", "policy"): {"hold": "withhold"}},
    methods={"action_settle": "action_dispose"},
)
RELATIONS = {("plc", "batches"): "batch", ("batch", "plc"): "plc", ("plc", "map"): "map"}


class Words(Renaming):
    """Without a database."""

    def __init__(self):
        self.renames = RENAMES
        self._relations = RELATIONS


@tagged("post_install", "-at_install")
class TestRenaming(BaseCase):
    def setUp(self):
        super().setUp()
        self.words = Words()

    def test_paths(self):
        self.assertEqual(self.words.path("batch", "plc.map.name"), "plc.layout.name")
        self.assertEqual(self.words.path("batch", "plc/map/.id", "/"), "plc/layout/.id")
        self.assertEqual(self.words.path("batch", "map"), "map", "another model's")
        self.assertEqual(self.words.path("batch", "date:month"), "date:month")

    def test_domains(self):
        for before, after in (
            ("[('held', '=', True), ('plc.map', 'ilike', 'map')]", "[('on_hold', '=', True), ('plc.layout', 'ilike', 'map')]"),
            (
                "['|', ('plc.policy', '=', 'hold'), ('state', '=', 'hold')]",
                "['|', ('plc.disposition', '=', 'withhold'), ('state', '=', 'hold')]",
            ),
            (
                "[('plc', 'any', [('policy', 'in', ['hold', 'ask'])])]",
                "[('plc', 'any', [('disposition', 'in', ['withhold', 'ask'])])]",
            ),
            ("[('held', '=', True), ('user', '=', uid)]", "[('on_hold', '=', True), ('user', '=', uid)]"),
            ("[('state',  '=', 'done')]", "[('state',  '=', 'done')]"),
            ("[('held', '=', ", "[('held', '=', "),
            (None, None),
        ):
            self.assertEqual(self.words.domain("batch", before), after)

    def test_contexts(self):
        before = "{'group_by': ['plc', 'held', 'date:week'], 'default_held': True, 'search_default_held': 1, 'held': 1}"
        after = "{'group_by': ['plc', 'on_hold', 'date:week'], 'default_on_hold': True, 'search_default_on_hold': 1, 'held': 1}"
        self.assertEqual(self.words.context("batch", before), after)
        self.assertEqual(self.words.context("batch", "{'default_state': state}"), "{'default_state': state}")

    def test_orders(self):
        self.assertEqual(self.words.sort("batch", '["held desc", "id"]'), '["on_hold desc", "id"]')
        self.assertEqual(self.words.sort("batch", '["name"]'), '["name"]')
        for text in ("no json", None, "{}"):
            self.assertEqual(self.words.sort("batch", text), text)

    def test_views(self):
        for before, after in (
            (
                '<form><field name="map" invisible="policy == \'hold\'"/><label for="map"/></form>',
                '<form><field name="layout" invisible="disposition == \'withhold\'"/><label for="layout"/></form>',
            ),
            (  # a list of batches has other fields
                '<field name="batches"><list decoration-danger="held"><field name="held"/></list></field>',
                '<field name="batches"><list decoration-danger="on_hold"><field name="on_hold"/></list></field>',
            ),
            (  # what is put beside a field belongs to the same model
                '<xpath expr="//field[@name=\'map\']" position="after">'
                '<field name="policy" readonly="map and not held"/></xpath>',
                '<xpath expr="//field[@name=\'layout\']" position="after">'
                '<field name="disposition" readonly="layout and not held"/></xpath>',
            ),
            (
                '<field name="map" position="before"><field name="map"/></field>',
                '<field name="layout" position="before"><field name="layout"/></field>',
            ),
            (
                "<xpath expr=\"//field[@name='batches']/list/field[@name='held']\" position=\"after\">"
                '<field name="held"/></xpath>',
                "<xpath expr=\"//field[@name='batches']/list/field[@name='on_hold']\" position=\"after\">"
                '<field name="on_hold"/></xpath>',
            ),
            ('<button name="action_settle" string="map"/>', '<button name="action_dispose" string="map"/>'),
            ("<form", "<form"),
        ):
            self.assertEqual(self.words.arch("plc", before), after)
