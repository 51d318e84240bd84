"""First contact with a PLC: what its commissioning check proves, and what a PLC gets without."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ...plc import trial
from ..common import MillCase


class CommissioningCase(MillCase):
    """A PLC that was never commissioned; it scans whenever the check waits for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "first_manager", groups="plc_mo_batch.group_manager")
        cls.controller.commissioned = False

    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()
        self.patch(trial.time, "sleep", lambda _seconds: self.plc.step(1))

    def begin(self):
        check = self.controller.with_user(self.manager)._begin_commissioning()
        return check, {step.kind: step for step in check.step_ids}

    def be_a_real_plc(self):
        """Nothing says that it is the simulator."""
        self.patch(trial, "SIMULATOR", (65400, (1,)))


@tagged("post_install", "-at_install")
class TestCheck(CommissioningCase):
    def test_the_simulator_needs_no_person(self):
        check, steps = self.begin()
        self.assertTrue(check._try_alone())
        states = {kind: step.state for kind, step in steps.items()}
        passed = dict.fromkeys(("read", "numbers", "vain", "clean"), "passed")
        self.assertEqual(states, {**passed, "power": "skipped", "cut": "skipped"})
        self.assertRecordValues(check, [{"state": "signed", "signed_by_id": self.manager.id, "signature": self.manager.name}])
        self.assertTrue(self.controller.commissioned)
        self.assertFalse(any(self.plc.mill.memory[7000:7100]), "nothing is left behind")
        self.assertFalse(self.plc.mill.ledger, "nothing was made")

    def test_with_flags(self):
        self.controller.layout_id = self.env.ref("plc_mo_batch.plc_register_layout_flags")
        self.plc = self.new_simulator()
        check, _steps = self.begin()
        self.assertTrue(check._try_alone())
        self.assertEqual([word for word in self.plc.mill.memory[7000:7100] if word], [1], "the gate is closed")
        self.assertFalse(self.plc.mill.ledger)

    def test_a_person_confirms_what_the_plc_cannot_show(self):
        self.be_a_real_plc()
        layout = self.controller.layout_id = self.controller.layout_id.copy()
        layout.area_ids.field_ids.filtered(lambda item: item.role == "recipe_sum").unlink()
        check, steps = self.begin()
        check.action_try()
        self.assertEqual((steps["read"].state, steps["numbers"].state), ("passed", "asked"))
        self.assertEqual(self.plc.mill.memory[7025:7027], [1, 55616], "1211.52 kg stay for the person to see")
        steps["numbers"].action_confirm()
        self.assertIn(self.manager.name, steps["numbers"].seen)
        self.assertFalse(any(self.plc.mill.memory[7000:7083]))
        check.action_try()
        self.assertEqual((steps["vain"].state, steps["power"].state), ("passed", "asked"))
        steps["power"].action_confirm()
        check.action_try()
        steps["cut"].action_confirm()
        with self.assertRaisesRegex(UserError, "Clean Up"):
            check.action_sign()
        check.action_try()
        check.action_sign()
        self.assertTrue(self.controller.commissioned)
        html, _kind = self.env["ir.actions.report"]._render_qweb_html("plc_mo_batch.report_plc_commissioning", check.ids)
        for told in (self.manager.name, "Switch Off and On", "Raw words"):
            self.assertIn(told, html.decode())

    def test_a_person_saw_other_numbers(self):
        layout = self.controller.layout_id = self.controller.layout_id.copy()
        layout.area_ids.field_ids.filtered(lambda item: item.role == "recipe_sum").unlink()
        check, steps = self.begin()
        check.action_try()
        steps["numbers"].action_deny()
        self.assertEqual(steps["numbers"].state, "failed")
        with self.assertRaises(UserError):
            check.action_sign()
        steps["numbers"].action_try()
        self.assertEqual(steps["numbers"].state, "asked", "each step can be done again")

    def test_a_program_that_swaps_words_both_ways_shows_another_sum(self):
        self.plc = self.new_simulator(word_order="low")
        _check, steps = self.begin()
        steps["read"].action_try()
        self.assertEqual(steps["read"].state, "failed")
        steps["numbers"].action_try()
        self.assertEqual(steps["numbers"].state, "asked")
        self.assertIn("shows no such sum", steps["numbers"].seen)

    def test_a_program_that_adds_up_to_another_sum(self):
        """It denies the numbers itself, whatever a person sees on the HMI."""
        feedback = trial.Trial._feedback
        self.patch(trial.Trial, "_feedback", lambda tried, wire, slot=0: (*feedback(tried, wire, slot)[:81], 0, 24230))
        _check, steps = self.begin()
        steps["numbers"].action_try()
        self.assertEqual(steps["numbers"].state, "failed")
        self.assertIn("adds up to another sum", steps["numbers"].seen)
        self.assertFalse(any(self.plc.mill.memory[7000:7083]))

    def test_a_program_that_takes_what_it_must_not(self):
        """It dosed nothing: the recipe has no targets."""
        slot = self.plc.mill.slots[0]
        self.patch(type(slot), "is_offered", lambda slot: slot._number(slot.recipe + slot.ARMED) > 0)
        _check, steps = self.begin()
        steps["vain"].action_try()
        self.assertEqual(steps["vain"].state, "failed")
        self.assertFalse(any(line["kg"] for record in self.plc.mill.ledger for line in record["lines"]))
        self.assertFalse(any(self.plc.mill.memory[7077:7081]), "disarmed")

    def test_a_memory_that_is_not_retentive(self):
        self.be_a_real_plc()
        self.plc.mill.memory[6077:6079] = [0, 7]
        _check, steps = self.begin()
        steps["power"].action_try()
        self.plc.lose_memory()
        steps["power"].action_confirm()
        self.assertEqual(steps["power"].state, "failed")
        self.plc.mill.memory[6077:6079] = [0, 7]
        steps["power"].action_try()
        self.plc.lose_memory(keep_taken=True)
        steps["power"].action_confirm()
        self.assertEqual(steps["power"].state, "passed")

    def test_a_plc_that_does_not_answer(self):
        self.plc.stop()
        check, steps = self.begin()
        check.action_try()
        self.assertEqual(steps["read"].state, "failed")
        self.assertIn("Cannot reach", steps["read"].seen)
        steps["numbers"].action_try()
        self.assertEqual(steps["numbers"].state, "failed")

    def test_never_while_there_are_batches(self):
        self.controller.commissioned = True
        self.new_order()
        self.run_task(1)
        check, _steps = self.begin()
        with self.assertRaisesRegex(UserError, "open batches"):
            check.action_try()
        self.assertTrue(self.controller.commissioned)

    def test_what_is_signed_stays(self):
        check, steps = self.begin()
        check._try_alone()
        for act in (steps["read"].action_try, check.action_sign):
            with self.assertRaisesRegex(UserError, "signed"):
                act()
        with self.assertRaisesRegex(UserError, "signed"):
            check.sudo().unlink()


