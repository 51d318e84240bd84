"""What a person changes of a PLC, its equipment or its layout stands in the journal of each PLC concerned, old and new."""

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestChanges(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "boss", groups="plc_mo_batch.group_manager", name="The Boss")
        cls.layout = cls.controller.layout_id = cls.controller.layout_id.copy({"name": "Ours"})

    def setUp(self):
        super().setUp()
        self.plc = self.controller.with_user(self.manager)
        self.before = self.newest()

    def newest(self):
        return self.env["mo.batch.journal"].search([], limit=1).id or 0

    def told(self):
        """What was journalled since, oldest first."""
        journal = self.env["mo.batch.journal"].search([("id", ">", self.before)], order="id")
        self.before = self.newest()
        for line in journal:
            self.assertEqual((line.user_id, line.kind, line.controller_id), (self.manager, "user", self.controller))
        return journal.mapped("message")

    def test_address_and_policies(self):
        self.plc.write({"host": "192.0.2.7", "port": 503, "weight_policy": "ask", "settle_time": 2.5, "connect_each": True})
        changed, commissioned = self.told()
        self.assertEqual(
            changed,
            "Changed by The Boss: Address: 127.0.0.1 → 192.0.2.7; Port: 1 → 503; Without Finished Weight: Planned quantity → Ask "
            "an operator; Settle Time: 0.2 → 2.5; New Connection for Each Request: no → yes",
        )
        self.assertIn("must be commissioned again", commissioned)

    def test_what_links_to_others(self):
        other = self.layout.copy({"name": "Another"})
        self.plc.write({"layout_id": other.id, "picking_type_ids": [Command.clear()]})
        self.assertIn("Layout: Ours → Another; Operation Types: ", self.told()[0])

    def test_nothing_changed(self):
        self.plc.write({"port": self.plc.port, "weight_policy": self.plc.weight_policy, "sequence": 3})
        self.assertEqual(self.told(), [])

    def test_every_setting(self):
        """Of those that a person may write, all but the place in a list."""
        names = self.plc._told_fields(self.plc._fields)
        settings = {
            name
            for name, field in self.plc._fields.items()
            if "plc_mo_batch" in field._modules and field.store and not field.readonly and field.type != "one2many"
        }
        self.assertEqual(settings - set(names), {"sequence"})

    def test_no_secret_is_told(self):
        self.controller._journal_changes({"tls_key": "old"}, {"tls_key": "new"})
        line = self.env["mo.batch.journal"].search([], limit=1).message
        self.assertTrue(line.endswith("Odoo's Key"), line)

    def test_button_tells_once(self):
        self.plc.action_switch_off()
        self.assertEqual(self.told(), ["Switched off by The Boss."])
        self.plc.action_switch_off()
        self.assertEqual(self.told(), [], "it was off")
        self.plc.enabled = True
        self.assertEqual(self.told(), ["Changed by The Boss: Enabled: no → yes"])

    def test_equipment(self):
        silo = self.controller.equipment_ids[0].with_user(self.manager)
        silo.code = 109
        self.assertEqual(self.told(), ["Changed by The Boss: Silo 101: Code: 101 → 109"])

    def test_layout_and_its_parts(self):
        recipe = self.layout.area_ids.filtered(lambda area: area.kind == "recipe")
        field = recipe.field_ids.filtered(lambda field: field.role == "formula")
        self.layout.with_user(self.manager).write({"area_ids": [Command.update(recipe.id, {"base": 7001})], "drift": 0.25})
        self.assertIn("Changed by The Boss: layout Ours, Recipe (written by Odoo): Base: 7000 → 7001", self.told())
        field.with_user(self.manager).unit = "text"
        self.assertIn("Changed by The Boss: layout Ours, Formula name: Unit: - → text", self.told())
        self.layout.with_user(self.manager).drift = 0.75
        self.assertIn("Changed by The Boss: layout Ours: Scale Drift: 0.25 → 0.75", self.told())

    def test_parts_that_come_and_go(self):
        layout = self.layout.with_user(self.manager)
        area = layout.area_ids.filtered(lambda area: area.kind == "failure")
        values = {name: value for name, value in area.copy_data()[0].items() if name != "layout_id"}
        area.unlink()
        self.assertIn("Changed by The Boss: layout Ours: Equipment failures (written by the PLC) removed", self.told())
        layout.area_ids = [Command.create(values)]
        self.assertIn("Changed by The Boss: layout Ours: Equipment failures (written by the PLC) added", self.told())
