"""The feed of changes with real transactions: each change is told, whichever transaction ends first."""

import random
from contextlib import ExitStack

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ...models.api.plc_feed import age_of, number_of
from ...models.health.plc_alarm import Condition
from ..common import CommittedMillCase
from ..patience import wait_until


@tagged("post_install", "-at_install")
class TestApiChanges(CommittedMillCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.delete_of_mill, "mo_batch_journal", "mo_batch", "plc_alarm")

    def mill(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})["plc.controller"].browse(self.mill_id)

    def tell(self, cr, message):
        """Add to the journal; whether it stays is for the caller to say."""
        mill = self.mill(cr)
        mill.env["mo.batch.journal"]._record("user", message, controller=mill)
        mill.env.flush_all()

    def changes(self, cursor="", model="mo.batch.journal", **arguments):
        """What a call gives that begins now."""
        with self.registry.cursor() as cr:
            feed = api.Environment(cr, SUPERUSER_ID, {})[model]
            return feed.api_changes(cursor=cursor, **{"plc": self.mill_id, **arguments})

    def told(self, cursor=""):
        """(messages, cursor) of all that is there now, page by page."""
        messages, more = [], True
        while more:
            page = self.changes(cursor, limit=2)
            messages += [line["message"] for line in page["records"]]
            cursor, more = page["cursor"], page["more"]
        return messages, cursor

    def after_all(self, model, cursor=""):
        """The records that follow the cursor, as soon as there are some (PostgreSQL's own work may hold them up), and the next
        cursor."""
        page = wait_until(lambda: (page := self.changes(cursor, model))["records"] and page, "a change")
        return page["records"], page["cursor"]

    # Nothing is skipped

    def test_what_began_earlier_and_ends_later_is_told(self):
        """Its id and its time are lower than those of what was told before."""
        with self.registry.cursor() as slow:
            self.tell(slow, "slow")
            with self.registry.cursor() as fast:
                self.tell(fast, "fast")
            messages, cursor = self.told()
            self.assertEqual(messages, [], "what came after an open transaction waits for it")
        messages = wait_until(lambda: self.told(cursor)[0], "both")
        self.assertEqual(messages, ["slow", "fast"])

    def test_a_transaction_that_wrote_nothing_yet_holds_nothing_up(self):
        with self.registry.cursor() as late:
            late.execute("SELECT count(*) FROM mo_batch_journal")
            with self.registry.cursor() as fast:
                self.tell(fast, "fast")
            messages, cursor = wait_until(lambda: (found := self.told())[0] and found, "the one that was committed")
            self.assertEqual(messages, ["fast"])
            self.tell(late, "late")
        self.assertEqual(wait_until(lambda: self.told(cursor)[0], "the late one"), ["late"])

    def test_what_was_rolled_back_is_not_told(self):
        with self.registry.cursor() as cr:
            self.tell(cr, "never")
            cr.rollback()
        with self.registry.cursor() as cr, cr.savepoint():  # a subtransaction has a number of its own
            self.tell(cr, "ever")
        self.assertEqual(wait_until(lambda: self.told()[0], "the other one"), ["ever"])

    def test_any_order(self):
        """Six writers that begin, write and end as the dice fall, and a reader between them. The line that is written last of all
        ends the reading: what is not told by then is skipped."""
        dice = random.Random(17)
        open_ones, committed, read, cursor = [], ["last"], [], ""

        def reads():
            nonlocal cursor
            messages, cursor = self.told(cursor)
            read.extend(messages)
            return "last" in read

        with ExitStack() as stack:
            for step in range(250):
                deed = dice.choice(("begin", "write", "write", "end", "read"))
                if deed == "begin" and len(open_ones) < 6:
                    open_ones.append((self.registry.cursor(), []))
                    stack.callback(open_ones[-1][0].close)
                elif deed == "read":
                    reads()
                elif open_ones:
                    self.go_on(dice, deed, step, open_ones, committed)
        with self.registry.cursor() as cr:
            self.tell(cr, "last")
        wait_until(reads, "the last line")
        self.assertEqual(sorted(read), sorted(committed))
        self.assertGreater(len(committed), 20)

    def go_on(self, dice, deed, step, open_ones, committed):
        cr, written = dice.choice(open_ones)
        if deed == "write":
            written.append(f"step {step}")
            self.tell(cr, written[-1])
            return
        open_ones.remove((cr, written))
        with cr:  # its end commits
            if dice.random() < 0.7:
                committed += written
            else:
                cr.rollback()

    def test_a_change_is_told_again(self):
        """Also one that is only in its components: what the PLC doses."""
        with self.registry.cursor() as cr:
            mill = self.mill(cr)
            mill.env["plc.task.fill"]._fill(mill)
        batches, cursor = self.after_all("mo.batch")
        self.assertEqual(len(batches), 10)
        self.assertEqual(batches[0]["state"], "queued")
        for statement in (
            "UPDATE mo_batch_line SET actual_qty = 1.5 WHERE batch_id = %s",
            "UPDATE mo_batch SET attention = 'Look' WHERE id = %s",
        ):
            with self.registry.cursor() as cr:
                cr.execute(statement, [batches[3]["id"]])
            [changed], cursor = self.after_all("mo.batch", cursor)
            self.assertEqual((changed["id"], changed["lines"][0]["actual_qty"]), (batches[3]["id"], 1.5))
        self.assertEqual(self.changes(cursor, "mo.batch")["records"], [])

    def test_alarms(self):
        cursor = ""
        for state, message in (("unacknowledged", "Silent"), ("returned", None)):
            with self.registry.cursor() as cr:
                mill = self.mill(cr)
                conditions = [self.condition(mill, message)] if message else []
                mill.env["plc.alarm"]._sync("silent", mill, conditions)
            [alarm], cursor = self.after_all("plc.alarm", cursor)
            self.assertEqual((alarm["state"], alarm["message"], bool(alarm["date_closed"])), (state, "Silent", not message))

    def condition(self, mill, message):
        return Condition("silent", message, mill)

    # To whom

    def test_what_a_user_may_not_see_is_not_told(self):
        with self.registry.cursor() as cr:
            self.tell(cr, "ours")
        wait_until(lambda: self.told()[0], "the line")
        # what ended in another database meanwhile counts as still open: then ask again
        found = wait_until(lambda: any(found := self.seen_by_two()) and found, "the line")
        self.assertEqual(found, [1, 0])

    def seen_by_two(self):
        """How much of the journal an operator of the company is told, and one of another."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            company = env["res.company"].create({"name": "Other mill"})
            groups = {"groups": "plc_mo_batch.group_operator"}
            own = new_test_user(env, "feed-own", **groups)
            far = new_test_user(env, "feed-far", company_id=company.id, company_ids=[company.id], **groups)
            found = [len(env["mo.batch.journal"].with_user(user).api_changes()["records"]) for user in (own, far)]
            cr.rollback()
        return found

    # Cursors

    def test_a_cursor_of_another_feed_or_database_is_refused(self):
        with self.registry.cursor() as cr:
            self.tell(cr, "a line")
        _records, cursor = self.after_all("mo.batch.journal")
        self.assertRefused("stale_cursor", cursor, "plc.alarm")
        self.assertRefused("stale_cursor", cursor, plc=0)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["ir.config_parameter"].set_param("database.uuid", "that of a copy")
            with self.assertRaisesRegex(UserError, "of another database"):
                env["mo.batch.journal"].api_changes(plc=self.mill_id, cursor=cursor)
            cr.rollback()
            env.invalidate_all()
            env.registry.clear_all_caches()

    def test_a_cursor_from_later_than_now_is_refused(self):
        """The machine itself was restored: the numbers of its transactions began again."""
        with self.registry.cursor() as cr:
            feed = api.Environment(cr, SUPERUSER_ID, {})["mo.batch.journal"]
            domain = [("controller_id", "in", [self.mill_id])]
            # far ahead: the server's other databases number their transactions from the same row
            later = feed._feed_pack(feed._feed_name(domain), feed._feed_next() + 2**31, 1)
        self.assertRefused("stale_cursor", later)

    def test_what_is_no_cursor(self):
        for cursor in ("x", "e30=", "WzEsMl0=", "WyJhIiwtMSwxXQ==", "é", "AAAA", "W1siYSJdLDEsMV0=", "bnVsbA=="):
            self.assertRefused("bad_argument", cursor)

    def assertRefused(self, code, cursor, model="mo.batch.journal", **arguments):
        with self.assertRaises(UserError) as caught:
            self.changes(cursor, model, **arguments)
        self.assertEqual(caught.exception.context["code"], code)

    def test_transactions_are_numbered_on_after_four_billion(self):
        """Rows have 32 bits of the number: it is the latest one that has begun."""
        high = 5 * 2**32
        for following, xmin, number in (
            (100, 99, 99),
            (high + 100, 99, high + 99),
            (high + 100, 101, high - 2**32 + 101),
            (high + 3, 2**32 - 1, high - 1),
            (high + 4, 3, high + 3),
        ):
            with self.registry.cursor() as cr:
                seen = SQL("(SELECT %s::bigint AS next, age(%s::text::xid)::bigint AS age)", following, following % 2**32)
                made = SQL('(SELECT %s::text::xid AS "xmin")', xmin)
                cr.execute(SQL("SELECT %s FROM %s AS seen, %s AS made", number_of(age_of("made")), seen, made))
                self.assertEqual(cr.fetchone()[0], number)
