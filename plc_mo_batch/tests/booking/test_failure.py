"""A batch that the PLC reports as failed: material first, then the order."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestFailure(MillCase):
    def fail_batch(self, order=None):
        self.order = order or self.new_order()
        self.run_task(1)
        batch = self.queue()
        batch._store_actuals((101, 102, 114), (250.5, 0.0, 0.0))
        batch._advance("failed", 0.0, {"acknowledged": True})
        return batch

    def scrapped(self):
        scraps = self.env["stock.scrap"].search([("production_id", "=", self.order.id), ("state", "=", "done")])
        return {scrap.product_id: scrap.scrap_qty for scrap in scraps}

    def test_a_person_decides(self):
        batch = self.fail_batch()
        self.assertIn("Set the disposition", batch.attention)
        self.run_task(3)
        self.assertEqual((batch.state, self.scrapped()), ("failed", {}))
        operator = new_test_user(self.env, "night", groups="plc_mo_batch.group_operator")
        batch.with_user(operator).action_set_disposition("cancel")
        self.run_task(3)
        self.assertRecordValues(batch, [{"state": "cancelled", "active": False, "disposition_booked": True}])
        self.assertEqual(self.scrapped(), {self.wheat: 250.5})
        self.assertEqual(self.order.state, "cancel")
        self.assertEqual(self.env["stock.scrap"].search([("production_id", "=", self.order.id)]).origin, self.order.name)

    def test_each_scrap_says_how_much(self):
        """Several in one go: Odoo computed 1.00 for all but one of them."""
        batch = self.fail_batch()
        batch._store_actuals((101, 102, 114), (250.5, 120.25, 33.0))
        batch.action_set_disposition("cancel")
        self.run_task(3)
        self.assertEqual(self.scrapped(), {self.wheat: 250.5, self.soy: 120.25, self.molasses: 33.0})

    def test_automatically_as_the_middleware_did(self):
        self.controller.disposition_policy = "cancel"
        batch = self.fail_batch()
        self.run_task(3)
        self.assertEqual((batch.state, self.order.state), ("cancelled", "cancel"))
        self.assertEqual(self.scrapped(), {self.wheat: 250.5})

    def test_held(self):
        batch = self.fail_batch()
        batch.action_set_disposition("withhold")
        self.run_task(3)
        self.assertEqual(self.order.state, "progress")
        self.assertTrue(self.order.plc_withheld)
        self.run_task(1)
        self.assertFalse(self.queue())

    def test_queued_again(self):
        first = self.fail_batch()
        first.action_set_disposition("requeue")
        self.run_task(3)
        self.assertEqual(self.order.state, "progress")
        self.run_task(1)
        second = self.queue()
        self.assertEqual(second.production_id, self.order)
        self.assertNotEqual(second, first)

    def test_as_consumption_of_the_order(self):
        batch = self.fail_batch()
        batch.action_set_disposition("cancel", "consume")
        self.run_task(3)
        self.assertEqual((batch.state, self.order.state), ("cancelled", "cancel"))
        done = self.order.move_raw_ids.filtered(lambda move: move.state == "done")
        self.assertEqual({move.product_id: move.quantity for move in done}, {self.wheat: 250.5})
        self.assertFalse(self.scrapped())

    def test_consumption_and_a_fresh_start_do_not_go_together(self):
        batch = self.fail_batch()
        with self.assertRaisesRegex(UserError, "book the material as scrap"):
            batch.action_set_disposition("requeue", "consume")

    def test_crash_between_the_steps(self):
        batch = self.fail_batch()
        batch.action_set_disposition("cancel")
        with patch.object(type(batch), "_close_disposition", side_effect=ValueError("power cut")):
            self.run_task(3)
        self.assertRecordValues(batch, [{"state": "failed", "disposition_booked": True, "attempts": 1}])
        batch.next_try = False
        self.run_task(3)
        self.assertEqual((batch.state, self.order.state), ("cancelled", "cancel"))
        self.assertEqual(self.scrapped(), {self.wheat: 250.5}, "booked once")

    def test_running_batch_is_not_to_be_settled(self):
        self.new_order()
        self.run_task(1)
        with self.assertRaisesRegex(UserError, "only a failed batch"):
            self.queue().action_set_disposition("cancel")

    def test_settled_before_it_was_acknowledged(self):
        """The acknowledgement is sent all the same: a PLC waits for it with the slot."""
        self.order = self.new_order()
        plc = self.new_simulator()
        self.run_task(1)
        self.fail_on_plc(plc)
        batch = self.queue()
        batch.acknowledged = False
        with plc.lock:
            plc.mill.memory[7081:7083] = [0, 0]
        batch.action_set_disposition("requeue")
        self.run_task(3)
        self.assertEqual(batch.state, "cancelled")
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(plc.mill.memory[7081:7083], [0, batch.job_number])
        self.assertTrue(batch.acknowledged)
        self.assertEqual((self.queue().production_id, self.queue().state), (self.order, "offered"))
