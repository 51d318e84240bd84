"""What a migration renames in what people stored: only what it is about, and nothing that cannot be read (tools/renaming.py)."""

import logging

from odoo.tests import BaseCase, TransactionCase, tagged
from odoo.tools import SQL

from ...tools.renaming import Renames, Renaming

RENAMES = Renames(
    fields={("plc", "map"): "layout", ("plc", "policy"): "disposition", ("batch", "held"): "on_hold"},
    values={("plc", "policy"): {"hold": "withhold"}},
    methods={"action_settle": "action_dispose"},
    filters={"on_map": "on_layout"},
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
        self.assertEqual(self.words.context("batch", "{'search_default_on_map': 1}"), "{'search_default_on_layout': 1}")

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
            (
                "<filter name=\"f\" domain=\"[('batches.plc.map', '=', 1)]\" context=\"{'group_by': 'map'}\"/>",
                "<filter name=\"f\" domain=\"[('batches.plc.layout', '=', 1)]\" context=\"{'group_by': 'layout'}\"/>",
            ),
            ('<filter name="on_map" position="after"/>', '<filter name="on_layout" position="after"/>'),
            (
                '<xpath expr="//filter[@name=\'on_map\']" position="after"/>',
                '<xpath expr="//filter[@name=\'on_layout\']" position="after"/>',
            ),
            ("<form", "<form"),
        ):
            self.assertEqual(self.words.arch("plc", before), after)


@tagged("post_install", "-at_install")
class TestStored(TransactionCase):
    """What people stored by means of apps that a plant may have, on a model that is there."""

    def setUp(self):
        super().setUp()
        self.model = self.env["ir.model"]._get("res.partner")
        renames = Renames(fields={("res.partner", "ref"): "reference"}, values={("res.partner", "type"): {"other": "else"}})
        self.renaming = Renaming(self.env.cr, "plc_mo_batch", renames)

    def only(self, table, column):
        self.env.cr.execute(SQL("SELECT %s FROM %s", SQL.identifier(column), SQL.identifier(table)))
        return self.env.cr.fetchone()[0]

    def test_automations(self):
        """One whose domain named a field that is gone would fail at each write to its model."""
        self.env.cr.execute("DROP TABLE IF EXISTS base_automation CASCADE")
        self.env.cr.execute("CREATE TABLE base_automation (id int, model_id int, filter_domain text, filter_pre_domain text)")
        domain = "[('ref', '=', False), ('type', '=', 'other')]"
        self.env.cr.execute("INSERT INTO base_automation VALUES (1, %s, %s, %s)", [self.model.id, domain, "[('ref', '!=', 'x')]"])
        self.renaming._stored_expressions()
        self.assertEqual(self.only("base_automation", "filter_domain"), "[('reference', '=', False), ('type', '=', 'else')]")
        self.assertEqual(self.only("base_automation", "filter_pre_domain"), "[('reference', '!=', 'x')]")

    def test_server_actions(self):
        action = self.env["ir.actions.server"].create(
            {"name": "Set it", "model_id": self.model.id, "state": "object_write", "update_path": "parent_id.ref", "value": "x"}
        )
        self.env.flush_all()
        self.renaming._stored_paths()
        action.invalidate_recordset()
        self.assertEqual(action.update_path, "parent_id.reference")

    def test_dashboards(self):
        action = self.env["ir.actions.act_window"].create({"name": "Partners", "res_model": "res.partner"})
        arch = f"""<form><action name="{action.id}" domain="[('ref', '=', 'x')]" context="{{'group_by': ['ref']}}"/></form>"""
        view = self.env["ir.ui.view"].search([], limit=1)
        board = self.env["ir.ui.view.custom"].create({"ref_id": view.id, "user_id": self.env.uid, "arch": arch})
        self.env.flush_all()
        self.renaming._dashboards()
        board.invalidate_recordset()
        self.assertEqual(board.arch, arch.replace("'ref'", "'reference'"))

    def test_code_is_told_of(self):
        """And left as it is: nothing but a person can know what it means."""
        values = {"model_id": self.model.id, "state": "code"}
        code = self.env["ir.actions.server"].create({**values, "name": "Theirs", "code": "record.write({'ref': 'x'})"})
        self.env["ir.actions.server"].create({**values, "name": "Another", "code": "record.write({'refer': 'x'})"})
        self.env.flush_all()
        with self.assertLogs("odoo.addons.plc_mo_batch.tools.renaming", logging.WARNING) as log:
            self.renaming._tell_of_code()
        self.assertIn(f"ir_act_server {code.id} (Theirs)", "".join(log.output))
        self.assertNotIn("Another", "".join(log.output))
        self.assertEqual(code.code, "record.write({'ref': 'x'})")
