"""What no test of the layout noticed when it was changed (docs/mutation.md)."""

from dataclasses import replace

from odoo.tests import BaseCase, tagged

from ...plc.codec import Field
from ...plc.layout import INPUT, expand, too_fine
from ...plc.sentences import Label
from .. import plc_layouts
from ..plc_world import isa88
from .test_layout import added, altered, changed, same, without


@tagged("post_install", "-at_install")
class TestRecipe(BaseCase):
    def test_fixed_lines(self):
        """Each code stands on its own line, whether the recipe uses it or not."""
        recipe = plc_layouts.flags().recipe([(103, 5.5), (0, 9.0), (101, 7.25)], slot=2, order="MO/1")
        self.assertEqual(recipe["line_code"], tuple(range(101, 116)))
        self.assertEqual(recipe["line_quantity"], [7.25, 0.0, 5.5, *[0.0] * 12])
        self.assertEqual((recipe["slot"], recipe["order"], len(recipe)), (2, "MO/1", 4))

    def test_free_lines(self):
        """Only what is used, in the order of the recipe; the rest is 0."""
        recipe = isa88().recipe([(103, 5.5), (0, 9.0), (101, 7.25)])
        self.assertEqual(recipe["line_code"], (103, 101, *[0] * 22))
        self.assertEqual(recipe["line_quantity"], [5.5, 7.25, *[0.0] * 22])

    def test_one_code_in_two_lines(self):
        """It is one dosing: the sum, where the code stands first."""
        lines = [(101, 600.0), (103, 5.5), (101, 40.0), (103, 0.25)]
        self.assertEqual(isa88().recipe(lines)["line_quantity"], [640.0, 5.75, *[0.0] * 22])
        self.assertEqual(isa88().recipe(lines)["line_code"], (101, 103, *[0] * 22))
        self.assertEqual(plc_layouts.flags().recipe(lines)["line_quantity"], [640.0, 0.0, 5.75, *[0.0] * 12])

    def test_a_block_without_job(self):
        self.assertEqual(plc_layouts.job_numbers().block(plc_layouts.recipe_values())[77:], [0, 0])

    def test_low_byte_first(self):
        """In the whole slot, and in a field alone."""
        layout = plc_layouts.job_numbers(swap_bytes=True)
        self.assertEqual(layout.block(plc_layouts.recipe_values(3), 7)[0], 0x0300)
        self.assertEqual(layout.words_of("recipe", "armed_job", 7), (79, [0, 0x0700]))
        self.assertEqual(layout.value("recipe", [0] * 80 + [0x0700], "armed_job"), 7)

    def test_the_most_that_can_be_shown(self):
        """By the type, the scale and the limits of what shows it; the recipe's own fields have no say."""
        layout, most = plc_layouts.flags(), 0xFFFF
        for values, largest in (
            ({"type": "uint16", "scale": 1}, most),
            ({"type": "uint16", "scale": 10}, most / 10),
            ({"type": "uint16", "scale": 10, "maximum": 600.0}, 600.0),
            ({"type": "uint16", "scale": 10, "maximum": 0.0}, 0.0),
            ({"type": "uint16", "scale": 10, "maximum": 7000.0}, most / 10),  # no word holds its limit
            ({"type": "uint64", "scale": 1000}, 0xFFFFFFFFFFFFFFFF / 1000),
        ):
            shown = changed(layout, "feedback", altered("weight", **{"maximum": None, **values}))
            self.assertEqual(shown.most("weight"), largest, values)
            sent = changed(shown, "recipe", altered("line_quantity", maximum=3.0))
            self.assertEqual(sent.most("weight"), largest, values)

    def test_the_most_that_any_line_can_show(self):
        def one_line(fields):
            return [
                replace(item, maximum={2: 900.0, 5: 80.0}.get(item.index, 70.0)) if item.role == "line_quantity" else item
                for item in fields
            ]

        self.assertEqual(changed(plc_layouts.flags(), "feedback", one_line).most("line_quantity"), 900.0)

    def test_what_is_missing_is_named(self):
        layout = plc_layouts.flags()
        with self.assertRaisesRegex(KeyError, "nowhere"):
            layout.area("nowhere")
        with self.assertRaisesRegex(KeyError, "taken_job"):
            layout.area("recipe").field("taken_job")

    def test_expanded_codes(self):
        item = Field("line_code", 27, value=110)
        self.assertEqual([line.value for line in expand(item, 3, 3, value_step=10)], [110, 120, 130])
        self.assertEqual([line.value for line in expand(replace(item, value=None), 2, 3)], [None, None])


