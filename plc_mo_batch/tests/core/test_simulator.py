import json
import logging
import random
import socket
import tempfile
from pathlib import Path

from pymodbus.client import ModbusTcpClient

from odoo.tests import BaseCase, tagged

from ...simulator import Mill, Simulator, encoding
from ..patience import SURE, wait_until

RECIPE, FEEDBACK, STRIDE = 7000, 6000, 100
ORDER = [22344, 12109, 20271, 12336, 12337, 12544, 0, 0]  # WH/MO/00011
TARGETS = {101: 150.0, 103: 33.3, 115: 20.0}
BATCH_SECONDS = 133  # 203.3 kg at 12 kg/s, three times 5 s to settle, 100 s of mixing, rounded up


def recipe_words(slot, kilograms):
    """Words 0..75 of a recipe block."""
    block = [slot, *ORDER, *encoding.text_to_words("BOM-7"), *encoding.text_to_words("Layer feed"), *encoding.kg_to_words(203.3)]
    for code in range(101, 116):
        block += [code, *encoding.kg_to_words(kilograms.get(code, 0.0))]
    return block + [0, 0, 0, 0]


class MillCase(BaseCase):
    handshake = "job-numbers"

    def setUp(self):
        super().setUp()
        self.mill = self.new_mill()

    def new_mill(self, **options):
        return Mill(self.handshake, **{"seed": 7, **options})

    def put(self, address, *values):
        self.mill.memory[address : address + len(values)] = values

    def feedback(self, offset, count=1, slot=1):
        address = FEEDBACK + STRIDE * (slot - 1) + offset
        return self.mill.memory[address : address + count]

    def scan(self, seconds=0.0):
        self.mill.scan(seconds)

    def run_batch(self):
        self.scan()
        self.scan(BATCH_SECONDS)

    def events(self):
        return [(record["event"], record["job"]) for record in self.mill.ledger]

    def dosed(self, record=-1):
        return {line["code"]: line["kg"] for line in self.mill.ledger[record]["lines"]}


@tagged("post_install", "-at_install", "plc")
class TestWords(BaseCase):
    def test_kilograms(self):
        golden = {
            1000.0: [1, 34464],
            2500.0: [3, 53392],
            825.25: [1, 16989],
            352.0: [0, 35200],
            381.25: [0, 38125],
            33.3: [0, 3330],
            -0.01: [65535, 65535],
        }
        for kg, expected in golden.items():
            self.assertEqual(encoding.kg_to_words(kg), expected)
            self.assertEqual(encoding.words_to_kg(expected), kg)

    def test_kilograms_out_of_range(self):
        with self.assertRaises(OverflowError):
            encoding.kg_to_words(21474836.48)

    def test_low_word_first(self):
        self.assertEqual(encoding.kg_to_words(1000.0, "low"), [34464, 1])
        self.assertEqual(encoding.words_to_kg([34464, 1], "low"), 1000.0)
        self.assertEqual(encoding.uint32_to_words(65537 + 1, "low"), [2, 1])

    def test_float32(self):
        golden = {1000.0: [17530, 0], 33.3: [16901, 13107], 352.25: [17328, 8192], -0.01: [48163, 55050]}
        for kg, expected in golden.items():
            self.assertEqual(encoding.float_to_words(kg), expected)
            self.assertEqual(encoding.float_to_words(kg, "low"), expected[::-1])
            self.assertEqual(round(encoding.words_to_float(expected), 2), kg)
        self.assertEqual(encoding.words_to_float([32704, 0]), 0.0, "not a number")
        self.assertEqual(encoding.words_to_float([32640, 0]), 0.0, "infinite")

    def test_uint32(self):
        self.assertEqual(encoding.uint32_to_words(4294967295), [65535, 65535])
        self.assertEqual(encoding.words_to_uint32([1, 2]), 65538)

    def test_text(self):
        self.assertEqual(encoding.text_to_words("WH/MO/00011"), ORDER)
        self.assertEqual(encoding.words_to_text(ORDER), "WH/MO/00011")
        self.assertEqual(encoding.words_to_text([65535, 0, 0, 0, 0, 0, 0, 0]), "\ufffd\ufffd")
        self.assertEqual(encoding.text_to_words("A" * 17), [16705] * 8)

    def test_bool(self):
        self.assertEqual([encoding.bool_to_word(True), encoding.bool_to_word(False)], [1, 0])
        self.assertEqual([encoding.word_to_bool(1), encoding.word_to_bool(0)], [True, False])
        with self.assertRaises(ValueError):
            encoding.word_to_bool(0x8200)


