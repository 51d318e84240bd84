"""What no test of the layout noticed when it was changed (docs/mutation.md)."""

from dataclasses import replace

from odoo.tests import BaseCase, tagged

from odoo.addons.plc_mo_batch.plc.codec import Field
from odoo.addons.plc_mo_batch.plc.layout import INPUT, expand

from . import plc_layouts
from .plc_world import isa88
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

    def test_a_block_without_job(self):
        self.assertEqual(plc_layouts.job_numbers().block(plc_layouts.recipe_values())[77:], [0, 0])

    def test_low_byte_first(self):
        """In the whole slot, and in a field alone."""
        layout = plc_layouts.job_numbers(swap_bytes=True)
        self.assertEqual(layout.block(plc_layouts.recipe_values(3), 7)[0], 0x0300)
        self.assertEqual(layout.words_of("recipe", "armed_job", 7), (79, [0, 0x0700]))
        self.assertEqual(layout.value("recipe", [0] * 80 + [0x0700], "armed_job"), 7)

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

    def test_input_registers(self):
        sentence = "Odoo writes to the {} area: it cannot lie in input registers, which can only be read."
        for layout in (self.jobs, self.flags):
            recipe = changed(layout, "recipe", same, registers=INPUT)
            self.assertEqual(recipe.problems(), [sentence.format("recipe")])
        self.assertEqual(changed(self.jobs, "feedback", same, registers=INPUT).problems(), [])
        feedback = changed(self.flags, "feedback", same, registers=INPUT)
        self.assertEqual(feedback.problems(), [sentence.format("feedback")])

    def test_the_first_address(self):
        self.assertEqual(changed(self.flags, "feedback", same, base=0).problems(), [])
        self.assertEqual(len(changed(self.flags, "feedback", same, base=-1).problems()), 1)

    def test_a_command_is_one_request(self):
        apart = altered("command", offset=102)
        problem = "In the recipe area, command must stand right behind command_job: they are written in one request."
        self.assertEqual(changed(isa88(), "recipe", apart).problems(), [problem])

    def test_unequal_codes(self):
        """The first that differs is enough."""
        layout = changed(self.flags, "recipe", altered("line_code", value=None))
        self.assertEqual(layout.problems(), ["line_code is any in the recipe area, but 101 in the feedback area."])
        layout = changed(self.flags, "feedback", altered("line_code", value=None))
        self.assertEqual(layout.problems(), ["line_code is 101 in the recipe area, but any in the feedback area."])