@tagged("post_install", "-at_install")
class TestRules(BaseCase):
    def setUp(self):
        super().setUp()
        self.jobs, self.flags = plc_layouts.job_numbers(), plc_layouts.flags()

    def test_both_areas_are_looked_at(self):
        problems = replace(self.jobs, areas=()).problems()
        self.assertEqual(len(problems), 2, problems)
        self.assertEqual(changed(self.flags, "recipe", lambda fields: []).problems()[0][:8], "The reci")

    def test_outcome(self):
        """Finished and failed, or a state: one of them is not enough."""
        sentence = "The feedback area needs either the roles finished and failed, or the role state."
        for role in ("finished", "failed"):
            self.assertEqual(changed(self.jobs, "feedback", without(role)).problems(), [sentence])
        by_state = changed(changed(self.jobs, "feedback", without("finished")), "feedback", added(Field("state", 90)))
        self.assertEqual(by_state.problems(), [])
        self.assertEqual(changed(self.jobs, "recipe", without("finished")).problems(), [])

    def test_scale(self):
        """No number is left of a value that is divided by 0, nor one that is compared with limits if its sign is turned."""
        for scale, told in ((0, "0"), (0.0, "0"), (-0.5, "-0.5")):
            for role in ("line_quantity", "quantity"):
                [problem, *_others] = changed(self.jobs, "recipe", altered(role, scale=scale)).problems()
                self.assertIn(f"has the scale {told}: enter 1 for a number that is not scaled.", problem)
        self.assertEqual(changed(self.jobs, "recipe", altered("quantity", scale=0.001)).problems(), [])

    def test_input_registers(self):
        sentence = "Odoo writes to the {} area, so it cannot use input registers, which are read-only."
        for layout in (self.jobs, self.flags):
            recipe = changed(layout, "recipe", same, registers=INPUT)
            self.assertEqual(recipe.problems(), [sentence.format("recipe")])
        self.assertEqual(changed(self.jobs, "feedback", same, registers=INPUT).problems(), [])
        feedback = changed(self.flags, "feedback", same, registers=INPUT)
        self.assertEqual(feedback.problems(), [sentence.format("feedback")])

    def test_the_first_address(self):
        self.assertEqual(changed(self.flags, "feedback", same, base=0).problems(), [])
        self.assertEqual(len(changed(self.flags, "feedback", same, base=-1).problems()), 1)

    def test_a_base_as_lists_with_six_digits_write_it(self):
        """What is to be taken off is said."""
        hint = "Does the PLC's list count from 400001? Then take that off: enter -400001 as the layout's address offset."
        for base, is_hinted in ((407001, True), (400001, True), (400000, False)):
            found = " ".join(changed(plc_layouts.job_numbers(events=False), "recipe", lambda item: item, base=base).problems())
            self.assertEqual((hint in found, "must lie between" in found), (is_hinted, True), base)
        taken_off = changed(replace(plc_layouts.job_numbers(events=False), address_offset=-1000), "recipe", same, base=400001)
        self.assertNotIn(hint, " ".join(taken_off.problems()), "something else is wrong")

    def test_what_a_device_takes_in_one_request(self):
        """83 words are read, 79 are written."""
        layout = plc_layouts.job_numbers()
        self.assertEqual(layout.too_long(83, 79), [])
        for limits, areas in (
            ((82, 79), ["recipe", "feedback"]),
            ((78, 79), ["recipe", "feedback"]),
            ((22, 79), ["recipe", "feedback", "failure"]),
        ):
            told = layout.too_long(*limits)
            self.assertEqual([sentence.split()[1] for sentence in told], areas)
        self.assertEqual(
            layout.too_long(82, 79),
            [f"A {area} slot takes 83 words, but the PLC answers at most 82 in one read." for area in ("recipe", "feedback")],
        )
        self.assertEqual(layout.too_long(83, 78), ["A recipe takes 79 words, but the PLC accepts at most 78 in one write."])

    def test_a_command_is_one_request(self):
        apart = altered("command", offset=102)
        problem = "In the recipe area, command must come directly after command_job because both are written in one request."
        self.assertEqual(changed(isa88(), "recipe", apart).problems(), [problem])

    def test_unequal_codes(self):
        """The first that differs is enough."""
        layout = changed(self.flags, "recipe", altered("line_code", value=None))
        self.assertEqual(layout.problems(), ["line_code is any in the recipe area but 101 in the feedback area."])
        layout = changed(self.flags, "feedback", altered("line_code", value=None))
        self.assertEqual(layout.problems(), ["line_code is 101 in the recipe area but any in the feedback area."])

    def test_event_slots(self):
        """An event area has slots of its own, whatever the number of the batches' is."""
        self.assertEqual(
            changed(self.flags, "weighing", same, slots=0).problems(), ["The weighing area needs at least one slot."]
        )
        alone = changed(self.flags, "weighing", same, base=65500)
        self.assertEqual(alone.problems(), [])
        two = changed(alone, "weighing", same, slots=2)
        self.assertEqual(two.problems(), ["The weighing area must lie between addresses 0 and 65535."])

    def test_an_area_of_what_is_written_alone(self):
        """There is no block that it could lie in."""
        only = changed(self.jobs, "recipe", lambda fields: [Field("armed_job", 0, "uint32")])
        self.assertFalse([problem for problem in only.problems() if "must come" in problem])

    def test_types_are_said_as_the_screens_say_them(self):
        wrong = changed(self.jobs, "recipe", altered("order", type="uint16", words=None)).problems()
        self.assertEqual(wrong, ["In the recipe area, order (word 1) has type uint16, but its role order requires ascii."])
        wrong = changed(self.jobs, "feedback", altered("taken_job", type="float32"))
        told = wrong.problems()[0].values
        self.assertEqual((told["type"], told["type"].of), ("float32", "type"))
        types = told["types"]
        while not isinstance(types, Label):
            self.assertEqual(types.values["last"].of, "type")
            types = types.values["before"]
        self.assertEqual(types.of, "type")


