"""What is in the PLC now, and raw words in the journal: read only, field by field, never trusted as markup."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ...plc.reconcile import Anomaly
from ..common import MillCase
from ..plc_layouts import recipe_values


@tagged("post_install", "-at_install")
class TestSnapshot(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")

    def setUp(self):
        super().setUp()
        self.plc = self.new_simulator()

    def take(self):
        """The snapshot that an operator opens."""
        action = self.controller.with_user(self.operator).action_view_snapshot()
        return self.env[action["res_model"]].with_user(self.operator).browse(action["res_id"])

    def line(self, snapshot, slot, area):
        return snapshot.line_ids.filtered(lambda line: (line.slot, line.area) == (slot, area))

    def start_batch(self):
        order = self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.plc.step(1)
        self.plc.step(60)
        return order

    def test_a_row_for_each_slot_and_area(self):
        snapshot = self.take()
        self.assertEqual(len(snapshot.line_ids), 22)
        self.assertEqual(set(snapshot.line_ids.mapped("state")), {"empty"})
        self.assertRecordValues(
            self.line(snapshot, 3, "recipe"), [{"address": 7200, "words": " ".join("0" * 83), "problem": False}]
        )
        empty = " ".join("0" * 79) + " 19791 17986 0 0"  # the signature, and the sum of an empty recipe
        self.assertRecordValues(self.line(snapshot, 3, "feedback"), [{"address": 6200, "words": empty}])

    def test_running_batch(self):
        order = self.start_batch()
        memory = self.plc.mill.memory[:]
        feedback = self.line(self.take(), 1, "feedback")
        self.assertRecordValues(
            feedback, [{"order_name": order.name, "state": "running", "jobs": "Taken job: 1", "problem": False}]
        )
        for shown in (order.name, "Equipment code 15", "Taken job"):
            self.assertIn(shown, feedback.words_html)
        self.assertEqual(self.plc.mill.memory, memory, "nothing is written")
        self.assertEqual(self.queue().state, "offered", "nothing changes in Odoo")

    def test_text_with_the_low_byte_first(self):
        self.controller.layout_id = self.controller.layout_id.copy({"text_order": "low"})
        order = self.start_batch()
        snapshot = self.take()
        lines = self.line(snapshot, 1, "recipe") | self.line(snapshot, 1, "feedback")
        self.assertEqual(lines.mapped("order_name"), [order.name] * 2)
        self.assertFalse(any(lines.mapped("problem")))
        self.assertEqual(self.plc.mill.memory[7001].to_bytes(2, "little").decode(), order.name[:2])

    def test_finished_and_failed(self):
        self.new_order()
        self.start_batch()
        self.plc.mill.fail_next()
        self.plc.step(300)
        self.assertEqual(self.line(self.take(), 1, "feedback").state, "failed")

    def test_refresh(self):
        snapshot = self.take()
        order = self.start_batch()
        snapshot.action_refresh()
        self.assertEqual(len(snapshot.line_ids), 22)
        self.assertEqual(self.line(snapshot, 1, "recipe").order_name, order.name)

    def test_wrong_word_is_named_and_marked(self):
        self.start_batch()
        with self.plc.lock:
            self.plc.mill.memory[6054] = 109
        line = self.line(self.take(), 1, "feedback")
        self.assertEqual(line.problem, "Equipment code 10 (word 54) holds 109 where 110 was expected")
        self.assertEqual(line.words_html.count("table-danger"), 1)

    def test_silent_plc(self):
        snapshot = self.take()
        self.plc.stop()
        snapshot.action_refresh()
        self.assertIn("Cannot reach the PLC", snapshot.message)
        self.assertFalse(snapshot.line_ids)

    def test_another_layout(self):
        self.controller.layout_id = self.env.ref("plc_mo_batch.plc_register_layout_isa88")
        self.start_isa88()
        snapshot = self.take()
        self.assertRecordValues(
            self.line(snapshot, 2, "feedback"), [{"order_name": "WH/MO/00002", "state": "held", "address": 3110}]
        )
        self.assertIn("12.5", self.line(snapshot, 2, "feedback").words_html)

    def start_isa88(self):
        layout = self.controller.layout_id._layout()
        values = {**recipe_values(2), "line_code": [101], "line_quantity": [12.5], "state": 9, "taken_job": 4}
        address = layout.address("feedback", 2)
        words = layout.codec("feedback").encode(values)
        with self.plc.lock:
            self.plc.mill.memory[address : address + len(words)] = words

    def test_nobody_can_forge_one(self):
        snapshot = self.take()
        for user in (self.operator, new_test_user(self.env, "boss", groups="plc_mo_batch.group_manager")):
            with self.assertRaises(AccessError):
                snapshot.with_user(user).message = "All is well."
            with self.assertRaises(AccessError):
                snapshot.line_ids[0].with_user(user).words = "1"

    def test_who_may_not(self):
        day = new_test_user(self.env, "day", groups="mrp.group_mrp_user")
        with self.assertRaises(AccessError):
            self.controller.with_user(day).action_view_snapshot()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        with self.assertRaisesRegex(UserError, "does not connect to any PLC"):
            self.take()


@tagged("post_install", "-at_install")
class TestJournalViewer(MillCase):
    """The raw words that the journal keeps."""

    def setUp(self):
        super().setUp()
        layout = self.controller.layout_id._layout()
        self.words = layout.codec("feedback").encode({**recipe_values(), "taken_job": 5})

    def record(self, offset=None, area="feedback"):
        anomaly = Anomaly("rejected", "a test", tuple(self.words), offset)
        return self.env["mo.batch.journal"]._record(
            "anomaly", "A test.", controller=self.controller, anomaly=anomaly, slot=1, area=area
        )

    def test_wrong_word_is_marked(self):
        self.words[54] = 109
        shown = self.record(54).words_html
        self.assertEqual(shown.count("table-danger"), 1)
        self.assertIn("holds 109 where 110 was expected", shown)

    def test_plausible_word_that_was_not_believed(self):
        shown = self.record(1).words_html
        self.assertEqual(shown.count("table-danger"), 1)
        self.assertIn(": unexpected", shown)

    def test_nothing_wrong(self):
        self.assertNotIn("table-danger", self.record().words_html)

    def test_text_of_a_plc_is_no_markup(self):
        self.words[1:9] = [int.from_bytes(pair, "big") for pair in (b"<s", b"cr", b"ip", b"t>", b"x(", b")<", b"/s", b"c>")]
        shown = self.record(1).words_html
        self.assertNotIn("<script", shown)
        self.assertIn("&lt;script&gt;x()&lt;/sc&gt;", shown)

    def test_words_that_are_no_slot_stay_words(self):
        self.words = self.words[:50]
        event = self.record(1)
        self.assertFalse(event.words_html)
        self.assertEqual(len(event.words.split()), 50)

    def test_layout_of_that_time(self):
        event = self.record()
        self.controller.layout_id = self.env.ref("plc_mo_batch.plc_register_layout_flags")
        self.assertIn("Taken job", event.words_html)

    def test_recipe_that_nobody_knew(self):
        """A withdrawn recipe is shown as one."""
        plc = self.new_simulator()
        layout = self.controller.layout_id._layout()
        words = layout.codec("recipe").encode({**recipe_values(3), "recipe_job": 7, "armed_job": 7})
        with plc.lock:
            plc.mill.memory[7200 : 7200 + len(words)] = words
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        event = self.controller.journal_ids.filtered(lambda line: line.kind == "anomaly")
        self.assertRecordValues(event, [{"area": "recipe", "slot": 3}])
        self.assertIn("Armed job", event.words_html)

    def test_line_without_words(self):
        line = self.env["mo.batch.journal"]._record("user", "A test.", controller=self.controller)
        self.assertFalse(line.words_html)