@tagged("post_install", "-at_install")
class TestGate(CommissioningCase):
    def test_without_it_no_order(self):
        self.new_order()
        self.run_task(1)
        self.assertFalse(self.queue())
        messages = [item["message"] for item in self.env["plc.controller"].get_board()["attention"]]
        self.assertIn(self.controller._refusal_uncommissioned(), messages)
        self.begin()[0]._try_alone()
        self.run_task(1)
        self.assertEqual(len(self.queue()), 1)

    def test_what_was_queued_before_is_not_sent(self):
        self.controller.commissioned = True
        self.new_order()
        self.run_task(1)
        self.controller.commissioned = False
        self.run_task(2)
        self.assertEqual(self.queue().state, "queued")
        self.assertFalse(any(self.plc.mill.memory[7000:7083]))
        self.controller.commissioned = True
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered")

    def test_another_wiring_asks_for_it_again(self):
        plc = self.controller.with_user(self.manager)
        other = self.controller.layout_id.copy()
        for values in ({"host": "192.0.2.7"}, {"port": 7}, {"device_id": 9}, {"layout_id": other.id}):
            with self.subTest(values):
                self.controller.commissioned = True
                plc.write({name: plc[name].id if name == "layout_id" else plc[name] for name in values})
                self.assertTrue(plc.commissioned, "nothing changed")
                plc.write(values)
                self.assertFalse(plc.commissioned)
        self.assertIn("commissioned again", self.env["mo.batch.journal"].search([], limit=1).message)

    def test_a_word_that_moved_asks_for_it_again(self):
        layout = self.controller.layout_id = self.controller.layout_id.copy()
        self.controller.commissioned = True
        layout.with_user(self.manager).name = "Ours"
        self.assertTrue(self.controller.commissioned)
        layout.area_ids[0].field_ids[0].with_user(self.manager).name = "No."
        self.assertTrue(self.controller.commissioned)
        layout.with_user(self.manager).address_offset = 1
        self.assertFalse(self.controller.commissioned)

    def test_a_manager_vouches(self):
        operator = new_test_user(self.env, "first_operator", groups="plc_mo_batch.group_operator")
        with self.assertRaises(AccessError):
            self.controller.with_user(operator).action_vouch()
        self.controller.with_user(self.manager).action_vouch()
        self.assertTrue(self.controller.commissioned)
        self.assertIn("vouches", self.env["mo.batch.journal"].search([], limit=1).message)

    def test_nobody_writes_it(self):
        with self.assertRaises(AccessError):
            self.controller.with_user(self.manager).commissioned = True
        self.controller.commissioned = True
        self.assertFalse(self.controller.copy().commissioned)
