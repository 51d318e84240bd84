"""What Odoo or another app asks or refuses when an order is closed: it is told by name, with the way out, and tried again."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from ...models.booking import closing
from .test_write_back_refused import RefusedCase

ADVICE = "Do not close the order: it does not have the quantities of the batch yet."


@tagged("post_install", "-at_install")
class TestClosingQuestions(RefusedCase):
    def asking(self, answer, *orders):
        """Another app answers with this when one of ``orders`` is closed."""
        model = self.env.registry["mrp.production"]
        close = model.button_mark_done
        return patch.object(
            model, "button_mark_done", lambda order: answer if set(order.ids) & {o.id for o in orders} else close(order)
        )

    def test_question_is_named(self):
        batch = self.complete(self.new_order())
        action = {"type": "ir.actions.act_window", "name": "Are the seals intact?", "res_model": "res.partner"}
        with self.asking(action, batch.production_id):
            self.assertRefused(batch, "Odoo asks “Are the seals intact?” (Contact, res.partner) before it closes order")
        self.assertIn(batch.production_id.name, batch.last_error)
        self.assertIn(ADVICE, batch.last_error)
        self.assertBookedAfterwards(batch)

    def test_question_without_a_name(self):
        for answer, named in (
            ({"type": "ir.actions.client", "tag": "ask_me"}, "“ask_me”"),
            ({"type": "ir.actions.act_window"}, "“ir.actions.act_window”"),
            (None, "“?”"),
            (False, "“?”"),
        ):
            with self.subTest(answer):
                batch = self.complete(self.new_order())
                with self.asking(answer, batch.production_id):
                    self.assertRefused(batch, named)
                self.assertIn(ADVICE, batch.last_error)
                self.assertBookedAfterwards(batch)

    def test_others_are_booked(self):
        good, bad = self.complete(self.new_order(), self.new_order())
        with self.asking({"name": "Sure?", "type": "ir.actions.act_window"}, bad.production_id):
            self.assertRefused(bad, "Odoo asks “Sure?”")
        self.assertEqual(good.state, "done")

    def test_attempts_go_on(self):
        batch = self.complete(self.new_order())
        with self.asking({"name": "Sure?", "type": "ir.actions.act_window"}, batch.production_id):
            for attempts in (1, 2, 3):
                batch.next_try = False
                self.run_task(3)
                self.assertRecordValues(batch, [{"state": "completed", "attempts": attempts}])
                self.assertTrue(batch.next_try)
        self.assertBookedAfterwards(batch)

    def test_question_that_is_known_is_not_asked(self):
        """What Odoo's own wizards ask has been decided by a policy, or is told by a remark."""
        self.assertEqual(set(closing.ANSWERS), {"skip_consumption", "skip_backorder", "skip_redirection", "skip_expired"})
        batch = self.complete(self.new_order())
        seen = {}
        model = self.env.registry["mrp.production"]
        close = model.button_mark_done

        def look(order):
            seen.update(order.env.context)
            return close(order)

        with patch.object(model, "button_mark_done", look):
            self.run_task(3)
        self.assertEqual(batch.state, "done")
        self.assertTrue(all(seen[key] for key in closing.ANSWERS))

    def test_refusal_of_another_app(self):
        batch = self.complete(self.new_order())
        with patch.object(self.env.registry["mrp.production"], "button_mark_done", side_effect=UserError("No inspection")):
            self.assertRefused(
                batch,
                f"Odoo does not close order {batch.production_id.name}: No inspection. Correct on the order what it names. "
                "The batch is then booked by itself.",
            )
        self.assertBookedAfterwards(batch)

    def test_serial_number_that_is_used_up(self):
        unit = self.env.ref("uom.product_uom_unit")
        seal = self.new_product("Test seal", tracking="serial", uom_id=unit.id)
        first, second = self.new_lot("S1", seal), self.new_lot("S2", seal)
        bom = self.new_bom([(self.wheat, 600.0), (seal, 1.0)])
        self.put_in_stock(1.0, seal, lot=first)
        used = self.new_order(bom_id=bom.id)
        self.complete(used, actuals={101: 600.0})
        self.run_task(3)
        self.assertEqual(used.state, "done")
        order = self.new_order(bom_id=bom.id)
        move = order.move_raw_ids[1]
        values = {**move._prepare_move_line_vals(quantity=0), "lot_id": first.id, "quantity": 1.0}
        self.env["stock.move.line"].create(values)
        batch = self.complete(order, actuals={101: 600.0})
        self.assertRefused(batch, "The serial number S1 used for component Test seal has already been consumed.")
        self.assertIn("take the serial numbers that are used up off the component, and reserve others", batch.last_error)
        self.put_in_stock(1.0, seal, lot=second)
        move.move_line_ids.unlink()
        order.action_assign()
        self.assertBookedAfterwards(batch)

    def test_record_of_another_company(self):
        batch = self.complete(self.new_order())
        other = self.env["res.company"].create({"name": "Test other mill"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE mrp_bom SET company_id = %s WHERE id = %s", (other.id, self.bom.id))
        self.env.invalidate_all()
        self.assertRefused(batch, "Have all that it names belong to the company of the order, or take others.")
        self.env.cr.execute("UPDATE mrp_bom SET company_id = NULL WHERE id = %s", (self.bom.id,))
        self.env.invalidate_all()
        self.assertBookedAfterwards(batch)

    def test_nobody_is_told_to_close_it_by_hand(self):
        """No sentence on a batch that is not booked says so."""
        batch = self.complete(self.new_order())
        self.feed.tracking = "serial"
        self.assertRefused(batch, "Test feed is tracked by serial number, but a PLC produces by weight.")
        self.assertNotIn("lose the order by hand", batch.last_error)
