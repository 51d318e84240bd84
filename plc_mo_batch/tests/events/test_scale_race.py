"""Two tablets at the mixer, and the tasks, at the very moment at which a bag is entered: two real transactions."""

from contextlib import suppress

from psycopg2.extensions import TransactionRollbackError

from odoo.exceptions import LockError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..booking.test_silo_race import TestSiloRace


@tagged("post_install", "-at_install")
class TestScaleRace(TestSiloRace):
    """Salt is added by hand to the batch, which runs."""

    test_filled_while_it_is_booked = test_filled_with_another_lot_while_it_is_booked = test_booked_while_it_is_filled = None

    def components(self, env, plc, product):
        self.salt_id = env["product.product"].create({"name": "Test salt", "is_storable": True, "uom_id": plc.uom_id.id}).id
        salt = {"product_id": self.salt_id, "product_qty": 0.02, "product_uom_id": plc.uom_id.id, "plc_added": "hand"}
        return [*super().components(env, plc, product), salt]

    def end(self, batch):
        batch._set_state("running")

    def forget(self):
        with self.transaction() as env:
            env.cr.execute("DELETE FROM plc_weighing WHERE controller_id = %s", [self.mill_id])
        return super().forget()

    def line(self, env):
        return env["mo.batch"].browse(self.batch_id).line_ids.filtered(lambda line: line.product_id.id == self.salt_id)

    def add(self, env, quantity=5.0, **values):
        found = self.line(env)._add_at_scale(quantity, env["stock.lot"], seen=0, **values)
        env.flush_all()
        return found

    def meanwhile(self, person, act, other):
        """``act`` of a person whose picture of the data is older than what somebody else does: Odoo begins it anew.

        :return: what that gives
        """
        person.cr.execute("SELECT count(*) FROM plc_weighing")  # the picture
        with self.transaction() as env:
            other(env)
        with suppress(TransactionRollbackError), mute_logger("odoo.sql_db"):
            act(person)
            self.fail("It was entered on an old picture of the data.")
        person.cr.rollback()
        person.invalidate_all()
        return act(person)

    def test_two_tablets(self):
        """The second person is told what the first one entered."""
        with self.transaction() as person:
            bag, question = self.meanwhile(person, self.add, self.add)
            self.assertFalse(bag)
            self.assertIn("entered: 5.00", question)
            self.assertEqual(self.line(person).weighed_qty, 5.0)

    def test_one_bag_at_two_tablets(self):
        """That was weighed in advance: its label counts once."""
        with self.transaction() as env:
            self.bag_id = self.line(env)._weigh_in_advance(5.0, env["stock.lot"]).id

        def scan(env):
            self.add(env, bag=env["plc.weighing"].browse(self.bag_id), agreed=True)

        with self.transaction() as person:
            with self.assertRaisesRegex(UserError, "This bag was added already: 5.00 .* of Test salt"):
                self.meanwhile(person, scan, scan)
            self.assertEqual(self.line(person).weighed_qty, 5.0)

    def test_cancelled_while_it_is_weighed(self):
        def cancel(env):
            env["mo.batch"].browse(self.batch_id)._set_state("cancelled")
            env.flush_all()

        with self.transaction() as person, self.assertRaisesRegex(UserError, "was cancelled. Nothing can be added to it."):
            self.meanwhile(person, lambda env: self.add(env, agreed=True), cancel)

    def test_while_a_task_is_at_work_on_it(self):
        """Every door by which a person enters something says so, and nothing is half entered."""
        with self.transaction() as env:
            self.bag_id = self.add(env)[0].id
            env["plc.controller"].browse(self.mill_id).hand_add_check_policy = "second"
        with self.transaction() as task, self.transaction() as person:
            task["mo.batch"].browse(self.batch_id).lock_for_update(allow_referencing=True)
            bag, line = person["plc.weighing"].browse(self.bag_id), self.line(person)
            for act in (
                lambda: self.add(person, agreed=True),
                lambda: line._weigh_in_advance(5.0, person["stock.lot"]),
                lambda: line._say_all_added(agreed=True),
                bag.action_check,
                lambda: bag.action_dismiss("a slip"),
            ):
                with self.assertRaisesRegex(LockError, "at this very moment: nothing was entered. Try again."):
                    act()
            self.assertRecordValues(line, [{"weighed_qty": 5.0, "all_added": False}])
        with self.transaction() as env:
            env["plc.controller"].browse(self.mill_id).hand_add_check_policy = "none"
