"""From no PLC to a connected one."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ...plc import trial
from ..common import MillCase


@tagged("post_install", "-at_install")
class TestSetup(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "setup_manager", groups="plc_mo_batch.group_manager")
        cls.new_order()
        cls.new_order(500.0)

    def setup_for(self, plc, **values):
        self.controller.write({"picking_type_ids": False, "port": 1})  # it is not the machine that is set up
        setup = self.env["plc.setup"].with_user(self.manager)
        form = Form(setup)
        form.host, form.port = "127.0.0.1", plc.port
        for name, value in values.items():
            form[name] = value
        setup = form.save()
        setup.picking_type_ids = self.picking_type
        return setup

    def test_the_whole_way(self):
        plc = self.new_simulator()
        self.patch(trial.time, "sleep", lambda _seconds: plc.step(1))  # it scans while the commissioning check waits for it
        setup = self.setup_for(plc, name="New mill")
        setup.action_test()
        self.assertRecordValues(setup, [{"step": "silos", "is_answering": True}])
        self.assertEqual(setup.line_ids.mapped("code"), [*range(101, 116)], "as the layout names them")
        setup.action_suggest()
        held = [line.product_ids for line in setup.line_ids]
        self.assertEqual(held[:4], [self.wheat, self.soy, self.molasses, self.salt], "what is needed most first")
        self.assertFalse(any(held[4:]))
        with self.assertRaisesRegex(UserError, "each silo"):
            setup.action_connect()
        setup.is_checked = True
        setup.action_connect()
        mill = setup.controller_id
        self.assertTrue(mill.commissioned, "the simulator needs no person")
        self.assertRecordValues(mill, [{"name": "New mill", "host": "127.0.0.1", "port": plc.port, "enabled": True}])
        self.assertEqual(mill.equipment_ids[:1].product_ids, self.wheat)
        self.assertRecordValues(setup, [{"step": "done", "order_count": 2}])
        self.assertTrue(mill.commissioned, "the simulator needs no person")
        self.assertEqual(setup.action_fill()["tag"], self.env.ref("plc_mo_batch.plc_board_action").tag)
        self.run_task(1)
        self.assertEqual(mill.queue_count, 2)

    def test_in_which_language_the_tasks_write(self):
        """It is asked where there is more than one."""
        plc = self.new_simulator()
        self.patch(trial.time, "sleep", lambda _seconds: plc.step(1))
        self.assertFalse(self.setup_for(plc).is_multilingual)
        self.env["res.lang"]._activate_lang("id_ID")
        setup = self.setup_for(plc)
        self.assertTrue(setup.is_multilingual)
        self.assertEqual(setup.lang, "en_US", "that of whoever sets it up")
        setup.lang = "id_ID"
        setup.action_test()
        setup.action_suggest()
        setup.is_checked = True
        setup.action_connect()
        self.assertEqual(setup.controller_id.lang, "id_ID")

    def test_it_ends_with_one_contact_made(self):
        """Connecting wakes the exchange; the board, on which the set-up ends, says *Connected* and not *Never contacted*."""
        plc = self.new_simulator()
        self.patch(trial.time, "sleep", lambda _seconds: plc.step(1))
        setup = self.setup_for(plc)
        setup.action_test()
        setup.action_suggest()
        setup.is_checked = True
        woken = self.env["ir.cron.trigger"].search([])
        setup.action_connect()
        self.assertIn(self.cron(2), (self.env["ir.cron.trigger"].search([]) - woken).cron_id)
        self.run_task(2)
        lanes = self.env["plc.controller"].with_user(self.manager).get_board()["lanes"]
        [lane] = [lane for lane in lanes if lane["id"] == setup.controller_id.id]
        self.assertEqual(lane["connection"], "online")

    def test_a_plc_that_does_not_answer_is_not_commissioned(self):
        plc = self.new_simulator()
        plc.stop()
        setup = self.setup_for(plc)
        setup.action_next()
        setup.line_ids[0].product_ids = self.wheat
        setup.is_checked = True
        setup.action_connect()  # asks about what is in no silo
        setup.action_connect()
        self.assertFalse(setup.controller_id.commissioned)
        self.assertFalse(setup.controller_id.sudo().commissioning_ids, "nothing was tried")
        self.assertEqual(setup.action_commission()["res_model"], "plc.commissioning")

    def test_what_lies_in_a_silo_stays(self):
        setup = self.setup_for(self.new_simulator())
        setup.action_next()
        setup.line_ids[2].product_ids = self.wheat
        setup.action_suggest()
        self.assertEqual([line.product_ids for line in setup.line_ids[:4]], [self.soy, self.molasses, self.wheat, self.salt])

    def test_no_orders_to_suggest_from(self):
        setup = self.setup_for(self.new_simulator())
        setup.action_next()
        setup.picking_type_ids = self.picking_type.copy()
        with self.assertRaisesRegex(UserError, "No confirmed order"):
            setup.action_suggest()

    def test_suggests_from_bills_of_materials(self):
        """Where nobody has confirmed an order yet: by their largest share of a formula."""
        setup = self.setup_for(self.new_simulator())
        setup.action_next()
        kind = self.picking_type.copy()
        setup.picking_type_ids = kind
        self.new_bom([(self.salt, 500.0), (self.soy, 300.0), (self.wheat, 200.0)], picking_type_id=kind.id)
        self.wheat.plc_added = "hand"
        setup.action_suggest()
        self.assertEqual([line.product_ids for line in setup.line_ids[:2]], [self.salt, self.soy])
        self.assertFalse(setup.line_ids[2:].product_ids)

    def test_an_empty_plc(self):
        """Without a silo or an operation type it would make nothing: what is missing is told, one by one, and none is made."""
        setup = self.setup_for(self.new_simulator())
        setup.action_next()
        setup.picking_type_ids = False
        for words, mend in (
            ("operation types .*one silo holds.*tick", {"picking_type_ids": self.picking_type.ids}),
            ("^Enter what at least one silo holds.*tick", {}),
            ("^Check that each silo", {"is_checked": True}),
        ):
            self.assertRegex(setup.missing, words)
            with self.assertRaisesRegex(UserError, words):
                setup.action_connect()
            setup.write(mend)
            if not mend:
                setup.line_ids[0].product_ids = self.wheat
        self.assertFalse(setup.missing)
        self.assertFalse(setup.controller_id)

    def test_an_address_that_is_taken(self):
        """It is told at once, not when all the silos are entered."""
        plc = self.new_simulator()
        setup = self.setup_for(plc)
        self.controller.write({"host": "127.0.0.1", "port": plc.port})
        with self.assertRaisesRegex(UserError, "Test PLC has the same address"):
            setup.action_test()
        self.controller.enabled = False
        setup.action_test()
        self.assertTrue(setup.is_answering)

    def test_allow_the_simulator(self):
        """With one button, for administrators alone; what was allowed before stays."""
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("plc_mo_batch.allowed_networks", "169.254.0.0/16")
        admin = new_test_user(self.env, "setup_admin", groups="plc_mo_batch.group_manager,base.group_system")
        setup = self.env["plc.setup"].with_user(self.manager).create({})
        self.assertTrue(setup.is_simulator_refused)
        with self.assertRaises(AccessError):
            setup.action_allow_simulator()
        setup = self.env["plc.setup"].with_user(admin).create({})
        setup.action_allow_simulator()
        self.assertRecordValues(setup, [{"host": "127.0.0.1", "port": 5020}])
        self.assertEqual(parameters.get_param("plc_mo_batch.allowed_networks"), "169.254.0.0/16, 127.0.0.1")
        self.env.invalidate_all()
        self.assertFalse(setup.is_simulator_refused)

    def test_a_plc_that_does_not_answer(self):
        plc = self.new_simulator()
        plc.stop()
        setup = self.setup_for(plc)
        setup.action_test()
        self.assertRecordValues(setup, [{"step": "address", "is_answering": False}])
        self.assertIn("Cannot reach the PLC", setup.message)
        setup.action_next()
        self.assertEqual(setup.step, "silos", "it can be mended later")

    def test_a_plc_of_another_layout(self):
        plc = self.new_simulator()
        plc.mill.memory[6054] = 7  # an equipment code in the feedback of slot 1
        setup = self.setup_for(plc)
        setup.action_test()
        self.assertFalse(setup.is_answering)
        self.assertIn("does not fit the layout", setup.message)

    def test_without_an_address(self):
        setup = self.env["plc.setup"].with_user(self.manager).create({})
        for go_on in (setup.action_test, setup.action_next):
            with self.assertRaisesRegex(UserError, "address"):
                go_on()

    def test_simulator(self):
        setup = self.env["plc.setup"].with_user(self.manager).create({})
        setup.action_use_simulator()
        self.assertRecordValues(setup, [{"host": "127.0.0.1", "port": 5020}])

    def test_operation_types_that_have_a_plc_are_not_proposed(self):
        self.assertNotIn(self.picking_type, self.env["plc.setup"].create({}).picking_type_ids)