@tagged("post_install", "-at_install")
class TestSignatures(BaseCase):
    def test_four_different_bytes(self):
        """Others would look the same with words or bytes swapped."""
        for value, is_weak in (
            (0x4D4F5245, False), (0x01020304, False), (None, True), (0, True), (-1, True), (0x01020102, True), (0x11223311, True),
        ):  # fmt: skip
            told = changed(plc_layouts.flags(), "recipe", altered("signature", value=value)).problems()
            self.assertEqual(bool(told), is_weak, value)
            if is_weak:
                self.assertIn("signature (word 74) needs a first value with four different bytes", told[0])

    def test_what_is_written_alone_follows_it(self):
        told = changed(plc_layouts.job_numbers(), "recipe", altered("signature", offset=83)).problems()
        self.assertIn("armed_job (word 79) must come after word 84", told[0])


@tagged("post_install", "-at_install")
class TestSteps(BaseCase):
    """Quantities that a PLC counts in smaller steps than Odoo keeps would be lost in part."""

    def setUp(self):
        super().setUp()
        too_fine.cache_clear()

    def told(self, digits, **values):
        layout = changed(plc_layouts.job_numbers(), "weighing", altered("weighed", **values))
        return too_fine(layout, digits)

    def test_what_is_told(self):
        self.assertEqual(
            self.told(2, scale=1000),
            [
                "In the weighing area, weighed (word 10) counts in steps of 0.001, but quantities are stored with 2 decimals. "
                "Raise the decimal accuracy of Product Unit, or part of each quantity is lost."
            ],
        )

    def test_steps(self):
        """As fine as what is kept, or coarser by a whole number."""
        for digits, scale, fits in (
            (2, 100, True), (2, 10, True), (2, 1, True), (2, 0.1, True), (2, 4, True), (3, 1000, True), (3, 8, True),
            (2, 1000, False), (2, 101, False), (2, 8, False), (2, 3, False), (2, 200, False), (1, 100, False),
        ):  # fmt: skip
            told = [sentence for sentence in self.told(digits, scale=scale) if "weighed" in sentence]
            self.assertEqual(not told, fits, (digits, scale))

    def test_a_column_is_told_once(self):
        """All lines of a recipe are alike; and what is no quantity is counted as it likes."""
        told = too_fine(plc_layouts.job_numbers(), 1)
        self.assertEqual([sentence.partition(" counts")[0] for sentence in told], [
            "In the recipe area, quantity (word 25)",
            "In the recipe area, line_quantity (word 28)",
            "In the feedback area, quantity (word 25)",
            "In the feedback area, line_quantity (word 28)",
            "In the feedback area, weight (word 74)",
            "In the weighing area, weighed (word 10)",
        ])  # fmt: skip
        self.assertEqual(too_fine(changed(plc_layouts.flags(), "recipe", altered("slot", scale=7)), 2), [])

    def test_floats_have_no_steps(self):
        self.assertEqual(self.told(2, type="float32", scale=1000), [])
