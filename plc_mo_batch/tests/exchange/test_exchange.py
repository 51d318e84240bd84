"""Task 2 over real sockets, and the whole way from a confirmed order to a closed one, for both handshakes."""

import socket
import threading
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ...models.exchange import plc_task_exchange
from ..common import MillCase


def dosed(plc):
    """kg by order and equipment code, out of the simulator's own ledger."""
    return {
        (record["order"], line["code"]): line["kg"]
        for record in plc.mill.ledger
        if record["event"] == "finished"
        for line in record["lines"]
    }


class CycleCase(MillCase):
    def assertBooked(self, plc, orders):
        """What the mill's ledger says was dosed is what the orders' stock moves consumed, to the gram."""
        ledger = dosed(plc)
        self.assertEqual({order for order, _code in ledger}, set(orders.mapped("name")))
        for order in orders:
            self.assertEqual(order.state, "done")
            consumed = {move.product_id: move.quantity for move in order.move_raw_ids if move.state == "done"}
            for code, product in ((101, self.wheat), (102, self.soy), (114, self.molasses)):
                self.assertAlmostEqual(consumed[product], ledger[order.name, code], places=2)
            self.assertAlmostEqual(consumed[self.salt], 14.45)


@tagged("post_install", "-at_install")
class TestJobNumbers(CycleCase):
    def test_from_confirmed_to_closed(self):
        orders = self.env["mrp.production"].concat(*(self.new_order() for _number in range(3)))
        plc = self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["offered"] * 3)
        self.run_plc(plc, 3)
        self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["completed"] * 3)
        self.run_task(3)
        self.assertFalse(self.queue())
        self.assertEqual(self.history().mapped("state"), ["done"] * 3)
        self.assertBooked(plc, orders)

    def test_slots_are_used_again(self):
        plc = self.new_simulator()
        orders = self.env["mrp.production"]
        for _fill in range(3):
            orders |= self.new_order()
            self.run_task(1)
            self.run_plc(plc, 1)
            self.run_task(2)
            self.run_task(3)
        self.assertEqual(self.history().mapped("slot"), [1, 1, 1])
        self.assertBooked(plc, orders)

    def test_progress_is_shown_while_it_doses(self):
        self.new_order()
        plc = self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        plc.step(1)
        plc.step(60)
        self.run_task(2)
        batch = self.queue()
        self.assertEqual(batch.state, "running")
        self.assertGreater(batch.line_ids[0].actual_qty, 500)
        self.assertFalse(batch.line_ids[2].actual_qty)
        self.assertTrue(0 < batch.progress < 100)

    def test_acknowledged_only_after_it_is_stored(self):
        self.new_order()
        plc = self.new_simulator()
        self.run_task(1)
        self.run_plc(plc, 1)
        self.run_task(2)
        self.assertRecordValues(self.queue(), [{"state": "completed", "acknowledged": True}])
        self.assertEqual(plc.mill.memory[7081:7083], [0, self.queue().job_number])

    def test_failed_batch_keeps_what_was_dosed(self):
        self.new_order()
        plc = self.new_simulator()
        self.run_task(1)
        self.fail_on_plc(plc)
        batch = self.queue()
        self.assertEqual(batch.state, "failed")
        self.assertGreater(batch.line_ids[0].actual_qty, 0)
        self.assertIn("Set the disposition", batch.attention)
        self.assertEqual(batch.production_id.state, "progress")
        self.run_task(1)
        self.assertEqual(self.queue(), batch)

    def test_recipe_that_nobody_owns_is_withdrawn(self):
        plc = self.new_simulator()
        stray = [3, *[0x4142] * 8, *[0] * 70]
        stray[78], stray[79:] = 7, [0, 7]
        with plc.lock:
            plc.mill.memory[7200 : 7200 + len(stray)] = stray
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(plc.mill.memory[7277:7281], [0, 0, 0, 0])
        self.assertIn("withdrawn", self.controller.journal_ids.filtered(lambda line: line.kind == "anomaly").message)

    def test_order_of_another_system_blocks_only_its_slot(self):
        plc = self.new_simulator()
        with plc.lock:
            plc.mill.memory[6000:6009] = [1, *[0x4142] * 8]
            plc.mill.memory[6027:6072] = [word for code in range(101, 116) for word in (code, 0, 100)]
            plc.mill.memory[6072] = 1
            plc.mill.memory[6077:6079] = [0, 55]
        self.new_order()
        self.new_order()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["queued", "offered"])
        self.assertIn("job 55", self.queue()[0].attention)


