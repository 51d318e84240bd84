"""Nothing is sent to a slot that is neither blank nor believable, and what must stay possible there: for both handshakes.

On a wrong address, with the words or bytes swapped, or at another scale, the PLC would take other targets than it was sent.
"""

from dataclasses import replace

from odoo.tests import tagged

from ...plc.reconcile import CANCELLED, ENDED
from .. import plc_layouts
from .test_reconcile import OTHER, ReconcileCase, isa88

SENT = ("block", "arm")
MOFB = (0x4D4F, 0x4642)  # the signature of the feedback


class UnbelievedTests:
    """``self.past(**values)``: what the slot shows of an earlier batch, stored; ``self.ways()``: (label, job, recipe) of whatever
    hands a recipe over."""

    def wrong(self):
        """(what is wrong, feedback): the usual mistakes, as a PLC with a past and as a blank one shows them."""
        past, blank = self.past(), self.feedback(order=None)
        kg, codes = slice(28, 30), slice(27, 28)
        return {
            "one word on": [0, *past[:-1]],
            "one word back": [*past[1:], 0],
            "words swapped": [word for place in range(0, len(past) - 1, 2) for word in (past[place + 1], past[place])] + [0],
            "bytes swapped": [word >> 8 | (word & 0xFF) << 8 for word in past],
            "low word first": self.put(past, kg, past[kg][::-1]),
            "beyond the limits": self.put(past, kg, (0x7FFF, 0xFFFF)),
            "below zero": self.put(past, kg, (0xFFFF, 0xFFFF)),
            "another code": self.put(past, codes, (102,)),
            "another code below": self.put(past, slice(30, 31), (101,)),
            "no code": self.put(past, codes, (0,)),
            "another slot": self.put(past, slice(0, 1), (2,)),
            "no slot": self.put(past, slice(0, 1), (0,)),
            "unprintable formula": self.put(past, slice(9, 10), (0x0107,)),
            "flag that is none": self.put(past, slice(72, 73), (7,)),
            "signature swapped": self.put(past, self.signature, MOFB[::-1]),
            "blank, with an amount beyond the limits": self.put(blank, kg, (0x7FFF, 0xFFFF)),
            "blank, with another code": self.put(blank, codes, (102,)),
            "blank, with a flag that is none": self.put(blank, slice(72, 73), (7,)),
            "blank, signature elsewhere": self.put(blank, self.signature, (0, MOFB[0])),
        }

    def put(self, words, place, own):
        found = list(words)
        found[place] = own
        return found

    def sound(self):
        past, blank = self.past(), self.feedback(order=None)
        return {
            "blank": blank,
            "blank, with its codes": self.put(blank, slice(27, 28), (101,)),
            "blank, signed": self.put(blank, self.signature, MOFB),
            "an earlier batch": past,
            "an earlier batch, signed": self.put(past, self.signature, MOFB),
        }

    def test_nothing_is_sent(self):
        for what, feedback in self.wrong().items():
            for way, job, recipe in self.ways():
                with self.subTest(what, way=way):
                    step = self.step(job, feedback, recipe)
                    self.assertNotIn(step.write and step.write.kind, SENT)
                    self.assertEqual((step.state, step.values), (None, {}))
                    self.assertIn(step.anomaly.code, ("rejected", "database_behind"))
                    self.assertEqual(step.anomaly.words, tuple(feedback), "the raw words are told")

    def test_it_names_the_word(self):
        for what, offset in (
            ("beyond the limits", 28),
            ("another code", 27),
            ("another code below", 30),
            ("another slot", 0),
            ("signature swapped", None),
        ):
            anomaly = self.step(self.job("queued"), self.wrong()[what], self.free()).anomaly
            offset = self.signature.start if offset is None else offset
            self.assertEqual((anomaly.code, anomaly.offset), ("rejected", offset), what)
            self.assertIn(f"word {offset}", anomaly.detail)

    def test_to_a_sound_slot_it_is_sent(self):
        for what, feedback in self.sound().items():
            for way, job, recipe in self.ways():
                with self.subTest(what, way=way):
                    step = self.step(job, feedback, recipe)
                    self.assertEqual((step.anomaly, step.write and step.write.kind in SENT), (None, True))

    def test_it_keeps_no_other_slot_waiting(self):
        shown = {1: self.wrong()["another code"], 2: self.feedback(order=None), 3: self.feedback(order=None)}
        recipe = {slot: self.free() for slot in shown}
        first, second = self.steps([self.job("queued"), self.job("queued", slot=2)], shown, recipe)
        self.assertEqual((first.anomaly.code, first.write, second.state), ("rejected", None, "sending"))

    def test_a_withdrawal_goes_on(self):
        """But the batch is not cancelled before the slot is believed."""
        for what, feedback in self.wrong().items():
            job = self.job("cancelling", number=900)
            with self.subTest(what):
                step = self.step(job, feedback, self.standing_of(job))
                self.assertEqual((step.write.kind, step.values, step.state), ("withdraw", {"withdrawn": False}, None))
        for what in ("another slot", "no slot", "one word on"):
            step = self.step(job, self.wrong()[what], self.standing_of(job))
            self.assertEqual((step.write.kind, step.anomaly.code), ("withdraw", "rejected"))
            for recipe in (self.withdrawn_of(job), self.left(), None):
                step = self.step(job, self.wrong()[what], recipe)
                self.assertEqual((step.write, step.state, step.anomaly.code), (None, None, "rejected"))

    def test_an_acknowledgement_goes_on(self):
        for state in ENDED:
            for what in ("beyond the limits", "another code", "unprintable formula", "signature swapped"):
                with self.subTest(what, state=state):
                    step = self.step(self.shown_job(state), self.put_unstored(self.wrong()[what]), self.unacknowledged())
                    self.assertEqual((step.write.kind, step.anomaly), ("ack", None))

    def test_what_somebody_else_left_is_cleared(self):
        for what in ("beyond the limits", "another code", "signature swapped"):
            (step,) = self.steps([], {1: self.wrong()[what]}, {1: self.left()})
            self.assertEqual((step.job_id, step.write.kind), (0, "clear"))

    def test_the_batch_that_left_it_asks(self):
        """Its last batch has ended, and the next one waits for the slot: who takes note of what it shows lets the next one go."""
        queued, feedback = self.job("queued"), self.wrong()["beyond the limits"]
        for state in ENDED:
            ended = self.shown_job(state, id=3, acknowledged=True)
            with self.subTest(state):
                steps = self.steps([ended, queued], {1: feedback}, {1: self.free()})
                self.assertEqual([(step.job_id, step.anomaly.code) for step in steps], [(3, "rejected"), (queued.id, "rejected")])
                self.assertEqual({(step.write, step.state) for step in steps}, {(None, None)}, "what has ended stays as it ended")
                (step,) = self.steps([replace(ended, noted=True), queued], {1: feedback}, {1: self.free()})
                self.assertEqual((step.job_id, step.state), (queued.id, "sending"))
            self.assertEqual(self.steps([ended], {1: feedback}, {1: self.free()}), [], "nobody waits for the slot")
        steps = self.steps([ended, queued], {1: self.past()}, {1: self.free()})
        self.assertEqual([step.state for step in steps], ["sending"])

    def test_note_of_another_batch_is_none(self):
        noted = self.shown_job("done", id=3, order="ELSE", number=2, acknowledged=True, noted=True)
        (step,) = self.steps([noted, self.job("queued")], {1: self.wrong()["beyond the limits"]}, {1: self.free()})
        self.assertEqual((step.anomaly.code, step.write), ("rejected", None))


