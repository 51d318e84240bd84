"""What people hear of devices with bad manners, and orders over them (the wire by itself: test_manners)."""

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from ...models.exchange import plc_task_exchange
from ...plc import exchange, look, transport
from ...simulator import Mill
from ..common import MillCase
from ..core.test_manners import zero
from ..patience import PATIENCES, SURE
from ..rude_server import Rests, RudeServer

# what the device does, what is set -> the sentence about it
SENTENCES = {
    "no function": ({"functions": (16,)}, {}, "does not support the function"),
    "no address": ({"end": 1000}, {}, "It does not have this address"),
    "count": ({"max_read": 64}, {}, "It answers at most 64 words in one read; the layout needs 83."),
    "device": ({"busy": 100, "busy_code": 4}, {}, "The fault is in the device"),
    "acknowledge": ({"busy": 100, "busy_code": 5}, {}, "still working on an earlier request"),
    "busy": ({"busy": 100}, {}, "It is busy"),
    "gateway": ({"busy": 100, "busy_code": 11}, {}, "Check the unit ID and the gateway"),
    "silent": ({"falls_silent_after": 0}, {}, "did not answer within"),
    "another program": ({"connections": 0}, {}, "Another program may hold its only connection"),
    "transaction": ({"transaction": lambda number: number + 1}, {}, "asked with transaction id"),
    "name": ({}, {"host": "mill.invalid"}, "no name server knows this name"),
    "refused": ({}, {"port": 1}, "it refuses the connection"),
    "behind the end": ({"end": 7300}, {}, "The slots up to 3 can be read, and are served."),
}
# what the device does, what is set -> what the test enters, beside the fields' names
SETTINGS = {
    "hangs up": ({"hangs_up_after": 1}, {}, {"connect_each": True}),
    "transaction 0": ({"transaction": zero}, {}, {"no_transaction": True}),
    "own unit": ({"unit": 1}, {"device_id": 255}, {"any_unit": True}),
    "deaf at first": ({"deaf_at_first": 0.2}, {}, {"connect_pause": 0.5}),
}


SILENT = {"silent", "deaf at first"}  # of the above: a request is not answered, and that takes the whole timeout


class RefusalCase(MillCase):
    """All pauses take no time: it is the server's clock, too. So what a busy machine takes does not count."""

    def setUp(self):
        super().setUp()
        self.rests = Rests()
        for module in (exchange, look, plc_task_exchange, transport):
            self.patch(module, "time", self.rests)

    def serve(self, timeout=SURE, **manners):
        self.mill = Mill(seed=1)
        self.server = self.enterContext(RudeServer(self.mill.memory, rests=self.rests, **manners))
        self.controller.write({"port": self.server.port, "timeout": timeout})

    def patiently(self, name, attempt):
        """Only where nothing is to come a short timeout is tried first: on a busy machine an answer may miss that, too."""
        for patience in PATIENCES if name in SILENT else (SURE,):
            try:
                with patch.object(look, "PROBE_TIMEOUT", patience):
                    return attempt(patience)
            except AssertionError:
                if patience == SURE:
                    raise

    def message(self):
        return self.controller.test_connection()["message"]

    def hand_over(self):
        order = self.new_order()
        self.run_task(1)
        self.run_task(2)
        return order


@tagged("post_install", "-at_install")
class TestSentences(RefusalCase):
    def test_each_fault_has_its_own(self):
        for name, row in SENTENCES.items():
            with self.subTest(name):
                self.patiently(name, lambda patience, row=row: self.check_sentence(patience, *row))

    def check_sentence(self, patience, device, values, sentence):
        self.serve(patience, **device)
        before = {field: self.controller[field] for field in values}
        self.controller.write(values)
        self.assertIn(sentence, self.message())
        self.controller.write(before)

    def test_what_counts_from_40001(self):
        self.serve(end=9999)
        self.controller.layout_id = self.controller.layout_id.copy()
        self.assertNotIn("40001", self.message())
        self.controller.layout_id.address_offset = 40001
        self.assertIn("enter -40001 as the layout's address offset", self.message())

    def test_what_stands_behind_the_end_is_not_shown(self):
        """In the PLC Now has the slots that are there, and says why the others are not."""
        self.serve(end=7300)
        snapshot = self.env["plc.snapshot"]._take(self.controller)
        shown = {(line.area, line.slot) for line in snapshot.line_ids}
        self.assertLessEqual({(area, slot) for area in ("recipe", "feedback") for slot in (1, 2, 3)}, shown)
        self.assertFalse({place for place in shown if place[0] in ("recipe", "feedback") and place[1] > 3})
        self.assertIn("at address 7300", snapshot.message)

    def test_manners_are_found_and_entered(self):
        for name, row in SETTINGS.items():
            with self.subTest(name):
                self.patiently(name, lambda patience, row=row: self.check_found(patience, *row))

    def check_found(self, patience, device, values, found):
        self.controller.write({"connect_each": False, "any_unit": False, "no_transaction": False, "connect_pause": 0})
        self.serve(patience, **device)
        self.controller.write(values)
        self.assertIn("which are entered now", self.message())
        self.assertRecordValues(self.controller, [found])
        self.assertNotIn("settings", self.message())

    def warning(self):
        """As a person sees it who opens the form now."""
        self.controller.invalidate_recordset(["twin_warning"])
        return self.controller.twin_warning

    def test_two_plcs_that_are_one(self):
        self.serve()
        self.assertFalse(self.warning())
        twin = self.controller.copy({"name": "Twin", "host": f" {self.controller.host.upper()}.", "enabled": False})
        self.assertIn("Twin has the same address and unit ID", self.warning())
        self.assertIn(self.warning(), self.message())
        with Form(self.controller) as form:
            self.assertIn("Twin", form.twin_warning)
            form.device_id = 2
            self.assertFalse(form.twin_warning)
        twin.device_id = 2
        self.assertTrue(self.warning())
        twin.port += 1
        self.assertFalse(self.warning())
        twin.write({"port": self.controller.port, "active": False})
        self.assertFalse(self.warning())

    def test_limits_are_checked_with_the_layout(self):
        self.controller.write({"max_read": 83, "max_write": 79})
        for values, sentence in (({"max_read": 82}, "at most 82 in one read"), ({"max_write": 78}, "at most 78 in one write")):
            with self.assertRaisesRegex(ValidationError, sentence), self.env.cr.savepoint():
                self.controller.write(values)


