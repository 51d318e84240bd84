"""Finding an array of an OPC UA server, and putting it into areas (the visit itself: test_browse)."""

import unittest
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ...plc.browse import Browsed, Variable
from ...plc.wire import LinkError
from ...wizards import plc_node_browse
from ..common import MillCase
from ..core import test_opcua


@unittest.skipUnless(test_opcua.HAS_LIBRARY, "asyncua is not installed")
@tagged("post_install", "-at_install")
class TestNodeBrowse(MillCase):
    def setUp(self):
        super().setUp()
        self.layout = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers_opcua").copy({"company_id": self.env.company.id})
        self.layout.area_ids.node = "ns=9;s=Wrong"
        self.controller.write({"transport": "opcua", "layout_id": self.layout.id})
        self.env.flush_all()
        manager = new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager")
        self.plc = self.controller.with_user(manager)

    def browsed(self, action):
        return self.env[action["res_model"]].with_user(self.plc.env.user).browse(action["res_id"])

    def test_from_the_plc_to_its_areas(self):
        self.new_simulator()
        browse = self.browsed(self.plc.action_browse_nodes())
        self.assertFalse(browse.message)
        found = browse.variable_ids
        expected = {
            "path": "MoBatch.Words",
            "node": "ns=2;s=MoBatch.Words",
            "kind": "UInt16",
            "elements": 65536,
            "access": "write",
        }
        self.assertRecordValues(found, [{**expected, "problem": False}])
        recipe = self.layout.area_ids.filtered(lambda area: area.kind == "recipe")
        browse.area_ids = recipe
        shown = found.action_use()
        self.assertEqual((shown["res_model"], shown["res_id"]), ("plc.register.layout", self.layout.id))
        self.assertEqual(recipe.node, "ns=2;s=MoBatch.Words")
        self.assertEqual((self.layout.area_ids - recipe).mapped("node"), ["ns=9;s=Wrong"] * (len(self.layout.area_ids) - 1))
        self.assertFalse(self.controller.commissioned, "another array has to be proven")

    def test_all_areas_at_first(self):
        self.new_simulator()
        browse = self.browsed(self.layout.with_user(self.plc.env.user).action_browse_nodes())
        self.assertEqual(browse.area_ids, self.layout.area_ids)
        self.assertIn("Recipe (written by Odoo)", browse.area_ids.mapped("display_name"))
        browse.variable_ids.action_use()
        self.assertTrue(self.controller.test_connection()["layout_ok"])
        self.assertEqual(set(self.layout.area_ids.mapped("node")), {"ns=2;s=MoBatch.Words"})

    def test_what_is_asked_for(self):
        self.new_simulator()
        browse = self.browsed(self.plc.action_browse_nodes())
        browse.wanted = "recipe"
        browse.action_browse()
        self.assertIn("No array has recipe", browse.message)
        self.assertFalse(browse.variable_ids)
        browse.wanted = "words"
        browse.action_browse()
        self.assertEqual((browse.message, len(browse.variable_ids)), (False, 1))

    def found(self, **values):
        with patch.object(plc_node_browse, "browse", return_value=Browsed(**values)):
            return self.browsed(self.plc.action_browse_nodes())

    def test_bad_servers(self):
        """Each has its sentence, with an advice."""
        words, other = Variable("A", "i=1", "UInt16", 9, True, True), Variable("B", "i=2", "Float", 9, True, True, "no words")
        for values, sentence in (
            ({"nodes": 7}, "The server shows no array among 7 nodes. Let the PLC's programmer"),
            ({"variables": [other], "arrays": 1}, "None of these arrays can hold words. Let"),
            ({"variables": [words], "arrays": 300}, "Of 300 arrays, 1 are listed. Enter"),
            ({"variables": [words], "arrays": 1, "nodes": 5000, "is_cut": True}, "There are more than the 5000 nodes that were"),
            ({"variables": [words], "arrays": 1, "denied": 3}, "Into 3 nodes the server lets nobody look. Check"),
            ({"error": LinkError("exception", "BadUserAccessDenied", cause="access")}, "The PLC at "),
            ({"variables": [words, other], "arrays": 2}, ""),
        ):
            with self.subTest(sentence):
                self.assertTrue((self.found(**values).message or "").startswith(sentence))

    def test_what_cannot_be_an_area(self):
        variables = [Variable("B", "i=2", "Float", 9, True, True, "words need an array of UInt16 or Int16")]
        browse = self.found(variables=variables, arrays=1)
        with self.assertRaisesRegex(UserError, "B cannot be an area: words need an array"):
            browse.variable_ids.action_use()
        browse = self.found(variables=[Variable("A", "i=1", "UInt16", 9, True, False)], arrays=1)
        self.assertEqual(browse.variable_ids.access, "read")
        browse.area_ids = False
        with self.assertRaisesRegex(UserError, "Choose the areas"):
            browse.variable_ids.action_use()

    def test_a_layout_of_all_companies(self):
        self.controller.layout_id = self.env.ref("plc_mo_batch.plc_register_layout_job_numbers_opcua")
        browse = self.found(variables=[Variable("A", "i=1", "UInt16", 9, True, True)], arrays=1)
        with self.assertRaisesRegex(AccessError, "Duplicate it"):
            browse.variable_ids.action_use()

    def test_no_plc_with_this_layout(self):
        layout = self.layout.copy()
        with self.assertRaisesRegex(UserError, "Choose it at a PLC first"):
            layout.with_user(self.plc.env.user).action_browse_nodes()

    def test_addresses_of_odoo_s_own(self):
        self.env["ir.config_parameter"].set_param("plc_mo_batch.allowed_networks", "")
        self.assertIn("Odoo will not connect to it", self.browsed(self.plc.action_browse_nodes()).message)

    def test_neutralized_copy(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        with (
            patch.object(plc_node_browse, "browse", side_effect=AssertionError("asked")),
            self.assertRaisesRegex(UserError, "does not connect to any PLC"),
        ):
            self.plc.action_browse_nodes()

    def test_operators_do_not(self):
        operator = new_test_user(self.env, "night", groups="plc_mo_batch.group_operator")
        with self.assertRaises(AccessError):
            self.controller.with_user(operator).action_browse_nodes()