@tagged("post_install", "-at_install", "plc")
class TestJobNumbers(MillCase):
    def offer(self, job, slot=1, armed=None, kilograms=TARGETS):
        base = RECIPE + STRIDE * (slot - 1)
        self.put(base, *recipe_words(slot, kilograms))
        self.put(base + 77, *encoding.uint32_to_words(job), *encoding.uint32_to_words(job if armed is None else armed))

    def acknowledge(self, job, slot=1):
        self.put(RECIPE + STRIDE * (slot - 1) + 81, *encoding.uint32_to_words(job))

    def test_taking_echoes_the_order(self):
        self.offer(70000)
        self.scan()
        self.assertEqual(self.feedback(77, 2), [1, 4464])
        self.assertEqual(self.feedback(0, 27), recipe_words(1, {})[:27])
        self.assertEqual([self.feedback(27 + 3 * k)[0] for k in range(15)], list(range(101, 116)))
        self.assertEqual(self.mill.ledger[0]["order"], "WH/MO/00011")

    def test_taking_clears_the_last_job(self):
        self.put(FEEDBACK + 28, 1, 2)
        self.put(FEEDBACK + 72, 0, 1, 5, 5)
        self.offer(1)
        self.scan()
        self.assertEqual(self.feedback(28, 2), [0, 0])
        self.assertEqual(self.feedback(72, 4), [0, 0, 0, 0])

    def test_actuals_rise_in_the_order_of_the_lines(self):
        self.offer(1)
        self.scan()
        self.scan(6.25)
        self.assertEqual(self.mill.batch.elapsed, 6.25)
        self.assertAlmostEqual(encoding.words_to_kg(self.feedback(28, 2)), 75, delta=2)
        self.assertEqual(self.feedback(34, 2), [0, 0])
        self.assertEqual(self.feedback(72), [0])

    def test_finished_feedback_is_what_was_dosed(self):
        self.offer(1)
        self.run_batch()
        self.assertEqual(self.events(), [("taken", 1), ("finished", 1)])
        dosed = self.dosed()
        self.assertEqual(list(dosed), list(TARGETS))
        for k in range(15):
            self.assertEqual(encoding.words_to_kg(self.feedback(28 + 3 * k, 2)), dosed.get(101 + k, 0.0))
        self.assertEqual(self.feedback(72, 2), [1, 0])
        self.assertEqual(encoding.words_to_kg(self.feedback(74, 2)), round(sum(dosed.values()), 2))

    def test_doses_deviate_by_the_error(self):
        self.mill = self.new_mill(error=0.0)
        self.offer(1)
        self.run_batch()
        self.assertEqual(self.dosed(), TARGETS)
        self.mill = self.new_mill(error=5.0)
        self.offer(1)
        self.run_batch()
        self.assertNotEqual(self.dosed(), TARGETS)

    def test_running_is_seen_before_finished(self):
        self.offer(1)
        self.scan(1000)
        self.assertEqual(self.feedback(72), [0])

    def test_not_taken_before_it_is_armed(self):
        self.offer(1, armed=0)
        self.scan()
        self.assertFalse(self.mill.ledger)

    def test_not_taken_when_the_recipe_is_of_another_job(self):
        self.offer(1, armed=2)
        self.scan()
        self.assertFalse(self.mill.ledger)

    def test_a_job_is_never_taken_twice(self):
        self.offer(5)
        self.run_batch()
        self.acknowledge(5)
        self.offer(5)
        self.scan()
        self.offer(4)
        self.scan()
        self.assertEqual(self.events(), [("taken", 5), ("finished", 5)])

    def test_feedback_is_kept_until_acknowledged(self):
        self.offer(1)
        self.run_batch()
        self.offer(2)
        self.acknowledge(2)
        self.scan()
        self.assertEqual(self.events()[-1], ("finished", 1))
        self.acknowledge(1)
        self.scan()
        self.assertEqual(self.events()[-1], ("taken", 2))

    def test_slots_run_in_order_one_at_a_time(self):
        for slot in (3, 1, 2):
            self.offer(slot, slot=slot)
        for _ in range(3):
            self.run_batch()
        self.assertEqual(self.events(), [(event, job) for job in (1, 2, 3) for event in ("taken", "finished")])

    def test_a_running_job_fails_with_what_it_dosed(self):
        self.offer(1)
        self.scan()
        self.scan(6.25)
        self.mill.fail_next()
        self.scan(1000)
        self.assertEqual(self.feedback(72, 2), [1, 1])
        self.assertEqual(self.events()[-1], ("failed", 1))
        self.assertEqual(encoding.words_to_kg(self.feedback(28, 2)), self.dosed()[101])
        self.assertAlmostEqual(self.dosed()[101], 75, delta=2)
        self.assertEqual(self.dosed()[115], 0.0)

    def test_only_the_next_job_fails(self):
        self.mill.fail_next()
        self.offer(1)
        self.offer(2, slot=2)
        self.run_batch()
        self.run_batch()
        self.assertEqual(self.events(), [("taken", 1), ("failed", 1), ("taken", 2), ("finished", 2)])

    def test_weight_comes_late(self):
        self.mill = self.new_mill(weight="late")
        self.offer(1)
        self.run_batch()
        self.assertEqual(self.feedback(72, 4), [1, 0, 0, 0])
        self.scan(20)
        self.assertEqual(encoding.words_to_kg(self.feedback(74, 2)), self.mill.ledger[-1]["weight"])

    def test_weight_never_comes(self):
        self.mill = self.new_mill(weight="never")
        self.offer(1)
        self.run_batch()
        self.scan(1000)
        self.assertEqual(self.feedback(72, 4), [1, 0, 0, 0])

    def test_a_held_job_stands_still(self):
        self.offer(1)
        self.scan()
        self.scan(6.25)
        self.mill.hold()
        before = self.feedback(0, 79)
        self.scan(1000)
        self.assertEqual(self.feedback(0, 79), before, "the mill's layouts have no word for it")
        self.mill.resume()
        self.scan(BATCH_SECONDS)
        self.assertEqual(self.events(), [("taken", 1), ("finished", 1)])

    def test_a_line_without_equipment_is_not_dosed(self):
        self.offer(1)
        self.put(RECIPE + 27, 0)
        self.run_batch()
        self.assertEqual(list(self.dosed()), [103, 115])

    def test_a_paused_mill_stands_still(self):
        self.mill.pause()
        self.offer(1)
        self.scan()
        self.assertFalse(self.mill.ledger)
        self.mill.resume()
        self.scan()
        self.assertEqual(self.events(), [("taken", 1)])

    def test_memory_loss_interrupts_the_job(self):
        self.offer(1)
        self.scan()
        self.scan(1000 / 12)
        self.mill.lose_memory()
        self.assertFalse(any(self.mill.memory))
        self.assertEqual(self.events()[-1], ("interrupted", 1))
        self.assertAlmostEqual(self.dosed()[101], 150, delta=3)

    def test_retentive_taken_job_outlives_a_memory_loss(self):
        self.offer(1)
        self.scan()
        self.mill.lose_memory(keep_taken=True)
        self.offer(1)
        self.scan()
        self.assertEqual(self.events(), [("taken", 1), ("interrupted", 1)])
        self.offer(2)
        self.scan()
        self.assertEqual(self.events()[-1], ("taken", 2))

    def test_low_word_first(self):
        self.mill = self.new_mill(word_order="low", error=0.0)
        self.put(RECIPE, *recipe_words(1, {}))
        self.put(RECIPE + 25, 34464, 1)
        self.put(RECIPE + 28, 34464, 1)
        self.put(RECIPE + 77, 5, 0, 5, 0)
        self.scan()
        self.scan(1000)
        self.assertEqual(self.feedback(28, 2), [34464, 1])
        self.assertEqual(self.feedback(74, 2), [34464, 1])
        self.assertEqual(self.feedback(77, 2), [5, 0])

    def test_nonsense_does_not_crash(self):
        chance = random.Random(3)
        for _ in range(50):
            self.put(RECIPE, *chance.choices([0, 1, 32767, 32768, 65535], k=1000))
            self.put(RECIPE + 77, 0, 9, 0, 9)
            self.put(FEEDBACK, *chance.choices([0, 1, 65535], k=1000))
            self.put(FEEDBACK + 72, *[0] * 7)
            self.scan()
            self.scan(1e9)
            self.assertEqual(self.mill.ledger[-1]["event"], "finished")

    def test_areas_are_checked(self):
        for options in (
            {"slots": 11},
            {"slots": 0},
            {"stride": 82},
            {"recipe_base": 65000},
            {"handshake": "bits"},
            {"layout": "isa-88"},
            {"layout": "isa88", "handshake": "flags"},
            {"layout": "isa88", "stride": 101},
            {"word_order": "middle"},
        ):
            with self.assertRaises(ValueError):
                Mill(**options)


