"""What people end of an order that a PLC began, with the rights that they have: who may close an order may not write what the
addon remembers of its value."""

from itertools import product

from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged

from ..lot import is_drawn
from .value_case import BooksCase, ValueCase


class Undo(Exception):
    """What was tried is over."""


PART = 100.0  # kg beside what the batches made


@tagged("post_install", "-at_install")
class TestValueByPeople(ValueCase):
    """Each moment × each way to end the order × each role that Odoo lets do it."""

    forged = {}  # what a program adds to the context of each call

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = {  # Odoo copies an order's journal entries with it, so whoever makes a backorder reads them
            role: new_test_user(cls.env, f"value-{role}", groups=f"mrp.group_mrp_{role},account.group_account_invoice")
            for role in ("user", "manager")
        }

    def setUp(self):
        super().setUp()
        self.with_labour()
        self.with_byproduct()

    # What the PLC did before

    def one_booked(self, batches):
        self.book(batches[0])

    def two_booked(self, batches):
        self.book(batches[0], batches[1])

    def booked_and_corrected(self, batches):
        self.book(batches[0])
        batches[0].line_ids.move_id.filtered(lambda move: move.product_id == self.wheat).quantity = 250.0

    def failed_as_consumption(self, batches):
        self.fail_batch(batches[0], "consume", "withhold")

    def failed_as_scrap(self, batches):
        self.fail_batch(batches[0], "scrap")

    def booked_then_failed(self, batches):
        self.book(batches[0])
        self.fail_batch(batches[1], "consume", "withhold")

    def weighed_late(self, batches):
        self.book(batches[0])
        self.weigh_late(batches[0])

    MOMENTS = (
        one_booked,
        two_booked,
        booked_and_corrected,
        failed_as_consumption,
        failed_as_scrap,
        booked_then_failed,
        weighed_late,
    )

    # What people do

    def rpc(self, order, method, **context):
        context = {"skip_consumption": True, **self.forged, **context}
        return call_kw(order.env[order._name], method, [order.ids], {"context": context})

    def enter_more(self, order):
        """Beside what batches made: the rest of the order is theirs."""
        with Form(order) as form:
            form.qty_producing = order.qty_produced + PART

    def produce(self, order):
        self.enter_more(order)
        return self.rpc(order, "button_mark_done")

    def answer(self, order, button):
        action = self.produce(order)
        wizard = Form(order.env[action["res_model"]].with_context(**action["context"])).save()
        self.rpc(wizard, button)

    def make_a_backorder(self, order):
        self.answer(order, "action_backorder")

    def close_short(self, order):
        self.answer(order, "action_close_mo")

    def close_as_it_is(self, order):
        self.rpc(order, "button_mark_done", skip_backorder=True)

    def cancel(self, order):
        self.rpc(order, "action_cancel")

    ENDS = (make_a_backorder, close_short, close_as_it_is, cancel)

    # The table

    def test_every_end_at_every_moment(self):
        tried = 0
        for moment, end, role in product(self.MOMENTS, self.ENDS, self.people):
            name = f"{moment.__name__}, {end.__name__}, {role}"
            if is_drawn(name):
                with self.subTest(name), self.assertRaises(Undo), self.env.cr.savepoint():
                    self.walk(moment, end, self.people[role])
                    raise Undo
                tried += 1
        self.assertTrue(tried)

    def walk(self, moment, end, person):
        order, batches = self.start(1.5, 3, extra_cost=0.1)
        moment(self, batches)
        order.plc_batch_ids.filtered("active").action_cancel("plan", "test", "requeue")
        end(self, order.with_user(person))
        self.assertIn(order.state, ("done", "cancel"))
        if order.qty_produced:
            self.assertTrue(self.balance(order).is_even, self.balance(order))

    def test_no_context_changes_a_value(self):
        """``plc_due`` is the addon's own word, and nobody else's."""
        person, people = self.people["user"], type(self)
        for due, end in product((1.0, 5.0, "all"), (people.close_as_it_is, people.cancel)):
            self.forged = {"plc_due": due}
            if is_drawn(f"{people.__name__}, {due}, {end.__name__}"):
                with self.subTest(due=due, end=end.__name__), self.assertRaises(Undo), self.env.cr.savepoint():
                    self.walk(people.one_booked, end, person)
                    raise Undo


@tagged("post_install", "-at_install")
class TestValueByPeopleFifo(TestValueByPeople):
    method = "fifo"


@tagged("post_install", "-at_install")
class TestValueByPeopleInTheBooks(BooksCase, TestValueByPeople):
    """Each move has its entry."""
