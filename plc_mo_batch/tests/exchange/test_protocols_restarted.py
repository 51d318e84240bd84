"""PLCs of each protocol that are restarted, exchanged or mistaken for another in the middle of a batch."""

from odoo.tests import tagged

from .protocol_case import OTHERS, OneBatchCase


@tagged("post_install", "-at_install")
class TestRestarted(OneBatchCase):
    def test_its_server_is_gone_for_a_while(self):
        """Before it takes the recipe, and while it doses: nothing is sent twice, nothing is believed meanwhile."""
        for transport in OTHERS:
            for taken in (False, True):
                with self.subTest(transport, taken=taken):
                    plc, order = self.offered(transport)
                    if taken:
                        self.take(plc)
                        self.assertEqual(self.queue().state, "running")
                    before = self.queue().state
                    plc.stop()
                    self.run_task(2)
                    self.assertTrue(self.controller.last_error)
                    self.assertEqual(self.queue().state, before)
                    plc.start()
                    self.run_task(2)
                    self.assertFalse(self.controller.last_error)
                    self.end(plc, order)

    def test_another_plc_answers_at_its_address(self):
        """An empty one of the same kind, while a batch runs: nothing that it shows is booked, and the first one goes on."""
        for transport in OTHERS:
            with self.subTest(transport):
                plc, order = self.offered(transport)
                self.take(plc)
                self.assertEqual(self.queue().state, "running")
                plc.stop()
                mill, plc.mill = plc.mill, type(plc.mill)()
                plc.start()
                self.run_task(2)
                self.run_task(3)
                self.assertNotEqual(order.state, "done")
                self.assertIn(self.queue().state, ("running", "unconfirmed"))
                plc.stop()
                plc.mill = mill
                plc.start()
                self.end(plc, order)