@tagged("post_install", "-at_install")
class TestWrites(RefusalCase):
    """It can be read, and does not accept what is written."""

    def assertTold(self, sentence):
        self.assertTrue(self.controller.online)
        self.assertIn(sentence, self.controller.write_problem)
        self.assertIn(self.controller.write_problem, self.controller.journal_ids.mapped("message"))
        self.run_task(4)
        self.assertFalse(self.alarms())
        self.controller.write_problem_at = "2020-01-01 00:00:00"
        self.run_task(4)
        self.assertEqual(self.alarms().message, self.controller.write_problem)

    def alarms(self):
        return self.env["plc.alarm"].search([("kind", "=", "writes"), ("date_closed", "=", False)])

    def check_refused(self, code):
        self.serve(refuses=code)
        self.hand_over()
        self.assertTold(f"exception {code} ")
        self.assertIn("function 16", self.controller.write_problem)
        self.server.refuses = 0
        self.controller.unconfirmed_write_at = False
        self.run_task(2)
        self.assertFalse(self.controller.write_problem)
        self.run_task(4)
        self.assertFalse(self.alarms())
        self.assertEqual(self.queue().state, "offered")

    def test_refused(self):
        self.check_refused(1)

    def test_refused_in_local_mode(self):
        self.check_refused(4)

    def test_ignored(self):
        self.serve(ignores_writes=True)
        self.controller.settle_time = 0.2
        self.hand_over()
        self.assertTold("(word 0): 1 was written, 0 came back")

    def test_cut(self):
        self.serve(largest=(7028, 10000))
        self.controller.settle_time = 0.2
        self.hand_over()
        self.assertTold("was written, 100 came back")

    def test_a_slow_plc_is_waited_for(self):
        """As long as its settle time: a second time is not needed."""
        self.serve(shows_after=1.5)
        self.controller.settle_time = 2
        self.hand_over()
        self.assertEqual(self.queue().state, "offered")
        writes = [request for request in self.server.requests if request[0] == 16]
        self.assertEqual(len(writes), len(set(writes)))

    def test_slots_that_the_plc_does_not_have(self):
        self.serve(end=7300)
        self.hand_over()
        self.assertEqual(self.queue().state, "queued", "it may be for a moment, and what is there is not known")
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered")
        self.assertIn("Slots 4 to 10 of the layout are not served", self.controller.slot_problem)
        self.run_task(4)
        self.assertTrue(self.env["plc.alarm"].search([("kind", "=", "slots"), ("date_closed", "=", False)]))
        self.server.end = 65536
        self.run_task(2)
        self.assertFalse(self.controller.slot_problem)


@tagged("post_install", "-at_install")
class TestOrders(RefusalCase):
    def test_booked_right(self):
        for name, device, values in (
            ("hangs up", {"hangs_up_after": 1, "transaction": zero}, {"connect_each": True, "no_transaction": True}),
            ("busy", {"busy": 1, "busy_writes": 1}, {}),
        ):
            with self.subTest(name):
                self.serve(**device)
                self.controller.write({**values, "settle_time": 0.2, "quiet_time": 0})
                order = self.hand_over()
                for _exchange in range(6):
                    for _scan in range(100):
                        with self.server.lock:
                            self.mill.scan(4)
                    self.run_task(2)
                self.run_task(3)
                self.assertEqual(order.state, "done", self.controller.journal_ids.mapped("message"))
                made = {line["code"]: line["kg"] for line in self.mill.ledger[-1]["lines"]}
                lines = order.plc_batch_ids.with_context(active_test=False).line_ids
                self.assertEqual({line.code: line.actual_qty for line in lines if line.code and line.actual_qty}, made)
                self.assertEqual(len([record for record in self.mill.ledger if record["event"] == "taken"]), 1)