@tagged("post_install", "-at_install", "plc")
class TestIsa88(MillCase):
    FEEDBACK, RECIPE = 3000, 1000
    HOLD, RESUME, ABORT = 4, 5, 8
    TARGETS = ((7, 150.0), (0, 0.0), (60000, 33.3), (12, 20.0))  # any equipment on any line
    HALF = 6.25  # seconds: half of the first component

    def new_mill(self, **options):
        return super().new_mill(layout="isa88", **options)

    def offer(self, job, slot=1, targets=TARGETS):
        base = self.RECIPE + 110 * (slot - 1)
        block = [slot, *encoding.text_to_words("WH/MO/00011-001-BACK", 10), *encoding.text_to_words("Layer feed")]
        block += encoding.float_to_words(210.3, "low")
        for code, kg in [*targets, *[(0, 0.0)] * (24 - len(targets))]:
            block += [code, *encoding.float_to_words(kg, "low")]
        self.put(base, *block, job, 0, job, 0)

    def command(self, command, job=1, slot=1):
        self.put(self.RECIPE + 110 * (slot - 1) + 99, job, 0, command)

    def acknowledge(self, job, slot=1):
        self.put(self.RECIPE + 110 * (slot - 1) + 97, job, 0)

    def feedback(self, offset, count=1, slot=1):
        address = self.FEEDBACK + 110 * (slot - 1) + offset
        return self.mill.memory[address : address + count]

    def state(self, slot=1):
        return self.feedback(93, slot=slot)[0]

    def kg(self, line):
        return round(encoding.words_to_float(self.feedback(22 + 3 * line, 2), "low"), 2)

    def run_half(self, job=1):
        self.offer(job)
        self.scan()
        self.scan(self.HALF)
        self.assertEqual(self.state(), 2)

    def test_blank_slots_are_idle(self):
        self.scan()
        self.assertEqual([self.state(slot) for slot in range(1, 11)], [1] * 10)

    def test_taking_echoes_the_order(self):
        self.offer(5)
        self.scan()
        self.assertEqual(self.feedback(0, 21), self.mill.memory[self.RECIPE : self.RECIPE + 21])
        self.assertEqual([self.feedback(21 + 3 * line)[0] for line in range(24)], [7, 0, 60000, 12, *[0] * 20])
        self.assertEqual(self.feedback(93, 5), [2, 0, 0, 5, 0])
        self.assertEqual(self.mill.ledger[0]["order"], "WH/MO/00011-001-BACK")

    def test_finished_feedback_is_what_was_dosed(self):
        self.offer(1)
        self.run_batch()
        dosed = self.dosed()
        self.assertEqual(list(dosed), [7, 60000, 12])
        self.assertEqual([self.kg(line) for line in range(5)], [dosed[7], 0.0, dosed[60000], dosed[12], 0.0])
        self.assertEqual(self.state(), 3)
        weight = encoding.words_to_float(self.feedback(94, 2), "low")
        self.assertEqual(round(weight, 2), self.mill.ledger[-1]["weight"])
        self.assertAlmostEqual(weight, sum(dosed.values()) + 7.0, places=2)

    def test_the_last_line(self):
        self.offer(1, targets=[(0, 0.0)] * 23 + [(9, 12.0)])
        self.run_batch()
        self.assertEqual({9: self.kg(23)}, self.dosed())

    def test_a_line_without_equipment_is_not_dosed(self):
        self.offer(1, targets=[(0, 50.0), (9, 12.0)])
        self.run_batch()
        self.assertEqual(list(self.dosed()), [9])

    def test_idle_once_acknowledged(self):
        self.offer(1)
        self.run_batch()
        actuals = self.feedback(0, 93)
        self.offer(2)
        self.scan()
        self.assertEqual((self.state(), self.events()[-1]), (3, ("finished", 1)))
        self.mill.paused = True
        self.acknowledge(1)
        self.scan()
        self.assertEqual((self.state(), self.feedback(0, 93), self.feedback(96, 2)), (1, actuals, [1, 0]))
        self.mill.resume()
        self.scan()
        self.assertEqual((self.state(), self.events()[-1]), (2, ("taken", 2)))

    def test_hold_and_resume(self):
        self.run_half()
        half = self.kg(0)
        self.command(self.HOLD)
        for _scan in range(3):
            self.scan(100)
            self.assertEqual((self.state(), self.kg(0)), (9, half))
        self.command(self.RESUME)
        self.scan(self.HALF)
        self.assertEqual(self.state(), 2)
        self.assertGreater(self.kg(0), half)
        self.scan(BATCH_SECONDS)
        self.assertEqual(self.state(), 3)
        self.assertEqual(self.kg(0), self.dosed()[7])

    def test_a_held_job_keeps_its_place(self):
        self.run_half()
        self.offer(2, slot=2)
        self.command(self.HOLD)
        self.scan(1000)
        self.scan(1000)
        self.assertEqual(self.events(), [("taken", 1)])

    def test_abort(self):
        self.run_half()
        half = self.kg(0)
        self.command(self.ABORT)
        self.scan(100)
        self.assertEqual(self.state(), 13)
        self.assertEqual(self.events(), [("taken", 1), ("aborted", 1)])
        self.assertEqual(self.dosed(), {7: half, 60000: 0.0, 12: 0.0})
        self.offer(2)
        self.scan(100)
        self.assertEqual((self.state(), self.kg(0)), (13, half), "kept until acknowledged")
        self.acknowledge(1)
        self.scan()
        self.assertEqual(self.events()[-1], ("taken", 2))

    def test_a_held_job_is_aborted(self):
        self.run_half()
        half = self.kg(0)
        self.command(self.HOLD)
        self.scan(100)
        self.command(self.ABORT)
        self.scan(100)
        self.assertEqual((self.state(), self.dosed()[7]), (13, half))

    def test_a_failing_job_is_stopped(self):
        self.run_half()
        self.mill.hold()
        self.mill.fail_next()
        self.scan(100)
        self.assertEqual((self.state(), self.events()[-1]), (11, ("failed", 1)))

    def test_the_machines_own_operator(self):
        self.run_half()
        half = self.kg(0)
        self.mill.hold()
        self.scan(100)
        self.assertEqual((self.state(), self.kg(0)), (9, half))
        self.mill.resume()
        self.scan(1)
        self.assertEqual(self.state(), 2)
        self.assertGreater(self.kg(0), half)

    def test_a_command_is_obeyed_once(self):
        self.run_half()
        self.command(self.HOLD)
        self.scan(1)
        self.assertEqual(self.state(), 9)
        self.mill.resume()
        self.scan(1)
        self.assertEqual(self.state(), 2, "the word still stands, but it was obeyed")
        self.command(0)
        self.scan(1)
        self.assertEqual(self.state(), 2)
        self.command(self.HOLD)
        self.scan(1)
        self.assertEqual(self.state(), 9, "written anew")
        self.command(self.RESUME)
        self.scan(1)
        self.mill.hold()
        self.scan(1)
        self.assertEqual(self.state(), 9)

    def test_only_a_command_for_the_running_job_is_obeyed(self):
        self.command(self.ABORT, job=0)
        self.run_half()
        self.command(self.ABORT, job=2)
        self.scan(1)
        self.command(self.ABORT, slot=2)
        self.scan(1)
        self.command(77)
        self.scan(1)
        self.assertEqual(self.state(), 2)

    def test_a_command_for_the_last_job_does_not_hit_the_next(self):
        self.run_half()
        self.command(self.ABORT)
        self.scan(1)
        self.acknowledge(1)
        self.offer(2)
        self.run_batch()
        self.assertEqual(self.events()[-1], ("finished", 2))

    def test_a_restart_remembers_what_was_obeyed(self):
        self.run_half()
        self.command(self.HOLD)
        self.scan(1)
        values = json.loads(json.dumps(self.mill.to_json()))
        self.mill = self.new_mill()
        self.mill.from_json(values)
        self.scan(100)
        self.assertEqual(self.state(), 9)
        self.mill.resume()
        self.scan(1)
        self.assertEqual(self.state(), 2)

    def test_retentive_taken_job_outlives_a_memory_loss(self):
        self.run_half(job=3)
        self.mill.lose_memory(keep_taken=True)
        self.assertEqual(self.feedback(0, 110), [*[0] * 96, 3, 0, *[0] * 12])
        self.offer(3)
        self.scan()
        self.assertEqual(self.events(), [("taken", 3), ("interrupted", 3)])

    def test_nonsense_does_not_crash(self):
        chance = random.Random(3)
        for _ in range(50):
            self.put(self.RECIPE, *chance.choices([0, 1, 32639, 32640, 32767, 32768, 65535], k=1100))
            self.put(self.RECIPE + 93, 9, 0, 9, 0, 0, 0, 0, 0)
            self.put(self.FEEDBACK, *chance.choices([0, 1, 65535], k=1100))
            self.put(self.FEEDBACK + 93, *[0] * 5)
            self.scan()
            self.scan(1e40)
            self.assertEqual(self.mill.ledger[-1]["event"], "finished")

    def test_other_areas_and_the_other_word_order(self):
        self.mill = self.new_mill(recipe_base=100, feedback_base=30000, stride=200, word_order="high")
        self.put(100 + 200 + 93, 0, 6, 0, 6)
        self.scan()
        self.assertEqual(self.mill.memory[30200 + 93 : 30200 + 98], [2, 0, 0, 0, 6])


