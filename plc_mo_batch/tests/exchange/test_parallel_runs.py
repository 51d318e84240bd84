"""Several scheduled actions of a task share the PLCs: each is served once, by whoever is there, and by nobody twice at a time."""

from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ...models.common.plc_task_runs import MOST_RUNS
from ...models.exchange import taken_plcs
from ...models.exchange.taken_plcs import TakenPlcs
from ..common import MillCase

NUMBERS = (1, 2, 3)


class RunsCase(MillCase):
    def share_among(self, number):
        self.env["res.config.settings"].create({"plc_parallel_runs": number}).execute()

    def task(self, number):
        return self.env["plc.task"]._all()[number - 1]

    def at(self, number, place):
        """The task as it runs in that scheduled action of it."""
        return self.task(number).with_context(cron_id=self.task(number)._scheduled_actions().ids[place])

    def counts(self):
        return [len(self.task(number)._scheduled_actions()) for number in (*NUMBERS, 4)]


@tagged("post_install", "-at_install")
class TestScheduledActions(RunsCase):
    def test_as_many_as_are_wanted(self):
        for number in (1, 3, 2, 2, 4, 1):
            with self.subTest(number):
                self.share_among(number)
                self.assertEqual(self.counts(), [number, number, number, 1], "the monitor has no PLCs to share")

    def test_they_are_alike(self):
        self.share_among(3)
        self.env["res.config.settings"].create({"plc_task_2_minutes": 7}).execute()
        for number in NUMBERS:
            crons = self.task(number)._scheduled_actions()
            self.assertEqual(len(set(crons.mapped("name"))), 3)
            for name in ("model_id", "user_id", "code", "interval_number", "active"):
                self.assertEqual(len(set(crons.mapped(name))), 1, name)
            names = crons.get_external_id()
            self.assertTrue(all(names.values()), "they go with the addon")
        self.assertEqual(self.task(2)._scheduled_actions().mapped("interval_number"), [7] * 3)

    def test_bounds(self):
        for number in (0, -1, MOST_RUNS + 1):
            with self.subTest(number), self.assertRaisesRegex(ValidationError, "from 1 to 16"):
                self.share_among(number)

    def test_all_are_woken(self):
        self.share_among(3)
        crons = self.task(2)._scheduled_actions()
        self.env["ir.cron.trigger"].search([]).unlink()
        self.task(2)._trigger()
        self.assertEqual(self.env["ir.cron.trigger"].search([]).cron_id, crons)

    def test_one_that_runs_goes_later(self):
        self.share_among(3)
        crons = type(self.env["ir.cron"])
        with patch.object(crons, "try_lock_for_update", lambda self, **options: self.browse()):
            self.share_among(1)
        self.assertEqual(self.counts(), [3, 3, 3, 1])
        self.run_task(4)
        self.assertEqual(self.counts(), [1, 1, 1, 1])

    def test_a_duplicate_of_a_person_stays(self):
        mine = self.task(2)._scheduled_action().copy()
        mine.active = True
        self.share_among(2)
        self.share_among(1)
        self.assertIn(mine, self.task(2)._scheduled_actions())


class SharesCase(RunsCase):
    """Three runs, eight PLCs."""

    def setUp(self):
        super().setUp()
        values = [{"name": f"Mill {number}", "port": 1 + number} for number in range(1, 8)]
        self.plcs = self.controller
        for value in values:
            self.plcs |= self.controller.copy({**value, "enabled": True})
        self.share_among(3)


