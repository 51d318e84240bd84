"""The simulated mill's failures and weighings, word by word as docs/plc-programmer.md has them."""

import json
from datetime import datetime

from odoo.tests import BaseCase, tagged

from ...simulator import Mill

AT = datetime(2026, 11, 24, 13, 5, 59)
FAILURE = [0x3130, 0x3100, *[0] * 6, 0x4741, 0x5445, *[0] * 6, 0x2026, 0x11, 0x24, 0x13, 0x05, 0x59, 0]
WEIGHING = [3, 22344, 12109, 20271, 12336, 12337, 12544, 0, 0, 202, 0, 38125, 0]


@tagged("post_install", "-at_install")
class TestSimulatorEvents(BaseCase):
    def setUp(self):
        super().setUp()
        self.mill = Mill(seed=1)

    def words(self, base, count):
        return self.mill.memory[base : base + count]

    def events(self):
        return [record["event"] for record in self.mill.ledger]

    def test_a_failure(self):
        self.mill.report_failure("101", "GATE", AT)
        self.assertEqual(self.words(8000, 23), [0] * 23)
        self.mill.scan(0)
        self.assertEqual(self.words(8000, 23), FAILURE)
        record = {"seq": 1, "event": "failure", "equipment": "101", "text": "GATE", "at": "2026-11-24 13:05:59"}
        self.assertEqual(self.mill.ledger, [record])

    def test_a_weighing(self):
        self.mill.report_weighing(3, "WH/MO/00011", 202, 381.25)
        self.mill.scan(0)
        self.assertEqual(self.words(9000, 13), WEIGHING)

    def test_in_the_other_layout(self):
        """float32, low word first, and longer names."""
        self.mill = Mill(layout="isa88")
        self.mill.report_weighing(3, "WH/MO/00011-001-XYZ", 202, 1.5)
        self.mill.scan(0)
        self.assertEqual(self.words(9011, 4), [202, 0, 0x3FC0, 0])
        self.assertEqual(self.words(9010, 1), [0x5A00])

    def test_the_next_one_waits_for_the_flag(self):
        for text in ("ONE", "TWO"):
            self.mill.report_failure("101", text, AT)
        self.mill.scan(0)
        self.mill.scan(0)
        self.assertEqual(self.words(8008, 2), [0x4F4E, 0x4500])
        self.mill.memory[8022] = 1
        self.mill.scan(0)
        self.mill.scan(0)
        self.assertEqual(self.words(8008, 2), [0x5457, 0x4F00])
        self.assertEqual(self.mill.memory[8022], 0)
        self.assertEqual(self.events(), ["failure", "failure", "stored"])

    def test_retentive(self):
        for text in ("ONE", "TWO"):
            self.mill.report_failure("101", text, AT)
        self.mill.scan(0)
        again = Mill()
        again.from_json(json.loads(json.dumps(self.mill.to_json())))
        again.memory[8022] = 1
        again.scan(0)
        again.scan(0)
        self.assertEqual(again.memory[8008:8010], [0x5457, 0x4F00])

    def test_forgotten(self):
        self.mill.report_weighing(3, "WH/MO/00011", 202, 381.25)
        self.mill.scan(0)
        self.mill.lose_memory()
        self.mill.scan(0)
        self.assertEqual(self.words(9000, 13), [0] * 13)

    def test_slots_may_leave_no_place(self):
        mill = Mill(slots=30, feedback_base=20000)
        with self.assertRaisesRegex(ValueError, "leave no place for the failure area"):
            mill.report_failure("101", "GATE", AT)
