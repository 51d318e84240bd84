"""What a program adds to the context of a call. The addon's own words in it are objects, which no client can send."""

import re
from pathlib import Path

from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import tagged

from ...models.booking.order_value import DUE, Due, _cost_not_carried, due_of
from ...models.common import marks
from ..security_case import SecurityCase

ADDON = Path(__file__).parents[2]
OWN = re.compile(r"""(?:context\.get\(|context\[|with_context\(\s*\**\{?)\s*["']?plc_""")
MARKS = [mark for mark in vars(marks).values() if isinstance(mark, marks.Mark)]


@tagged("post_install", "-at_install")
class TestForgedContext(SecurityCase):
    def test_no_client_sends_a_mark(self):
        self.assertGreaterEqual(len(MARKS), 5)
        for mark in MARKS:
            for forged in (True, 1, "1", mark.key, {}, {"key": mark.key}):
                self.assertFalse(mark.is_on(self.env(context={mark.key: forged})), (mark.key, forged))
            self.assertTrue(mark.is_on(mark.on(self.controller).sudo().env))
            self.assertFalse(mark.is_on(self.env))
        for forged in (0.0, 1.0, 5, "1", True):
            self.assertIsNone(due_of(self.env(context={DUE: forged})), forged)
        self.assertEqual(due_of(self.env(context={DUE: Due(0.5)})), 0.5)

    def test_every_word_of_ours_is_a_mark(self):
        """A word that is read in another way is one that a client may say."""
        files = [path for path in ADDON.rglob("*.py") if "tests" not in path.parts and "migrations" not in path.parts]
        found = [(path.name, line) for path in files for line in path.read_text().splitlines() if OWN.search(line)]
        self.assertEqual(found, [])

    def test_no_cost_is_made_up(self):
        """Of the time on an order, a product carries what it cost: also where Odoo counts value (test_value_by_people)."""
        centre = self.env["mrp.workcenter"].create({"name": "Mixer"})
        work = {"name": "Mix", "workcenter_id": centre.id, "production_id": self.new_order().id, "product_uom_id": self.kg.id}
        workorder = self.env["mrp.workorder"].create(work)
        workorder.plc_carried_cost = 3.0
        for forged in (0.0, 1.0, 5.0, "all"):
            asked = workorder.with_context(plc_due=forged).with_user(self.people["planner"])
            self.assertEqual(_cost_not_carried(lambda _orders, _date: 10.0, asked), 10.0, forged)

    def test_nothing_is_deleted(self):
        """Odoo's own administrators may not, either."""
        line = self.env["mo.batch.journal"]._record("user", "A test", controller=self.controller)
        alarm = self.env["plc.alarm"].create({"kind": "silent", "message": "A test", "controller_id": self.controller.id})
        for record in (line, alarm):
            with self.assertRaises(UserError):
                record.with_context(plc_vacuum=True).unlink()

    def test_a_unit_is_not_renamed(self):
        """What batches take of a component is given in its unit: changed by a planner, it is converted, whatever he says."""
        order = self.new_order()
        self.env["plc.task.fill"]._fill(self.controller)
        line = self.env["mo.batch"].search([("production_id", "=", order.id)]).line_ids[0]
        grams, before = self.env.ref("uom.product_uom_gram"), line.move_qty
        planner = self.env["stock.move"].with_user(self.people["planner"])
        context = {"skip_uom_conversion": True, "plc_renaming_unit": True}
        call_kw(planner, "write", [line.move_id.ids, {"product_uom": grams.id}], {"context": context})
        self.assertEqual(line.move_id.product_uom, grams)
        self.assertAlmostEqual(line.move_qty, before * 1000.0)
