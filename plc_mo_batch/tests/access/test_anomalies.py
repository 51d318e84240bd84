"""docs/anomalies.md: states × anomalies × actions, as the code has them, and walked on a batch."""

import os

from odoo.tests import tagged

from ...plc.reconcile import CANCELLED, CANCELLING, COMPLETED, DONE, FAILED, OFFERED, RUNNING, WATCHED
from .. import anomaly_table
from ..common import MillCase

# a healthy batch in these states ends without anybody: the PLC ends it, or Task 3 does
GOES_ON = (RUNNING, COMPLETED, DONE, CANCELLED)
METHODS = {
    "add_fallen": ("action_add_fallen",),
    "cancel": ("action_cancel",),
    "disposition": ("action_set_disposition", "withhold"),
    "enter_amounts": ("action_enter_amounts", [(101, 601.25)], "as reported"),
    "give_up": ("action_give_up",),
    "go_on": ("action_go_on",),
    "release": ("action_release_slot",),
    "send_again": ("action_send_again",),
    "take_note": ("action_take_note",),
}


@tagged("post_install", "-at_install")
class TestAnomalies(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.possible = anomaly_table.can_be()

    def test_the_page_is_that_of_the_code(self):
        block, table = anomaly_table.BLOCK, anomaly_table.table()
        if os.environ.get("PLC_WRITE_ANOMALIES"):
            block.put(table)
        self.assertEqual(block.page.read_text("utf-8"), block.document(table), "run this test with PLC_WRITE_ANOMALIES=1")

    def test_each_case_has_its_row(self):
        self.assertLessEqual({"rejected", "lost", "doubt", "went_back", "unsteady", *WATCHED}, set(self.possible))
        self.assertLessEqual({OFFERED, RUNNING, CANCELLING}, self.possible["rejected"])
        self.assertEqual(self.possible["changed"], {COMPLETED, FAILED, DONE, CANCELLED})

    def test_no_cell_is_a_dead_end(self):
        for case, states in self.possible.items():
            for state in states if case != "cleared" else ():
                with self.subTest(state=state, case=case):
                    names = anomaly_table.exits(state, case)
                    self.assertTrue(names or not case and state in GOES_ON, "nothing can be done")
                    for name in names:
                        self.walk(state, case, name)

    def walk(self, state, case, name):
        """The action does what it says: the batch ends or the matter is over, and no kilogram is dropped."""
        with self.subTest(action=name), self.env.cr.savepoint() as savepoint:
            batch = self.batch_in(state, case)
            dosed = sum(batch.line_ids.mapped("actual_qty"))
            method, *arguments = METHODS[name]
            getattr(batch, method)(*arguments)
            self.assertNotEqual(
                (batch.state, batch._case(), bool(batch.disposition_order)), (state, case, False), "nothing came of it"
            )
            kept = sum(batch.line_ids.mapped("actual_qty"))
            self.assertAlmostEqual(kept, dosed + (7.0 if name == "add_fallen" else 0.0))
            self.assertFalse(any(batch.line_ids.mapped("fallen_qty")) and not batch.watch_needed)
            users = batch.journal_ids.filtered(lambda line: line.kind == "user")
            self.assertTrue(users, "who did it is in the journal")
            savepoint.rollback()

    def batch_in(self, state, case):
        batch = self.complete(self.new_order())
        batch._set_state(state, job_number=7)
        batch.write({"attention": "Odd.", "attention_key": case and f"{case} x", "watch_needed": case in WATCHED})
        if case == "fell":
            batch.line_ids[0].fallen_qty = 7.0
        batch.review_needed = case == "review"
        if case == "stalled":
            self.controller.run_minutes = 1
            batch.date_state = "2020-01-01 00:00:00"
            self.env.flush_all()
            self.env.cr.execute("UPDATE mo_batch_line SET write_date = '2020-01-01' WHERE batch_id = %s", [batch.id])
            self.env.invalidate_all()
        if case == "given_up":
            batch.write({"attention_key": False, "given_up_by_id": self.env.uid})
        if case == "silent":
            batch.write({"attention_key": False})
            self.controller.write({"online": False, "last_error": "No answer."})
        return batch