@tagged("post_install", "-at_install")
class TestFlags(CycleCase):
    handshake = "flags"

    def test_from_confirmed_to_closed(self):
        orders = self.env["mrp.production"].concat(*(self.new_order() for _number in range(3)))
        plc = self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        self.assertEqual(self.queue().mapped("state"), ["offered"] * 3)
        self.run_plc(plc, 3)
        self.run_task(2)
        self.run_task(3)
        self.assertFalse(self.queue())
        self.assertBooked(plc, orders)

    def test_slots_are_used_again(self):
        plc = self.new_simulator()
        orders = self.env["mrp.production"]
        for _fill in range(3):
            orders |= self.new_order()
            self.run_task(1)
            self.run_plc(plc, 1)
            self.run_task(2)
            self.run_task(3)
        self.assertBooked(plc, orders)

    def test_nothing_is_decided_that_is_not_sent(self):
        """An exchange that ends early has not offered what the PLC was never told."""
        self.new_order()
        plc = self.new_simulator()
        self.run_task(1)
        with patch.object(plc_task_exchange, "MAX_ROUNDS", 2):
            for _run in range(3):
                self.run_task(2)
                told = plc.mill.memory[7076] == 0 and any(plc.mill.memory[7000:7076])
                self.assertEqual(self.queue().state == "offered", told)
        self.assertEqual(self.queue().state, "offered")

    def test_told_or_not_is_never_written_again(self):
        self.new_order()
        plc = self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        with plc.lock:  # as if the write had been lost
            plc.mill.memory[7076] = 1
        self.run_task(2)
        self.assertFalse(self.queue().attention, "the PLC has a moment to show that it took it")
        self.queue().date_offered -= timedelta(seconds=10)
        self.run_task(2)
        self.run_task(2)
        self.assertEqual(plc.mill.memory[7076], 1)
        self.assertEqual(self.queue().state, "offered")
        self.assertIn("not known whether the PLC took the recipe", self.queue().attention)

    def test_feedback_from_before_is_not_believed(self):
        order = self.new_order()
        plc = self.new_simulator()
        self.run_task(1)
        self.run_task(2)
        words = plc.mill.memory[7000:7076]
        with plc.lock:  # the order was made by somebody else before, in the same slot
            plc.mill.memory[6000:6076] = words
            plc.mill.memory[6072] = 1
            plc.mill.memory[7000:7077] = [0] * 77
        self.queue().write({"state": "queued"})
        self.run_task(2)
        self.assertRecordValues(self.queue(), [{"state": "queued"}])
        self.assertIn(order.name, self.queue().attention)


@contextmanager
def server(answer):
    """A TCP server on a port of its own; ``answer(connection)`` is what it does with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with connection:
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def answer_exception(connection):
    """Every request is refused: illegal data address."""
    while request := connection.recv(300):
        connection.sendall(request[:4] + b"\0\3" + request[6:7] + bytes([request[7] | 0x80, 2]))


@tagged("post_install", "-at_install")
class TestFaults(MillCase):
    """The task ends normally, PLC and journal say what happened, nothing changes state."""

    def setUp(self):
        super().setUp()
        self.new_order()
        self.run_task(1)

    def assertTold(self, sentence):
        self.run_task(2)
        self.assertIn(sentence, self.controller.last_error)
        self.assertFalse(self.controller.online)
        self.assertEqual(self.queue().state, "queued")
        journal = self.controller.journal_ids.filtered(lambda line: line.kind == "contact")
        self.assertEqual(journal.mapped("message"), [self.controller.last_error])
        self.run_task(2)
        self.assertEqual(len(self.controller.journal_ids.filtered(lambda line: line.kind == "contact")), 1)

    def test_off(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            self.controller.port = closed.getsockname()[1]
        self.assertTold("Cannot reach the PLC")

    def test_silent(self):
        self.controller.timeout = 0.1
        with server(lambda connection: connection.recv(1) and connection.recv(1000) and connection.recv(1)) as port:
            self.controller.port = port
            self.assertTold("did not answer within 0.1 s")

    def test_hangs_up(self):
        with server(lambda connection: connection.recv(300)) as port:
            self.controller.port = port
            self.assertTold("closed the connection")

    def test_refuses_the_request(self):
        with server(answer_exception) as port:
            self.controller.port = port
            self.assertTold("exception 2 (illegal data address) at address 7000")

    def test_wrong_unit_id(self):
        plc = self.new_simulator()
        self.controller.device_id = 9
        self.assertTold("refused the request")
        self.assertFalse(any(plc.mill.memory[7000:8000]))

    def test_one_dead_plc_does_not_stop_the_others(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        dead = self.new_controller(name="Dead PLC", port=port, sequence=1, picking_type_ids=False)
        self.new_simulator()
        self.run_task(2)
        self.assertTrue(dead.last_error)
        self.assertEqual(self.queue().state, "offered")

    def test_it_answers_again(self):
        self.assertTold("Cannot reach the PLC")
        self.new_simulator()
        self.run_task(2)
        self.assertRecordValues(self.controller, [{"online": True, "last_error": False}])
        self.assertEqual(self.queue().state, "offered")

    def test_contact_before_the_clock_was_set_back(self):
        self.new_simulator()
        self.run_task(2)
        self.controller.last_contact += timedelta(hours=1)
        self.run_task(2)
        self.assertLessEqual(self.controller.last_contact, fields.Datetime.now())

    def test_neutralized_copy_says_nothing(self):
        plc = self.new_simulator()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.run_task(2)
        self.assertFalse(any(plc.mill.memory[7000:8000]))
        self.assertFalse(self.controller.last_contact)

    def test_switched_off_plc_is_left_alone(self):
        plc = self.new_simulator()
        self.controller.enabled = False
        self.run_task(2)
        self.assertFalse(any(plc.mill.memory[7000:8000]))