@tagged("post_install", "-at_install")
class TestJobNumbersUnbelieved(UnbelievedTests, ReconcileCase):
    layout = replace(plc_layouts.job_numbers(), slots=3)
    signature = slice(79, 81)

    def past(self, **values):
        return self.feedback(**{"order": OTHER, "taken_job": 3, "finished": 1, **values})

    def recipe(self, block, armed=0, acknowledged=3):
        return [*block, 0, armed, 0, acknowledged]

    def free(self):
        return self.recipe(self.block(order=OTHER, job=3))

    def ways(self):
        written, others = self.recipe(self.block()), self.free()
        yield "first", self.job("queued"), others
        yield "sent again", self.job("queued", number=7, resent=True), others
        yield "released", self.job("queued", release=True), others
        for state in ("sending", "offered"):
            yield "block", self.job(state), others
            yield "arm", self.job(state), written

    def standing_of(self, job):
        return self.recipe(self.block(job=job.number), job.number)

    def withdrawn_of(self, job):
        return self.recipe(self.block(job=0))

    def shown_job(self, state, **values):
        return self.job(state, **{"order": OTHER, "number": 3, **values})

    def put_unstored(self, words):
        return words

    def unacknowledged(self):
        return self.recipe(self.block(order=OTHER, job=3), acknowledged=2)

    def left(self):
        return self.recipe(self.block(order="ELSE", job=9), armed=9)

    def test_nonsense_without_a_taken_job(self):
        """A taken job of 0 makes no slot free."""
        for place in (31, 49, 74):
            feedback = self.put(self.past(taken_job=0), slice(place, place + 1), (0x8000,))
            self.assertStep({"anomaly": "rejected"}, self.job("queued"), feedback, self.free())

    def test_the_first_job_of_a_plc(self):
        """Who took note of what it shows lets the next batch go."""
        ended = self.shown_job("done", id=3, number=1, acknowledged=True, noted=True)
        feedback = self.put(self.past(taken_job=1), slice(28, 30), (0x7FFF, 0xFFFF))
        (step,) = self.steps(
            [ended, self.job("queued")], {1: feedback}, {1: self.recipe(self.block(order=OTHER, job=1), acknowledged=1)}
        )
        self.assertEqual(step.state, "sending")

    def test_a_batch_without_job_number_is_shown_nowhere(self):
        """It was made with the other handshake."""
        queued, feedback = self.job("queued"), self.put(self.past(taken_job=0), slice(28, 30), (0x7FFF, 0xFFFF))
        for noted in (False, True):
            ended = self.shown_job("done", id=3, number=0, acknowledged=True, noted=noted)
            steps = self.steps([ended, queued], {1: feedback}, {1: self.free()})
            self.assertEqual([(step.job_id, step.anomaly.code) for step in steps], [(queued.id, "rejected")])

    def test_what_was_taken_is_disarmed(self):
        """Also where the slot has gone on to what cannot be believed."""
        for state in ("running", *ENDED):
            job = self.job(state, armed=True)
            step = self.step(job, self.wrong()["another slot"], self.standing_of(job))
            self.assertEqual((step.write.kind, step.anomaly.code, step.values), ("disarm", "rejected", {}))
            step = self.step(job, self.wrong()["another slot"], self.free())
            self.assertEqual((step.write, step.anomaly.code, step.values), (None, "rejected", {}), "nothing is concluded")
        self.assertIsNone(self.step(self.job(CANCELLED), self.wrong()["another slot"], self.free()))

    def test_an_offer_that_stands_is_left_alone(self):
        job = self.job("offered")
        self.assertIsNone(self.step(job, self.wrong()["beyond the limits"], self.standing_of(job)))