@tagged("post_install", "-at_install")
class TestShares(SharesCase):
    def test_each_is_of_one(self):
        for number in (1, 3):
            shares = [self.at(number, place)._mine() for place in range(3)]
            self.assertEqual(sum(map(len, shares)), len(self.plcs))
            self.assertEqual(shares[0] | shares[1] | shares[2], self.env["plc.controller"]._to_serve())
            self.assertLessEqual(max(map(len, shares)) - min(map(len, shares)), 1)

    def test_a_fill_of_each_share(self):
        order = self.new_order()
        filled = []
        fill = type(self.task(1))._fill
        self.patch(type(self.task(1)), "_fill", lambda task, plc: filled.append(plc.id) or fill(task, plc))
        for place in range(3):
            with self.enter_registry_test_mode():
                self.task(1)._scheduled_actions()[place].method_direct_trigger()
        self.assertEqual(sorted(filled), sorted(self.plcs.ids))
        self.assertEqual(len(order.plc_batch_ids), 1)

    def test_what_is_booked_is_of_one(self):
        self.share_among(1)
        batch = self.complete(self.new_order())
        self.share_among(3)
        found = [self.at(3, place)._due() for place in range(3)]
        self.assertEqual(sorted(map(len, found)), [0, 0, 1])
        self.assertEqual(found[0] | found[1] | found[2], batch)


@tagged("post_install", "-at_install")
class TestTaken(SharesCase):
    """Two exchanges, each with a connection of its own to PostgreSQL."""

    @contextmanager
    def run_at(self, place):
        """The PLCs that an exchange takes; its locks are another connection's."""
        with self.registry.cursor() as cr:
            task = self.at(2, place)
            taken = TakenPlcs(task, self.plcs, lambda controller_id: False)
            taken.env = api.Environment(cr, SUPERUSER_ID, {})
            yield taken

    def test_lot_by_lot(self):
        with self.run_at(0) as one, self.run_at(1) as other:
            mine, theirs = one.lots(), other.lots()
            for _turn in range(len(self.plcs)):
                next(mine, None)
                next(theirs, None)
            self.assertEqual(sorted(one.ids + other.ids), sorted(self.plcs.ids))
            self.assertTrue(one.ids and other.ids)
            self.assertFalse(one.missed, "the other one looks at them")

    def test_one_that_is_alone_takes_all(self):
        with self.run_at(2) as one:
            list(one.lots())
            self.assertEqual(sorted(one.ids), sorted(self.plcs.ids))

    def test_one_that_has_them_for_itself_takes_all_at_once(self):
        self.share_among(1)
        with self.run_at(0) as one, self.run_at(0) as other:
            self.assertEqual([len(lot) for lot in one.lots()], [len(self.plcs)])
            self.assertEqual([len(lot) for lot in other.lots()], [0])
            self.assertEqual(other.missed, other.wanted)
            self.assertEqual(list(one.left_behind()), [])

    def test_what_this_process_knows_comes_first(self):
        known = self.plcs.ids[-2:]
        taken = TakenPlcs(self.at(2, 0), self.plcs, known.__contains__)
        self.assertEqual(taken.wanted.ids[:2], known)

    def test_what_was_left_behind(self):
        """The connection of the other one ends, as it does with its process."""
        self.patch(taken_plcs, "FREE_SECONDS", 0.0)
        with self.run_at(0) as one:
            with self.run_at(1) as other:
                next(other.lots())
                list(one.lots())
                left = one.left_behind()
                self.assertFalse(next(left) | next(left), "it is held")
                lost = list(other.ids)
                other.env.cr.execute("SELECT pg_advisory_unlock_all()")
            found = self.plcs.browse()
            for _look in range(3):
                found |= next(left)
            self.assertEqual(sorted(found.ids), sorted(lost))
            self.assertEqual(sorted(one.ids), sorted(self.plcs.ids))

    def test_what_changes_hands_is_not_left_behind(self):
        with self.run_at(0) as one, self.run_at(1) as other:
            next(other.lots())
            list(one.lots())
            left = one.left_behind()
            other.env.cr.execute("SELECT pg_advisory_unlock_all()")
            self.assertFalse(next(left) | next(left), "its next run is about to take them")


@tagged("post_install", "-at_install")
class TestExchanges(RunsCase):
    def test_each_run_looks_at_what_the_other_leaves(self):
        plc = self.new_simulator()
        self.share_among(2)
        order = self.new_order()
        for place in range(2):
            for number in (1, 2, 2):
                with self.enter_registry_test_mode():
                    self.task(number)._scheduled_actions()[place].method_direct_trigger()
        self.assertEqual(order.plc_batch_ids.state, "offered")
        self.assertEqual(len(plc.mill.ledger), 0)
