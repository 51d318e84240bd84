"""A layout that counts in smaller steps than quantities are kept in is refused: part of each would be lost unseen."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..common import MillCase


@tagged("post_install", "-at_install")
class TestLayoutSteps(MillCase):
    def scale(self, scale, **values):
        fields = self.controller.layout_id.area_ids.field_ids.filtered(lambda field: field.role == "line_quantity")
        fields.write({"scale": scale, **values})
        return self.controller.layout_id

    def test_hundredths_and_coarser_are_kept(self):
        for scale in (100, 10, 1, 4, 50):
            self.assertFalse(self.scale(scale).problems, scale)

    def test_finer_is_refused(self):
        for scale, step in ((1000, "0.001"), (8, "0.125"), (128, "0.0078125")):
            with self.assertRaises(ValidationError) as refused, self.cr.savepoint():
                self.scale(scale)
            self.assertIn(f"counts in steps of {step}, but quantities are stored with 2 decimals", str(refused.exception))

    def test_more_decimals_are_kept_where_odoo_keeps_them(self):
        self.env.ref("uom.decimal_product_uom").digits = 3
        self.env.invalidate_all()
        self.assertFalse(self.scale(1000).problems)
        order = self.new_order()
        batch = self.complete(order, actuals={101: 601.257, 102: 352.25, 114: 33.3})
        self.assertEqual(batch.line_ids[0].actual_qty, 601.257)
        self.run_task(3)
        self.assertEqual(self.consumed(order)[self.wheat], 601.257)

    def test_decimals_that_are_taken_away_stop_the_exchange(self):
        self.env.ref("uom.decimal_product_uom").digits = 3
        self.env.invalidate_all()
        self.scale(1000)
        self.env.ref("uom.decimal_product_uom").digits = 2
        self.env.invalidate_all()
        self.assertIn("Raise the decimal accuracy of Product Unit", self.controller.layout_id.problems)