@tagged("post_install", "-at_install")
class TestFlagsUnbelieved(UnbelievedTests, ReconcileCase):
    layout = replace(plc_layouts.flags(copies_on_take=True), slots=3)
    signature = slice(77, 79)

    def past(self, **values):
        return self.feedback(**{"order": OTHER, "finished": 1, "feedback_flag": 1, **values})

    def recipe(self, flag=1, **values):
        return [*self.block(**values)[:76], flag]

    def free(self):
        return self.recipe(order=OTHER)

    def ways(self):
        yield "first", self.job("queued"), self.free()
        yield "sent again", self.job("queued", resent=True), self.free()
        yield "block", self.job("sending"), self.free()
        yield "arm", self.job("sending"), self.recipe()
        yield "arm again", self.job("offered"), self.recipe()

    def standing_of(self, job):
        return self.recipe(0)

    def withdrawn_of(self, job):
        return self.recipe()

    def shown_job(self, state, **values):
        return self.job(state, **{"order": OTHER, **values})

    def put_unstored(self, words):
        return self.put(words, slice(76, 77), (0,))

    def unacknowledged(self):
        return self.free()

    def left(self):
        return self.recipe(0, order="ELSE")


@tagged("post_install", "-at_install")
class TestUnusedLinesOfOthers(ReconcileCase):
    """Lines that name no equipment are no quantities, whosever batch the slot shows."""

    layout = isa88()

    def past(self, code):
        feedback = self.feedback(order=OTHER, taken_job=3, state=3, line_code=(104, code), line_quantity=[250.25, 0.0])
        feedback[15:17] = (0, 0x7FC0)  # NaN
        return feedback

    def recipe_values(self, slot=1, order="WH/MO/00001"):
        return {"slot": slot, "order": order, "quantity": 500.5, "line_code": (104, 0), "line_quantity": [500.5, 0.0]}

    def test_what_is_judged(self):
        free = [0] * self.layout.codec("recipe").words
        free[23] = 3
        self.assertEqual(self.step(self.job("queued"), self.past(0), free).state, "sending")
        self.assertEqual(self.step(self.job("queued"), self.past(105), free).anomaly.offset, 15)