@tagged("post_install", "-at_install", "plc")
class TestFlags(MillCase):
    handshake = "flags"

    def offer(self):
        self.put(RECIPE, *recipe_words(1, TARGETS), 0)

    def test_a_blank_memory_is_no_recipe(self):
        self.scan()
        self.assertFalse(self.mill.ledger)

    def test_flag_1_is_no_offer(self):
        self.put(RECIPE, *recipe_words(1, TARGETS), 1)
        self.scan()
        self.assertFalse(self.mill.ledger)

    def test_taking_sets_both_flags(self):
        self.put(FEEDBACK + 76, 1)
        self.offer()
        self.scan()
        self.assertEqual(self.mill.memory[RECIPE + 76], 1)
        self.assertEqual(self.feedback(76), [0])
        self.assertEqual(self.feedback(1, 8), ORDER)
        self.assertEqual(self.events(), [("taken", 0)])

    def test_a_recipe_runs_once(self):
        self.offer()
        for _ in range(3):
            self.run_batch()
            self.put(FEEDBACK + 76, 1)
        self.assertEqual(self.events(), [("taken", 0), ("finished", 0)])

    def test_feedback_is_kept_until_stored(self):
        self.offer()
        self.run_batch()
        self.offer()
        self.scan()
        self.assertEqual(self.events()[-1], ("finished", 0))
        self.put(FEEDBACK + 76, 1)
        self.scan()
        self.assertEqual(self.events()[-1], ("taken", 0))

    def test_job_words_are_left_alone(self):
        self.offer()
        self.run_batch()
        self.assertEqual(self.feedback(77, 23), [0x4D4F, 0x4642, *self.feedback(79, 2), *[0] * 19], "signature and sum")


