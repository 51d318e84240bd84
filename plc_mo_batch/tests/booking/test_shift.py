"""The shift report: what it says is what the batches, the stock moves and the journal say."""

import re
from datetime import timedelta
from xml.etree import ElementTree

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from ...models.reporting.shift import Shift
from ...models.reporting.timeline import Bar, gaps, svg
from ..common import MillCase

REPORT = "plc_mo_batch.report_plc_shift"


@tagged("post_install", "-at_install")
class TestShift(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.since = fields.Datetime.now().replace(microsecond=0) - timedelta(hours=4)
        cls.wheat.tracking = "lot"
        cls.lots = [cls.env["stock.lot"].create({"name": name, "product_id": cls.wheat.id}) for name in ("W 1", "W 2")]
        cls.controller.write({"tolerance_percent": 1.0, "tolerance_kg": 0.0, "review_percent": 0.0, "review_kg": 0.0})
        cls.controller.lot_policy = "silo"

    def make(self, start, end, lot, wheat, state="completed", book=True):
        """A batch of 1000 kg that took from ``start`` to ``end``, in minutes of the shift."""
        self.controller.equipment_ids[0].lot_id = lot
        order = self.new_order()
        self.run_task(1)
        [batch] = order.plc_batch_ids
        batch._store_actuals((101, 102, 114), (wheat, 352.25, 33.3))
        batch._advance(state, 0.0, {"acknowledged": True})
        batch.write({"date_started": self.at(start), "date_finished": self.at(end)})
        if book:
            self.run_task(3)
        return batch

    def at(self, minutes):
        return self.since + timedelta(minutes=minutes)

    def shift(self, since=0, until=180):
        self.env.flush_all()
        return Shift(self.controller, self.at(since), self.at(until))

    def consumed(self, shift, product):
        rows = [row for row in shift.consumption() if row["product"] == product]
        return {(row["equipment"].name or "", row["lot"].name or ""): float(row["quantity"]) for row in rows}

    def test_consumption_is_what_was_booked(self):
        """By silo and lot, each batch in the shift in which it ended."""
        made = self.make(0, 10, self.lots[0], 600.0)
        made |= self.make(12, 30, self.lots[1], 598.0)
        made |= self.make(31, 50, self.lots[1], 603.5)
        self.make(170, 190, self.lots[0], 611.0)  # of the next shift
        found = self.consumed(self.shift(), self.wheat)
        self.assertEqual(found, {("Silo 101", "W 1"): 600.0, ("Silo 101", "W 2"): 1201.5})
        booked = made.production_id.move_raw_ids.move_line_ids.filtered(lambda item: item.lot_id)
        by_lot = {lot.name: sum(items.mapped("quantity")) for lot, items in booked.grouped("lot_id").items()}
        self.assertEqual({lot: quantity for (_silo, lot), quantity in found.items()}, by_lot)
        self.assertEqual(self.consumed(self.shift(), self.soy), {("Silo 102", ""): 3 * 352.25})
        self.assertEqual(self.consumed(self.shift(180, 240), self.wheat), {("Silo 101", "W 1"): 611.0})

    def test_failed_batches(self):
        """What they consumed counts, their hand-adds and deviations do not."""
        self.make(0, 10, self.lots[0], 590.0)
        failed = self.make(12, 20, self.lots[0], 100.0, state="failed", book=False)
        shift = self.shift()
        self.assertEqual(self.consumed(shift, self.wheat), {("Silo 101", "W 1"): 690.0})
        self.assertEqual(shift.deviations().batch_id, self.env["mo.batch"].browse(shift.batches.ids) - failed)
        figures = dict(shift.total())
        self.assertEqual((figures["Batches"], figures["Failed"]), ("1", "1"))
        self.assertTrue(figures["Made"].endswith("of 2.000 t"), figures)

    def test_stops_and_their_alarm(self):
        self.make(0, 10, self.lots[0], 600.0)
        self.make(14, 30, self.lots[0], 600.0)  # too short a gap
        self.make(60, 178, self.lots[0], 600.0)
        values = {"kind": "silent", "message": "Silent", "controller_id": self.controller.id}
        self.env["plc.alarm"].create({**values, "date_opened": self.at(35), "date_closed": self.at(55)})
        [stop] = self.shift().stops
        self.assertEqual((stop["begin"], stop["end"], stop["alarm"].kind), (self.at(30), self.at(60), "silent"))
        self.assertEqual(dict(self.shift().total())["Idle"], "30 min")

    def test_stops_at_both_ends(self):
        """A shift that began with one is not told of the hours before; nor is one that goes on counted beyond its end."""
        self.make(20, 150, self.lots[0], 600.0)
        found = [(stop["begin"], stop["end"]) for stop in self.shift().stops]
        self.assertEqual(found, [(self.since, self.at(20)), (self.at(150), self.at(180))])
        self.assertEqual([stop["minutes"] for stop in self.shift(160, 220).stops], [60.0])
        self.assertEqual(list(self.shift(30, 140).stops), [])
        [_first, last] = self.shift(0, 600).stops  # of which six hours are yet to come
        self.assertLessEqual(last["end"], fields.Datetime.now())

    def test_first_seen_when_it_had_ended(self):
        """How long it took, nobody knows: it counts as made, and bends neither rate nor duration."""
        self.make(0, 60, self.lots[0], 600.0).produced_qty = 2000.0
        self.make(90, 90, self.lots[0], 600.0).produced_qty = 3000.0
        figures = dict(self.shift(0, 91).total())
        self.assertEqual((figures["Made"], figures["Rate"]), ("5.000 t of 2.000 t", "2.000 t/h"))
        [row] = self.shift(0, 91).products()
        self.assertEqual((row["count"], row["minutes"]), (2, "60.0"))

    def test_right_first_time_is_that_of_the_output(self):
        self.make(0, 10, self.lots[0], 600.0)
        self.make(12, 20, self.lots[0], 100.0, state="failed", book=False)
        shift = self.shift()
        [(mean,)] = self.env["plc.output"]._read_group([("batch_id", "in", shift.batches.ids)], [], ["right_percent:avg"])
        self.assertEqual(dict(shift.total())["Right First Time"], f"{mean:.0f} %")

    def test_what_goes_on_is_drawn_until_now(self):
        """In a shift that is not over: a batch, its hold, an alarm."""
        batch = self.make(200, 210, self.lots[0], 600.0, book=False)
        batch.write({"state": "running", "date_finished": False, "holds": [[fields.Datetime.to_string(self.at(230)), None]]})
        self.env["plc.alarm"].create(
            {"kind": "stuck", "message": "It stands.", "controller_id": self.controller.id, "date_opened": self.at(232)}
        )
        bars = list(self.shift(180, 900)._bars())
        self.assertEqual([bar.kind for bar in bars], ["running", "held", "alarm"])
        for bar in bars:
            self.assertLess(abs(bar.end - fields.Datetime.now()), timedelta(minutes=1))
        self.assertEqual([stop["end"] for stop in self.shift(180, 900).stops], [self.at(200)])

    def test_a_batch_over_both_ends(self):
        """It is of the shift in which it ended, and in the other one the PLC did not stand still."""
        batch = self.make(-30, 200, self.lots[0], 600.0)
        for since, until, is_there in ((-60, 0, False), (0, 180, False), (180, 240, True)):
            shift = self.shift(since, until)
            self.assertEqual(shift.batches == batch, is_there)
            self.assertIn(batch, shift.worked_on)
        self.assertFalse(self.shift(0, 180).stops)

    def test_decisions(self):
        """What people did in that time, at this PLC."""
        batch = self.make(0, 10, self.lots[0], 600.0, book=False)
        night = new_test_user(self.env, "shift_night", name="Night", groups="plc_mo_batch.group_operator")
        batch.with_user(night)._journal("user", "Night decided.")
        shift = Shift(self.controller, self.since, fields.Datetime.now() + timedelta(minutes=1))
        self.assertIn("Night decided.", shift.decisions().mapped("message"))
        self.assertIn(night, shift.decisions().user_id)
        self.assertFalse(self.shift(-60, 0).decisions())

    def test_empty(self):
        """Nothing happened: it says so."""
        self.assertIn("Nothing was made.", self.html(self.shift_report()))

    def shift_report(self, user=None, **values):
        values = {"controller_ids": [Command.set(self.controller.ids)], "since": self.since, "until": self.at(180), **values}
        return self.env["plc.shift"].with_user(user or self.env.user).create(values)

    def html(self, report, **context):
        self.env.flush_all()
        action = self.env["ir.actions.report"].with_context(**context)
        return action._render_qweb_html(REPORT, report.ids)[0].decode()

    def test_paper(self):
        """As an operator sees it, in his language and time zone."""
        batch = self.make(0, 10, self.lots[0], 590.0)
        batch.holds = [[fields.Datetime.to_string(self.at(2)), None]]
        self.controller.name = "Mill <&>"
        night = new_test_user(self.env, "shift_night", groups="plc_mo_batch.group_operator", tz="Asia/Jakarta")
        report = self.shift_report(night)
        html = self.html(report)
        for words in ("Mill &lt;&amp;&gt;", "<svg", "W 1", "Silo 101", "Out of Tolerance", batch.name, self.feed.name):
            self.assertIn(words, html)
        self.assertIn((self.since + timedelta(hours=7)).strftime("%H:%M"), report.display_name)
        report.action_show()
        self.assertEqual(report.action_print()["report_name"], REPORT)

    def test_periods_that_cannot_be(self):
        with self.assertRaises(UserError):
            self.shift_report(until=self.since)
        with self.assertRaises(UserError):
            self.shift_report(until=self.since + timedelta(days=32))

    def test_the_last_shift_is_offered(self):
        """By the plant's clock."""
        self.env.company.resource_calendar_id.tz = "Asia/Kolkata"
        with freeze_time("2026-03-02 03:00:00"):
            form = Form(self.env["plc.shift"])
        found = [fields.Datetime.to_string(moment) for moment in (form.since, form.until)]
        self.assertEqual(found, ["2026-03-01 16:30:00", "2026-03-02 00:30:00"])

    def test_archived_plcs(self):
        """One that worked in that time is in the report, one that did not is not; nor is it lost where somebody asks for it."""
        self.make(0, 10, self.lots[0], 600.0)
        idle = self.new_controller(name="Another PLC", equipment_ids=[], picking_type_ids=[])
        (self.controller | idle).active = False
        asked = self.shift_report(controller_ids=[])
        self.env.invalidate_all()
        found = self.controller.union(*(shift.controller for shift in asked._shifts()))
        self.assertIn(self.controller, found)
        self.assertNotIn(idle, found)
        asked = self.shift_report(controller_ids=[Command.set(idle.ids)])
        self.env.invalidate_all()
        self.assertEqual([shift.controller for shift in asked._shifts()], [idle])

    def test_all_plcs_of_the_reader(self):
        other = self.new_controller(name="Another PLC", equipment_ids=[], picking_type_ids=[])
        shifts = self.shift_report(controller_ids=[])._shifts()
        self.assertLessEqual(self.controller | other, self.controller.union(*(shift.controller for shift in shifts)))


@tagged("post_install", "-at_install")
class TestTimeline(MillCase):
    """The picture is drawn to scale."""

    def setUp(self):
        super().setUp()
        self.since = fields.Datetime.to_datetime("2026-11-30 06:00:00")

    def at(self, minutes):
        return self.since + timedelta(minutes=minutes)

    def drawn(self, *bars, ticks=()):
        """(left, width, colour) of each bar, in a thousandth of a shift of 1000 minutes."""
        picture = svg(
            self.since, self.at(1000), [Bar(self.at(begin), self.at(end), kind, "<&>") for begin, end, kind in bars], ticks
        )
        rects = [each for each in ElementTree.fromstring(picture) if each.tag.endswith("rect")][1:]  # behind them the background
        return [(float(each.get("x")), float(each.get("width")), each.get("fill")) for each in rects]

    def test_scale(self):
        for bar, (left, width) in {
            (0, 100, "made"): (0.0, 99.5),
            (250, 500, "failed"): (250.0, 249.5),
            (-50, 50, "running"): (0.0, 49.5),
            (900, 2000, "held"): (900.0, 99.5),
            (10, 10, "alarm"): (10.0, 1.0),  # still to be seen
        }.items():
            with self.subTest(bar):
                [(x, w, colour)] = self.drawn(bar)
                self.assertEqual((x, w), (left, width))
                self.assertRegex(colour, "^#")

    def test_gaps(self):
        """What none of them covers, whatever their order and however they overlap."""
        for stretches, right in (
            ((), [(0, 100)]),
            (((0, 100),), []),
            (((-50, 200),), []),
            (((10, 20), (20, 30)), [(0, 10), (30, 100)]),
            (((40, 60), (10, 50)), [(0, 10), (60, 100)]),
            (((10, 90), (20, 30)), [(0, 10), (90, 100)]),
            (((90, 150), (-20, 5)), [(5, 90)]),
            (((120, 130),), [(0, 100)]),
        ):
            with self.subTest(stretches=stretches):
                found = gaps(self.since, self.at(100), [(self.at(begin), self.at(end)) for begin, end in stretches])
                self.assertEqual(found, [(self.at(begin), self.at(end)) for begin, end in right])

    def test_what_lies_outside_is_not_drawn(self):
        self.assertEqual(self.drawn((-20, 0, "made"), (1000, 1100, "made")), [])

    def test_hours(self):
        """Full hours of the reader's zone, at most about twelve of them."""
        for zone, hours, first in (("UTC", 8, "07:00"), ("Asia/Kolkata", 8, "12:00"), ("UTC", 48, "07:00")):
            controller = self.controller.with_context(tz=zone)
            ticks = list(Shift(controller, self.since, self.since + timedelta(hours=hours))._ticks())
            self.assertEqual(ticks[0][1], first)
            self.assertLessEqual(len(ticks), 13)
            self.assertTrue(all(re.fullmatch(r"\d\d:00", text) for _moment, text in ticks))
