"""Where people begin after they have logged in, and how the menu is ordered."""

from odoo.tests import new_test_user, tagged

from ..patient_http import PatientHttpCase

ROLES = {"operator": "plc_mo_batch.group_operator", "manager": "plc_mo_batch.group_manager", "planner": "mrp.group_mrp_user"}


@tagged("post_install", "-at_install")
class TestHome(PatientHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.board = cls.env.ref("plc_mo_batch.plc_board_action")

    def home(self, role, **values):
        """Id of the action that the web client of a new user begins with, or False."""
        login = f"home of {role}"
        new_test_user(self.env, login, groups=ROLES[role], **values)
        self.authenticate(login, login)
        return self.make_jsonrpc_request("/web/session/get_session_info", {})["home_action_id"]

    def test_operators_begin_on_the_board(self):
        self.assertEqual(self.home("operator"), self.board.id)

    def test_others_begin_where_everybody_does(self):
        self.assertEqual([self.home(role) for role in ("manager", "planner")], [False, False])

    def test_an_action_of_their_own_goes_first(self):
        queue = self.env.ref("plc_mo_batch.mo_batch_action")
        self.assertEqual(self.home("operator", action_id=queue.id), queue.id)

    def test_three_groups_of_menus(self):
        """Nothing lies beside them, and each screen is in one of them."""
        menus = self.env["ir.ui.menu"].search([("id", "child_of", self.env.ref("plc_mo_batch.plc_menu").id)])
        whole = self.env.ref("plc_mo_batch.plc_menu")
        top, screens = menus & whole.child_id, menus - whole - whole.child_id
        self.assertEqual(top.mapped("name"), ["Operations", "Reporting", "Configuration"])
        self.assertFalse(top.filtered("action"))
        self.assertTrue(all(screen.action and screen.parent_id in top for screen in screens))
        self.assertEqual(len(screens), 19)