@tagged("post_install", "-at_install", "plc")
class TestFiles(BaseCase):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.files = {"memory_file": Path(folder.name, "memory"), "ledger_file": Path(folder.name, "ledger")}
        self.plc = self.start()
        self.plc.mill.memory[RECIPE : RECIPE + 81] = [*recipe_words(1, TARGETS), 0, 0, 1, 0, 1]

    def start(self, **options):
        return Simulator(scan_time=None, seed=7, **self.files, **options)

    def test_a_restart_goes_on_with_the_running_job(self):
        self.plc.step(0)
        self.plc.step(6.25)
        again = self.start()
        self.assertEqual(again.mill.memory, self.plc.mill.memory)
        self.assertEqual(again.mill.batch, self.plc.mill.batch)
        again.step(BATCH_SECONDS)
        self.plc.mill.scan(BATCH_SECONDS)
        self.assertEqual([record["event"] for record in again.mill.ledger], ["taken", "finished"])
        self.assertEqual(again.mill.ledger, self.plc.mill.ledger)

    def test_the_ledger_file_is_the_ledger(self):
        self.plc.step(0)
        self.plc.step(BATCH_SECONDS)
        lines = self.files["ledger_file"].read_text().splitlines()
        self.assertEqual([json.loads(line) for line in lines], self.plc.mill.ledger)

    def test_a_kill_between_the_two_files_is_mended(self):
        self.plc.step(0)
        self.files["ledger_file"].unlink()
        self.assertEqual(self.start().mill.ledger, self.plc.mill.ledger)
        self.assertEqual(len(self.files["ledger_file"].read_text().splitlines()), 1)

    def test_a_restart_without_its_memory_continues_the_ledger(self):
        self.plc.step(0)
        self.files["memory_file"].unlink()
        again = self.start()
        self.assertEqual(again.mill.memory, Simulator(scan_time=None).mill.memory)
        self.assertEqual([record["seq"] for record in again.mill.ledger], [1])

    def test_a_memory_of_the_first_release(self):
        """It knew no events."""
        self.plc.step(0)
        values = json.loads(self.files["memory_file"].read_text())
        del values["events"], values["batch"]["told"]
        self.files["memory_file"].write_text(json.dumps(values))
        again = self.start()
        self.assertEqual(again.mill.batch, self.plc.mill.batch)
        again.step(BATCH_SECONDS)
        self.assertEqual([record["event"] for record in again.mill.ledger], ["taken", "finished"])

    def test_files_of_something_else(self):
        self.plc.step(0)
        for options in ({"handshake": "flags"}, {"layout": "isa88"}):
            with self.assertRaises(ValueError):
                self.start(**options)
        self.files["memory_file"].write_text("[")
        with self.assertRaises(ValueError):
            self.start()


