"""Moments at which a PLC with batches in hand would go out of sight, and two records of one PLC."""

from odoo.exceptions import AccessDenied, AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestInHand(MillCase):
    """In every state of a batch that the PLC still owes."""

    def setUp(self):
        super().setUp()
        self.new_order()
        self.run_task(1)
        self.batch = self.queue()
        self.manager = new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager")
        self.elsewhere = self.env["res.company"].create({"name": "Other mill"})
        self.module = self.env["ir.module.module"].search([("name", "=", "plc_mo_batch")])

    def moments(self):
        for plc in (self.controller, self.controller.with_user(self.manager)):
            yield lambda plc=plc: plc.write({"active": False})
            yield lambda plc=plc: plc.action_archive()
            yield lambda plc=plc: plc.unlink()
        yield lambda: self.controller.write({"company_id": self.elsewhere.id})
        yield lambda: self.module.button_uninstall()
        yield lambda: self.module.write({"state": "to remove"})
        yield lambda: self.module.with_user(self.env.ref("base.user_admin")).module_uninstall()
        yield lambda: self.env.company.write({"active": False})
        yield lambda: self.env["ir.module.module"].search([("name", "=", "mrp")]).button_uninstall()

    def test_refused_with_what_it_holds(self):
        open_states = [
            state for state, _label in self.env["mo.batch"]._fields["state"].selection if state not in ("done", "cancelled")
        ]
        self.assertGreater(len(open_states), 5)
        for state in open_states:
            self.batch._set_state(state)
            for number, moment in enumerate(self.moments()):
                with self.subTest(state=state, number=number), self.env.cr.savepoint():
                    with self.assertRaisesRegex(UserError, rf"Test PLC has batches in hand: {self.batch.name} \("):
                        moment()

    def test_a_branch_goes_with_its_company(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.elsewhere.id})
        self.env.cr.execute("UPDATE mo_batch SET company_id = %s WHERE id = %s", [branch.id, self.batch.id])
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "Test PLC has batches in hand"), self.env.cr.savepoint():
            self.elsewhere.write({"active": False})
        self.assertTrue(branch.active)

    def test_who_may_not_change_it_learns_nothing(self):
        """Not even from a refusal, which names what a PLC of another company has in hand."""
        there = {"company_id": self.elsewhere.id, "company_ids": self.elsewhere.ids}
        stranger = new_test_user(self.env, "stranger", groups="base.group_user", **there)
        for record, values in (
            (self.env.company, {"active": False}),
            (self.env.ref("uom.decimal_product_uom"), {"digits": 0}),
            (self.wheat.product_tmpl_id, {"uom_id": self.env.ref("uom.product_uom_gram").id}),
        ):
            with self.subTest(record._name):
                with self.assertRaises(UserError), self.env.cr.savepoint():
                    record.write(values)
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    record.with_user(stranger).write(values)

    def test_allowed_with_empty_hands(self):
        self.batch.action_cancel("plan")
        self.assertFalse(self.queue())
        for change in ({"active": False}, {"active": True}):
            self.controller.with_user(self.manager).write(change)
        self.controller.write({"company_id": self.env.company.id})
        with self.env.cr.savepoint() as savepoint:
            self.module.button_uninstall()
            self.assertEqual(self.module.state, "to remove")
            savepoint.rollback()

    def test_what_changes_nothing_is_no_moment(self):
        self.controller.write({"company_id": self.controller.company_id.id, "active": True})

    def test_who_may_not_uninstall_learns_nothing(self):
        for group in ("base.group_user", "plc_mo_batch.group_manager"):
            user = new_test_user(self.env, group, groups=group)
            with self.assertRaises(AccessDenied):
                self.module.with_user(user).button_uninstall()


@tagged("post_install", "-at_install")
class TestTwins(MillCase):
    """Two PLCs at one address with one unit ID give one machine orders without knowing of each other."""

    def twin(self, **values):
        return self.new_controller(
            **{"name": "Twin", "port": self.controller.port, "picking_type_ids": False, "equipment_ids": False, **values}
        )

    def assertTwin(self, sentence="has the same address and unit ID"):
        return self.assertRaisesRegex(ValidationError, sentence)

    def test_refused(self):
        spellings = (
            " 127.0.0.1. ",
            "localhost",
            "LocalHost.",
            "mill.localhost",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
        )
        spellings += ("::ffff:127.0.0.1", "::FFFF:7f00:1", "\uff11\uff12\uff17.0.0.1")
        self.env["ir.config_parameter"].set_param("plc_mo_batch.allowed_networks", "127.0.0.0/8 ::ffff:127.0.0.0/104")
        for values in ({}, *({"host": host} for host in spellings)):
            with self.assertTwin(f"{self.controller.name} has the same address"), self.env.cr.savepoint():
                self.twin(**values)

    def test_not_by_what_comes_later(self):
        twin = self.twin(enabled=False)
        with self.assertTwin(), self.env.cr.savepoint():
            twin.enabled = True
        with self.assertTwin(), self.env.cr.savepoint():
            twin.action_switch_on()
        twin.write({"active": False, "enabled": True})
        with self.assertTwin(), self.env.cr.savepoint():
            twin.active = True
        twin.write({"active": True, "port": 77})
        with self.assertTwin(), self.env.cr.savepoint():
            twin.port = self.controller.port

    def test_not_in_another_company(self):
        """Whose PLC it is remains untold."""
        company = self.env["res.company"].create({"name": "Other mill"})
        self.twin(enabled=False, company_id=company.id)
        there = {"company_id": company.id, "company_ids": company.ids}
        far = new_test_user(self.env, "far", groups="plc_mo_batch.group_manager", **there)
        with self.assertTwin("A PLC of another company has the same address"):
            self.env["plc.controller"].with_user(far).search([("name", "=", "Twin")]).enabled = True

    def test_serial_line(self):
        values = {"transport": "serial", "serial_device": "/dev/ttyUSB7", "host": False}
        self.controller.write(values)
        for device in ("/dev/ttyUSB7", "/dev//ttyUSB7", "/dev/./ttyUSB7", "/dev/shm/../ttyUSB7"):
            with self.assertTwin(), self.env.cr.savepoint():
                self.twin(**{**values, "serial_device": device})
        self.twin(**values, device_id=2)

    def test_another_unit_or_port_is_another_plc(self):
        self.twin(device_id=2)
        self.twin(port=99)

    def test_a_copy_waits_for_its_own_address(self):
        copy = self.controller.copy()
        self.assertFalse(copy.enabled)
        self.assertTrue(self.controller.copy({"host": "192.0.2.9"}).enabled)
