"""Editing a layout: what is whole stays whole, and no word is moved under a batch that was sent."""

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestLayoutEdit(MillCase):
    def setUp(self):
        super().setUp()
        self.map = self.controller.layout_id.copy({"name": "Test layout"})
        self.recipe = self.map.area_ids.filtered(lambda area: area.kind == "recipe")

    def field(self, role):
        return self.recipe.field_ids.filtered(lambda field: field.role == role)

    def test_single_field(self):
        with self.assertRaisesRegex(ValidationError, "the role Slot number"):
            self.field("slot").role = "formula"

    def test_single_area(self):
        with self.assertRaisesRegex(ValidationError, "its stride is 50"):
            self.recipe.stride = 50

    def test_a_client_cannot_put_it_off(self):
        """By the context in which a whole layout is saved: areas and fields would not be checked at all."""
        for part, values in (
            (self.recipe, {"stride": 50}),
            (self.field("slot"), {"role": "formula"}),
            (self.field("slot"), {"offset": 1}),
        ):
            for forged in (True, 1, "SAVING"):
                with self.assertRaises(ValidationError), self.env.cr.savepoint():
                    part.with_context(plc_saving_layout=forged).write(values)

    def test_a_billion_lines(self):
        """Refused at once: as many fields would take the server's memory."""
        for count in (126, 2**31 - 1):
            with self.assertRaisesRegex(ValidationError, "but one request can hold only"), self.env.cr.savepoint():
                self.field("acknowledged_job").write({"repeat": count, "step": 2})

    def test_missing_field(self):
        with self.assertRaisesRegex(ValidationError, r"needs a field with the role Recipe job \(Odoo\)"):
            gone = [Command.delete(self.field("recipe_job").id)]
            self.map.write({"area_ids": [Command.update(self.recipe.id, {"field_ids": gone})]})

    def test_two_fields_change_places(self):
        formula, product = self.field("formula"), self.field("product")
        moved = [Command.update(formula.id, {"offset": 17}), Command.update(product.id, {"offset": 9})]
        self.map.write({"area_ids": [Command.update(self.recipe.id, {"field_ids": moved})]})
        self.assertEqual((formula.offset, product.offset), (17, 9))

    def test_codes_that_are_not_echoed(self):
        with self.assertRaisesRegex(ValidationError, "Equipment code 1 is 201 in the recipe area but 101"):
            self.field("line_code").value = 201

    def test_unusable_one_is_not_chosen(self):
        """Nor talked with, where it became so: a table that was restored without its fields."""
        chosen, self.controller.layout_id = self.controller.layout_id, self.map
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM plc_register_field WHERE area_id IN %s", [tuple(self.map.area_ids.ids)])
        self.env.invalidate_all()
        with self.assertRaisesRegex(ValidationError, "The layout Test layout cannot be used yet"):
            self.controller.test_connection()
        self.controller.layout_id = chosen
        with self.assertRaisesRegex(ValidationError, "The layout Test layout cannot be used yet:\n.*field"):
            self.controller.layout_id = self.map
            self.env.flush_all()

    def test_not_under_a_batch_that_was_sent(self):
        self.controller.layout_id = self.map
        self.new_order()
        self.new_simulator()
        self.run_task(1)
        self.field("weight").minimum = 0  # nothing was sent yet
        self.run_task(2)
        self.assertEqual(self.queue().state, "offered")
        for change in (
            lambda: self.field("armed_job").write({"offset": 85}),
            lambda: self.recipe.write({"base": 7100}),
            lambda: self.map.write({"word_order": "low"}),
            lambda: self.field("formula").unlink(),
        ):
            with self.assertRaisesRegex(UserError, "Duplicate it and change the copy"):
                change()
        self.map.name = "Another name"