@tagged("post_install", "-at_install", "plc")
class TestSocket(BaseCase):
    def start(self, **options):
        plc = Simulator(seed=7, **options).start()
        self.addCleanup(plc.stop)
        return plc

    def connect(self, plc):
        client = ModbusTcpClient("127.0.0.1", port=plc.port, timeout=SURE, retries=0)
        self.addCleanup(client.close)
        self.assertTrue(client.connect())
        return client

    def read_words(self, client, address, count):
        reply = client.read_holding_registers(address, count=count, device_id=1)
        self.assertFalse(reply.isError())
        return reply.registers

    def test_a_batch_from_the_block_to_the_acknowledgement(self):
        plc = self.start(speed=2000, scan_time=0.005)
        client = self.connect(plc)
        for job in (1, 2):
            self.assertFalse(client.write_registers(RECIPE, [*recipe_words(1, TARGETS), 0, 0, job]).isError())
            self.assertEqual(self.read_words(client, RECIPE, 79), [*recipe_words(1, TARGETS), 0, 0, job])
            client.write_registers(RECIPE + 79, [0, job])
            wait_until(lambda job=job: self.read_words(client, FEEDBACK + 77, 2) == [0, job], "the job")
            wait_until(lambda: self.read_words(client, FEEDBACK + 72, 1) == [1], "its end")
            feedback = self.read_words(client, FEEDBACK, 100)
            client.write_registers(RECIPE + 81, [0, job])
            self.assertEqual(feedback[1:9], ORDER)
            self.assertEqual(encoding.words_to_kg(feedback[74:76]), plc.mill.ledger[-1]["weight"])
        with plc.lock:
            self.assertEqual([record["job"] for record in plc.mill.ledger], [1, 1, 2, 2])

    def test_single_write_is_echoed_and_stored(self):
        for writes_at_scan in (False, True):
            plc = self.start(scan_time=None, writes_at_scan=writes_at_scan)
            client = self.connect(plc)
            self.assertEqual(client.write_register(7000, 4711).registers, [4711])
            plc.step(0)
            self.assertEqual(self.read_words(client, 7000, 1), [4711])

    def test_the_old_value_shows_until_the_next_scan(self):
        plc = self.start(scan_time=None, writes_at_scan=True)
        client = self.connect(plc)
        client.write_registers(7000, [1, 2])
        self.assertEqual(self.read_words(client, 7000, 2), [0, 0])
        plc.step(0)
        self.assertEqual(self.read_words(client, 7000, 2), [1, 2])

    def test_exceptions(self):
        client = self.connect(self.start(scan_time=None))
        with self.assertNoLogs("pymodbus.logging", logging.ERROR):
            self.assertEqual(client.read_holding_registers(65535, count=2).exception_code, 2)
            self.assertEqual(client.write_registers(65535, [1, 1]).exception_code, 2)
            self.assertEqual(client.read_input_registers(0, count=1).exception_code, 1)
            self.assertEqual(client.read_coils(0, count=1).exception_code, 1)
            self.assertTrue(client.read_holding_registers(0, count=1, device_id=9).isError())
        self.assertEqual(self.read_words(client, 65535, 1), [0])

    def test_a_restart_keeps_port_and_memory(self):
        plc = self.start(scan_time=None)
        client, port = self.connect(plc), plc.port
        client.write_registers(7000, [5])
        client.close()
        plc.stop()
        with socket.socket() as outside:
            self.assertTrue(outside.connect_ex(("127.0.0.1", port)))
        plc.start()
        self.assertEqual(plc.port, port)
        self.assertEqual(self.read_words(self.connect(plc), 7000, 1), [5])

    def test_a_busy_port(self):
        plc = self.start(scan_time=None)
        with self.assertRaises(OSError):
            Simulator(port=plc.port).start()
        self.assertEqual(self.read_words(self.connect(plc), 0, 1), [0])
