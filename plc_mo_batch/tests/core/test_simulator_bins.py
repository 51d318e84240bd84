"""The simulated mill's silos run empty in the middle of a dose."""

import json
import tempfile
from pathlib import Path

from odoo.tests import BaseCase, tagged

from ...simulator import Mill, Simulator, encoding

RECIPE, FEEDBACK, ISA_RECIPE, ISA_FEEDBACK = 7000, 6000, 1000, 3000
TARGETS = {101: 150.0, 103: 33.3, 115: 20.0}
ALL = 1000.0  # seconds


@tagged("post_install", "-at_install", "plc")
class TestSimulatorBins(BaseCase):
    def new_mill(self, bins, targets=TARGETS, **options):
        self.mill = Mill(**{"seed": 7, "error": 0.0, "bins": bins, **options})
        self.offer(1, targets)
        self.mill.scan(0)
        return self.mill

    def offer(self, job, targets=TARGETS):
        if self.mill.layout == "isa88":
            lines = [word for code, kg in targets.items() for word in (code, *encoding.float_to_words(kg, "low"))]
            self.put(ISA_RECIPE, 1, *encoding.text_to_words("WH/MO/00011", 10))
            self.put(ISA_RECIPE + 21, *lines)
            self.put(ISA_RECIPE + 93, job, 0, job, 0)
            return
        lines = [word for code in range(101, 116) for word in (code, *encoding.kg_to_words(targets.get(code, 0.0)))]
        self.put(RECIPE, 1, *encoding.text_to_words("WH/MO/00011"))
        self.put(RECIPE + 27, *lines)
        self.put(RECIPE + 77, *encoding.uint32_to_words(job), *encoding.uint32_to_words(job))

    def put(self, address, *words):
        self.mill.memory[address : address + len(words)] = words

    def shown(self, code):
        at = FEEDBACK + 28 + 3 * (code - 101)
        return encoding.words_to_kg(self.mill.memory[at : at + 2])

    def dosed(self):
        return {line["code"]: (line["target"], line["kg"]) for line in self.mill.ledger[-1]["lines"]}

    def events(self):
        return [record["event"] for record in self.mill.ledger]

    def test_without_bins_nothing_runs_empty(self):
        self.new_mill({})
        self.mill.scan(ALL)
        self.assertEqual(self.events(), ["taken", "finished"])
        self.assertFalse(self.mill.bins.contents)

    def test_a_dose_is_taken_out_of_its_bin(self):
        self.new_mill({101: 200.0, 115: 20.0, 102: 5.0})
        self.mill.scan(6.25)
        self.assertEqual(self.mill.bins.contents, {101: 125.0, 115: 20.0, 102: 5.0})
        self.mill.scan(ALL)
        self.assertEqual(self.mill.bins.contents, {101: 50.0, 115: 0.0, 102: 5.0})
        self.assertEqual(self.events(), ["taken", "finished"], "it held just enough")

    def test_it_is_on_hold_until_the_bin_is_filled(self):
        self.new_mill({101: 60.0})
        self.mill.scan(ALL)
        self.assertEqual((self.shown(101), self.shown(103), self.mill.batch.held), (60.0, 0.0, True))
        self.mill.scan(ALL)
        self.mill.resume()
        self.mill.scan(ALL)
        self.assertEqual((self.events(), self.mill.batch.held), (["taken", "empty"], True), "a person cannot go on without maize")
        self.mill.fill_bin(101, 1000.0)
        self.mill.scan(ALL)
        self.assertEqual(self.events(), ["taken", "empty", "filled", "finished"])
        self.assertEqual(self.dosed(), {code: (kg, kg) for code, kg in TARGETS.items()})
        self.assertEqual(self.mill.bins.contents[101], 910.0)

    def test_it_is_filled_again_by_itself(self):
        self.new_mill({101: 60.0}, refill=300.0)
        self.mill.scan(ALL)
        self.mill.scan(0)
        self.mill.scan(299)
        self.assertTrue(self.mill.batch.held)
        for _fill in range(2):  # two more are needed
            self.mill.scan(301)
            self.mill.scan(0)
        self.mill.scan(ALL)
        self.assertEqual(self.events(), ["taken", "empty", "filled", "empty", "filled", "finished"])
        self.assertEqual(self.dosed()[101], (150.0, 150.0))

    def test_it_fails(self):
        self.new_mill({103: 10.0}, when_empty="fail")
        self.mill.scan(ALL)
        self.assertEqual(self.events(), ["taken", "empty", "failed"])
        self.assertEqual(self.dosed(), {101: (150.0, 150.0), 103: (33.3, 10.0), 115: (20.0, 0.0)})
        self.assertEqual(self.mill.memory[FEEDBACK + 72 : FEEDBACK + 74], [1, 1])

    def test_it_changes_over(self):
        self.new_mill({101: 60.0}, sisters={101: 104})
        self.mill.scan(5.0)
        self.mill.scan(1.0)
        self.assertEqual((self.shown(101), self.shown(104)), (60.0, 0.0))
        self.mill.scan(3.5)
        self.assertEqual((self.shown(101), self.shown(104)), (60.0, 0.0), "its scale is at rest first")
        self.mill.scan(5.0)
        self.assertGreater(self.shown(104), 0.0)
        self.assertEqual(self.shown(103), 0.0, "one after the other")
        self.mill.scan(ALL)
        self.assertEqual((self.shown(101), self.shown(104)), (60.0, 90.0))
        self.assertEqual(self.dosed(), {101: (150.0, 60.0), 104: (0.0, 90.0), 103: (33.3, 33.3), 115: (20.0, 20.0)})
        self.assertEqual(self.mill.ledger[-1]["weight"], 203.3)

    def test_an_empty_bin_from_the_start(self):
        self.new_mill({101: 0.0}, sisters={101: 104})
        self.mill.scan(ALL)
        self.assertEqual(self.dosed()[101] + self.dosed()[104], (150.0, 0.0, 0.0, 150.0))

    def test_the_sister_is_empty_too(self):
        self.new_mill({101: 60.0, 104: 50.0, 105: 0.0}, sisters={101: 104, 104: 105})
        self.mill.scan(ALL)
        self.assertTrue(self.mill.batch.held)
        self.assertEqual((self.shown(101), self.shown(104)), (60.0, 50.0))
        self.mill.fill_bin(105, 500.0)
        self.mill.resume()
        self.mill.scan(ALL)
        self.assertEqual([self.dosed()[code] for code in (101, 104, 105)], [(150.0, 60.0), (0.0, 50.0), (0.0, 40.0)])

    def test_two_that_are_each_others_sisters(self):
        self.new_mill({101: 60.0, 104: 50.0}, sisters={101: 104, 104: 101})
        self.mill.scan(ALL)
        self.assertTrue(self.mill.batch.held, "it does not go round for ever")
        self.mill.fill_bin(101, 20.0)
        self.mill.fill_bin(104, 100.0)
        self.mill.scan(ALL)
        self.assertEqual([self.dosed()[code] for code in (101, 104)], [(150.0, 60.0), (0.0, 90.0)])

    def test_the_sister_has_a_dose_of_its_own(self):
        self.new_mill({101: 60.0}, {101: 150.0, 104: 33.3}, sisters={101: 104})
        self.mill.scan(ALL)
        self.assertEqual(self.dosed(), {101: (150.0, 60.0), 104: (33.3, 123.3)})
        self.assertEqual(self.shown(104), 123.3)

    def test_a_layout_without_a_line_for_the_sister(self):
        for targets, held in (({101: 150.0, 103: 33.3}, True), ({101: 150.0, 104: 0.0}, False), ({101: 150.0, 104: 9.0}, False)):
            with self.subTest(targets):
                self.new_mill({101: 60.0}, targets, sisters={101: 104}, layout="isa88")
                self.mill.scan(ALL)
                self.assertEqual(bool(self.mill.batch), held)
                state = self.mill.memory[ISA_FEEDBACK + 93]
                self.assertEqual(state, 9 if held else 3)

    def test_a_held_job_is_aborted(self):
        self.new_mill({101: 60.0}, layout="isa88")
        self.mill.scan(ALL)
        self.put(ISA_RECIPE + 99, 1, 0, 8)
        self.mill.scan(0)
        self.assertEqual(self.events(), ["taken", "empty", "aborted"])
        self.assertEqual(self.dosed()[101], (150.0, 60.0))

    def test_a_counter_that_is_not_in_yet_is_not_lost(self):
        self.new_mill({101: 60.0}, {101: 150.0, 104: 33.3}, sisters={101: 104})
        self.mill.scan(10.0)
        self.mill.lose_counter(0)
        self.mill.lose_counter(3)
        self.mill.scan(1.0)
        self.assertEqual(self.shown(101), 0.0)
        self.mill.scan(ALL)
        self.assertEqual(self.shown(104), 123.3)

    def test_nothing_is_lost_or_made(self):
        """Whatever is done, and however long the scans are: what left the bins is what the ledger has."""
        for seed in range(60):
            with self.subTest(seed):
                chance = self.new_mill({101: 90.0, 104: 70.0, 103: 30.0}, seed=seed, error=3.0, refill=200.0,
                                       sisters={101: 104, 104: 101}, when_empty=("hold", "fail")[seed % 2])._random  # fmt: skip
                for _scan in range(chance.randrange(5, 60)):
                    self.mill.scan(chance.choice((0.0, 0.05, 3.3, 40.0, 700.0)))
                    if self.mill.memory[FEEDBACK + 72] == 1:
                        job = self.mill.ledger[-1].get("job") or 1
                        self.put(RECIPE + 81, *encoding.uint32_to_words(job))
                        self.offer(job + 1)
                self.mill.lose_memory()
                left = {101: 90.0, 104: 70.0, 103: 30.0}
                for record in self.mill.ledger:
                    if record["event"] == "filled":
                        left[record["code"]] += record["kg"]
                    for line in record["lines"] if record.get("finished") else ():
                        if line["code"] in left:
                            left[line["code"]] -= line["kg"]
                self.assertEqual({code: round(kg, 2) for code, kg in left.items()}, self.mill.bins.contents)

    def test_it_goes_on_from_its_memory_file(self):
        with tempfile.TemporaryDirectory() as folder:
            options = {"memory_file": Path(folder) / "memory", "scan_time": None, "error": 0.0, "bins": [(101, 60.0)]}
            simulator = Simulator(**options)
            self.mill = simulator.mill
            self.offer(1)
            for seconds in (0.0, 6.0):
                simulator.step(seconds)
            again = Simulator(**options)
            self.assertEqual(again.mill.bins.contents, {101: 0.0})
            again.mill.fill_bin(101, 100.0)
            again.step(ALL)
            self.assertEqual(again.mill.ledger[-1]["lines"][0], {"code": 101, "target": 150.0, "kg": 150.0})

    def test_memory_of_the_release_before(self):
        self.new_mill({})
        self.mill.scan(6.25)
        known = json.loads(json.dumps(self.mill.to_json()))
        del known["bins"], known["batch"]["lacks"]
        for dose in known["batch"]["doses"]:
            del dose["whole"], dose["is_sister"]
        mill = Mill(bins={101: 500.0})
        mill.from_json(known)
        mill.scan(ALL)
        self.assertEqual(mill.ledger[-1]["event"], "finished")
        self.assertEqual(mill.bins.contents, {101: 425.0})

    def test_what_cannot_be(self):
        for options in ({"when_empty": "wait"}, {"bins": {101: -1.0}}, {"refill": -1.0}):
            with self.assertRaises(ValueError):
                Mill(**options)
