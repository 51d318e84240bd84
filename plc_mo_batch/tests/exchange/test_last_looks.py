"""A look at a PLC decides nothing if no word and no row is new since one that found nothing to do, and nothing is due."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from ...models.exchange import last_looks, look_versions, plc_task_exchange
from ...models.exchange.plc_task_exchange import Conversation
from ...models.layouts.layout_versions import LAYOUT_ROWS
from ...models.orders.order_versions import OWN
from ...models.orders.order_versions import SHARED as OF_ORDERS
from ..orders.test_order_versions import BESIDE, TablesCase
from .test_withdraw import OfferedCase

WATCHED = {*look_versions.ROWS, *look_versions.SHARED, *LAYOUT_ROWS, "plc_controller"}
NAMED = {"plc_controller": "name", "plc_equipment": "name"}  # whose content counts: what is shown is written at each look
OTHER = {
    **dict.fromkeys(("ir_cron", "last_cron_progress", "ir_cron_progress", "ir_cron_trigger"), "the scheduled action"),
    **dict.fromkeys(("ir_act_server", "ir_act_server_group_rel", "ir_default"), "what it runs"),
    **dict.fromkeys(("ir_model", "ir_model_data", "ir_model_fields", "res_groups", "res_groups_privilege"), "the registry"),
    "res_users": "who the server is",
    "res_partner": "the language of messages",
    "plc_alarm": "whether this task's own is open, after the look",
    "bus_bus": "old messages, which are deleted after the look",
    **dict.fromkeys(("generate_series", "unnest", "moves"), "no tables"),
}


class LastLookCase(TablesCase, OfferedCase):
    """A PLC was offered a batch, and a look at it has found nothing to do."""

    def setUp(self):
        super().setUp()
        self.batch.date_offered -= timedelta(minutes=1)  # the PLC had its settle time
        self.digested = 0
        digest = Conversation._digest

        def note(conversation, *args):
            self.digested += 1
            return digest(conversation, *args)

        self.patch(Conversation, "_digest", note)
        self.decides()

    def decides(self):
        """Whether a look decides anything, or takes all for what it was."""
        self.digested = 0
        self.run_task(2)
        return bool(self.digested)


@tagged("post_install", "-at_install")
class TestNothingNew(LastLookCase):
    def requests(self):
        return self.env["plc.counter"].search([("controller_id", "=", self.controller.id), ("name", "=", "requests")]).value

    def test_nothing_is_decided(self):
        self.assertEqual([self.decides() for _look in range(3)], [False] * 3)

    def test_it_is_asked_as_much_as_ever(self):
        last_looks._KEPT.clear()
        asked = []
        for _look in range(3):  # a whole one, and two that find nothing new
            before = self.requests()
            self.run_task(2)
            asked.append(self.requests() - before)
        self.assertEqual(asked, [asked[0]] * 3)
        self.assertGreaterEqual(asked[0], self.controller.layout_id.slots)

    def test_the_contact_is_stored(self):
        self.controller.last_contact -= timedelta(minutes=1)
        before = self.controller.last_contact
        self.assertFalse(self.decides())
        self.assertGreater(self.controller.last_contact, before)

    def test_a_process_that_forgets_decides_again(self):
        last_looks._KEPT.clear()
        self.assertEqual([self.decides(), self.decides()], [True, False])

    def test_an_idle_plc(self):
        self.run_plc(self.plc, 1)
        self.run_task(3)
        self.decides()
        self.assertFalse(self.queue())
        self.assertFalse(self.decides())

    def test_versions_that_cannot_be_read(self):
        with patch.object(last_looks, "look_versions", side_effect=ValueError("no such table")):
            self.assertTrue(self.decides())
        self.assertEqual(self.batch.state, "offered")


@tagged("post_install", "-at_install")
class TestSomethingNew(LastLookCase):
    def test_whatever_happens_is_seen(self):
        """By the next look, each in turn: the look after it finds nothing new again."""
        another = {"slot": 2, "job_number": 0, "state": "done", "active": False, "date_offered": "2026-01-01"}
        happenings = {
            "order": lambda: self.order.move_raw_ids[0].write({"product_uom_qty": 401.0}),
            "bill of materials": lambda: self.bom.bom_line_ids[0].write({"product_qty": 41.0}),
            "product": lambda: self.wheat.write({"name": "Spelt"}),
            "settings": lambda: self.controller.write({"tolerance_percent": 7.5}),
            "silo": lambda: self.controller.equipment_ids[0].write({"tolerance_kg": 9.0}),
            "layout": lambda: self.controller.layout_id.write({"name": "Another name"}),
            "parameter": lambda: self.env["ir.config_parameter"].set_param("plc_mo_batch.any", "1"),
            "error on the PLC": lambda: self.controller.write({"last_error": "The line was cut."}),
            "another batch": lambda: self.batch.copy({"name": "X", "production_id": self.new_order().id, **another}),
        }
        for name, happen in happenings.items():
            with self.subTest(name):
                self.decides()
                self.assertFalse(self.decides())
                happen()
                self.assertTrue(self.decides())

    def test_a_switch_ends_it(self):
        """In the middle of a run that follows the PLC: it is not looked at as a whole once more, and nothing is written."""
        self.patch(last_looks, "FRESH_SECONDS", -1.0)
        self.controller.poll_interval = 0.01
        with patch.object(plc_task_exchange, "LIVE_SECONDS", 0.5):
            self.decides()
        answered = []
        note = last_looks.LastLooks.note_contact

        def switch_off(looks, controller_id):
            answered.append(controller_id)
            self.assertLess(len(answered), 3, "it goes on for ever")
            looks.task.env["plc.controller"].sudo().browse(controller_id).enabled = False
            looks.task._commit()
            note(looks, controller_id)

        self.patch(last_looks.LastLooks, "note_contact", switch_off)
        self.assertFalse(self.decides())
        self.assertEqual(len(answered), 1)

    def test_a_person_cancels(self):
        self.batch._cancel("other", "Not today", "requeue")
        self.assertTrue(self.decides())
        self.batch.withdrawn_at = fields.Datetime.now() - timedelta(minutes=1)
        self.assertTrue(self.decides())
        self.assertEqual(self.batch.state, "cancelled")

    def test_the_plc_shows_something(self):
        self.plc.step(0)  # it takes the job
        self.assertTrue(self.decides())
        self.assertEqual(self.batch.state, "running")
        self.run_plc(self.plc, 1)
        self.assertEqual(self.batch.state, "completed")

    def test_the_plc_is_silent(self):
        self.plc.stop()
        self.assertTrue(self.decides())
        self.assertFalse(self.controller.online)

    def test_time_alone(self):
        self.controller.take_minutes = 30
        self.decides()
        self.assertFalse(self.decides())
        offered = self.batch.date_offered
        for later, decides in ((timedelta(minutes=29), False), (timedelta(minutes=31), True)):
            with self.subTest(later), patch.object(fields.Datetime, "now", return_value=offered + later):
                self.assertEqual(self.decides(), decides)
        self.assertIn("has not taken the recipe", self.batch.attention)

    def test_a_clock_that_is_set_back(self):
        with patch.object(fields.Datetime, "now", return_value=fields.Datetime.now() - timedelta(hours=2)):
            self.assertTrue(self.decides())

    def test_what_was_not_settled_when_it_was_asked(self):
        """It is by the time of the answer: the next look may conclude more from the same words."""
        last_looks._KEPT.clear()
        self.batch.date_offered = fields.Datetime.now()
        digest = Conversation._digest

        def settle(conversation, *args):
            conversation.env["mo.batch"].sudo().browse(self.batch.id).date_offered -= timedelta(minutes=1)
            return digest(conversation, *args)

        with patch.object(Conversation, "_digest", settle):
            self.decides()
        self.assertTrue(self.decides())
        self.assertFalse(self.decides())

    def test_what_is_not_settled_is_decided_again(self):
        self.batch.date_offered = fields.Datetime.now()
        self.assertTrue(self.decides())
        self.assertTrue(self.decides())

    def test_a_version_that_stood_still_would_be_noticed(self):
        """The tests above depend on it."""
        frozen = {self.controller.id: last_looks._KEPT[self.env.cr.dbname, self.controller.id].version}
        self.patch(last_looks, "look_versions", lambda env, controllers: frozen)
        self.order.move_raw_ids[0].product_uom_qty = 401.0
        self.assertFalse(self.decides())
        self.assertFalse(self.batch.order_changed)


@tagged("post_install", "-at_install")
class TestLookVersions(LastLookCase):
    def version(self):
        return look_versions.look_versions(self.env, self.controller.ids)[self.controller.id]

    def test_every_table_is_seen(self):
        """Whatever writes to it: here, PostgreSQL alone."""
        center = self.env["mrp.workcenter"].create({"name": "Mixer"})
        self.env["mrp.workorder"].create({"name": "Mix", "workcenter_id": center.id, "production_id": self.order.id})
        self.controller.tls_ca = b"bm9uZQ=="
        self.controller.equipment_ids[:1].location_id = self.picking_type.default_location_src_id.copy({"name": "Silo"})
        event = {"controller_id": self.controller.id, "event_slot": 1, "words": "1", "event_key": "A"}
        event["company_id"] = self.env.company.id
        self.env["plc.failure"].create({**event, "equipment_code": "101"})
        self.env["plc.weighing"].create(event)
        for table in sorted(WATCHED):
            with self.subTest(table):
                before = self.version()
                column = {"plc_controller_stock_picking_type_rel": "plc_controller_id"}.get(table, "id")
                column = {"plc_equipment_product_product_rel": "plc_equipment_id", **NAMED}.get(table, column)
                value = SQL("'Another'") if table in NAMED else SQL.identifier(column)
                self.env.cr.execute(SQL("UPDATE %s SET %s = %s", SQL.identifier(table), SQL.identifier(column), value))
                self.assertGreater(self.env.cr.rowcount, 0)
                self.assertNotEqual(self.version(), before)

    def test_everything_that_is_read_is_watched(self):
        last_looks._KEPT.clear()
        with patch.object(last_looks, "look_versions", lambda env, ids: dict.fromkeys(ids, "")):
            read = self.tables_read_by(self.run_task, 2)
        self.assertTrue(self.digested)
        self.assertLess({"mo_batch", "mo_batch_line", "plc_controller"}, read)
        self.assertFalse(read - WATCHED - BESIDE.keys() - OTHER.keys())

    def test_all_that_a_recipe_is_frozen_from_is_watched(self):
        self.assertLessEqual({*OWN, *OF_ORDERS}, WATCHED)

    def test_the_contact_alone_is_no_news(self):
        before = self.version()
        self.controller.last_contact = "2026-01-01"
        self.assertEqual(self.version(), before)

    def test_what_a_sensor_shows_is_no_news(self):
        before = self.version()
        self.controller.equipment_ids[0].write({"sensor_level": 7.0, "sensor_at": "2026-01-01", "sensor_problem": "x"})
        self.assertEqual(self.version(), before)

    def test_all_plcs_are_asked_about_at_once(self):
        other = self.controller.copy({"name": "Another mill"})
        versions = look_versions.look_versions(self.env, [self.controller.id, other.id])
        self.assertEqual(versions.keys(), {self.controller.id, other.id})
        self.assertEqual(versions[self.controller.id], self.version())
