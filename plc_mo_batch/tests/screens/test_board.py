"""What the board is given, and by whom it may be seen; what it is told of, and when."""

import json
from datetime import datetime
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, new_test_user

from odoo.addons.bus.models.bus import channel_with_db

from ...models.health.plc_alarm import Condition
from ...tools.shifts import shift_around
from ..common import MillCase

FILLED = 3
NOTHING = {"orders": 0, "refused": 0, "withheld": 0}  # waits


class BoardCase(MillCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["plc.controller"].search([("id", "!=", cls.controller.id)]).active = False
        cls.night = new_test_user(cls.env, "night", groups="plc_mo_batch.group_operator")
        cls.orders = [cls.new_order() for _order in range(FILLED)]

    def board(self, user=None, **options):
        return self.env["plc.controller"].with_user(user or self.night).get_board(**options)

    def lane(self, **options):
        return self.board(**options)["lanes"][0]

    def texts(self, **options):
        return [item["message"] for item in self.board(**options)["attention"]]

    def methods(self, batch, user=None):
        return [button["method"] for button in batch.with_user(user or self.night)._board_buttons()]


class TestBoard(BoardCase):
    # Its values

    def test_values_are_json_and_none_is_none(self):
        batch = self.complete(self.orders[0])
        batch._record_error("no lot")
        self.complete(self.orders[1])._finish()
        nothing = []

        def walk(value):
            if isinstance(value, dict):
                [walk(part) for part in value.values()]
                assert all(isinstance(key, str) for key in value)
            elif isinstance(value, list):
                [walk(part) for part in value]
            elif value is None or not isinstance(value, (bool, int, float, str)):
                nothing.append(value)

        board = self.board()
        walk(board)
        self.assertEqual(nothing, [])
        self.assertEqual(json.loads(json.dumps(board)), board)

    def test_lane(self):
        self.run_task(1)
        lane = self.lane()
        self.assertEqual([batch["slot"] for batch in lane["batches"]], [1, 2, 3])
        self.assertEqual({batch["state"] for batch in lane["batches"]}, {"queued"})
        self.assertEqual((lane["name"], lane["connection"], lane["slots"], lane["unit"]), ("Test PLC", "new", 10, "kg"))
        self.assertEqual(lane["finished"]["count"], 0)

    def test_components_of_the_running_batch(self):
        self.run_task(1)
        batch = self.queue()[0]
        self.controller.tolerance_percent = 2.0
        batch._store_actuals([101], [300.5])
        batch._advance("running", 0.0, {})
        first, second, _third = self.lane()["batches"]
        self.assertEqual(second["lines"], [])
        wheat = {**first["lines"][0], "id": 0}
        self.assertEqual(
            wheat,
            {
                "id": 0, "product": "Test wheat", "place": "Silo 101", "by_hand": False, "planned": 600.0, "actual": 300.5,
                "known": True, "unit": "kg", "limits": {"tolerance": 12.0},
            },
        )  # fmt: skip
        salt = first["lines"][3]
        self.assertEqual((salt["product"], salt["by_hand"], salt["known"], salt["limits"]), ("Test salt", True, False, {}))

    def test_batches_of_one_order_are_told_apart(self):
        self.controller.max_batch_qty = 1000.0
        order = self.new_order(2000.0)
        self.run_task(1)
        names = [batch["order"] for batch in self.lane()["batches"]]
        self.assertEqual(names, [*(one.name for one in self.orders), f"{order.name}#01", f"{order.name}#02"])
        batch = self.queue()[-1]
        batch.attention = "Look at it."
        self.assertTrue(self.board()["attention"][0]["title"].endswith(f"{order.name}#02"))

    def test_switches_are_read_once(self):
        """For the buttons, and for what keeps all PLCs from being served; not once a task and PLC."""
        task = type(self.env["plc.task"])
        for number in range(3):
            self.new_controller(name=f"PLC {number}", picking_type_ids=False, equipment_ids=False)
        with patch.object(task, "_settings", autospec=True, side_effect=task._settings) as read:
            self.board()
        self.assertEqual(read.call_count, 2)

    def test_connection(self):
        for values, expected in (
            ({"online": True, "last_contact": fields.Datetime.now()}, "online"),
            ({"online": False, "last_error": "It does not answer."}, "offline"),
            ({"enabled": False}, "off"),
        ):
            self.controller.sudo().write(values)
            self.assertEqual(self.lane()["connection"], expected)
        self.assertEqual(self.lane()["error"], "It does not answer.")

    def test_stale_sooner_while_followed_live(self):
        interval = self.env.ref("plc_mo_batch.ir_cron_task_2").interval_number * 60
        self.assertEqual(self.lane()["stale_after"], 3 * interval)
        self.run_task(1)
        self.controller.poll_interval = 1.0
        self.queue()[0]._set_state("running")
        self.assertEqual(self.lane()["stale_after"], 120)

    def test_orders_that_wait_for_an_empty_queue(self):
        self.orders[0].plc_reason = "no"
        self.orders[1].plc_withheld = True
        self.assertEqual(self.lane()["waiting"], {"orders": 2, "refused": 1, "withheld": 1})
        self.run_task(1)
        self.assertEqual(self.lane()["waiting"], NOTHING)

    def test_nothing_waits_without_operation_types(self):
        self.controller.picking_type_ids = False
        self.assertEqual(self.lane()["waiting"], NOTHING)
        self.assertEqual(self.lane()["operation_types"], [])

    def test_finished_in_this_shift(self):
        done, cancelled, earlier = self.complete(*self.orders)
        (done | earlier)._finish()
        done.produced_qty = 998.5
        cancelled._set_state("cancelled")
        earlier.date_closed = fields.Datetime.subtract(fields.Datetime.now(), hours=25)
        finished = self.lane()["finished"]
        self.assertEqual((finished["count"], finished["quantity"]), (1, 998.5))
        self.assertEqual({batch["id"] for batch in finished["batches"]}, set((done | cancelled).ids))

    def test_lanes_that_are_named(self):
        other = self.new_controller(name="Other PLC", picking_type_ids=False, equipment_ids=False)
        self.assertEqual([lane["id"] for lane in self.board(controller_ids=[other.id])["lanes"]], [other.id])
        self.assertEqual(len(self.board()["lanes"]), 2)

    def test_queries_do_not_grow_with_plcs(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.board()
            return self.env.cr.sql_log_count - before

        def add(*numbers):
            for number in numbers:
                self.new_controller(name=f"PLC {number}", equipment_ids=False, picking_type_ids=self.picking_type.ids)

        self.run_task(1)
        add(1)
        queries()
        of_two = queries()
        add(*range(2, 10))
        self.assertEqual(queries(), of_two)

    # What needs a person

    def test_nothing_needs_attention(self):
        self.assertEqual(self.texts(), [])

    def test_attention(self):
        batch = self.complete(self.orders[0])
        batch.attention = "Look at it."
        batch._record_error("no lot is known")
        self.controller.sudo().last_error = "It does not answer."
        items = self.board()["attention"]
        self.assertEqual([item["severity"] for item in items], ["danger", "danger", "warning"])
        self.assertEqual([button["method"] for button in items[0]["buttons"]], ["action_test_connection"])
        self.assertEqual(
            [item["message"] for item in items],
            ["It does not answer.", "Write-back failed (1 times): no lot is known", "Look at it."],
        )

    # Orders that cannot be queued

    def refuse(self, *orders):
        for order in orders:
            order.plc_reason = "the vitamin has no silo."

    def test_a_refused_order_needs_attention_with_its_reason(self):
        first, second, third = self.orders
        self.refuse(first)
        [item] = self.board()["attention"]
        self.assertEqual(item["message"], f"Not queued: {first.name}: the vitamin has no silo.")
        self.assertEqual((item["severity"], item["plc"], item["model"]), ("warning", self.controller.id, "plc.controller"))
        self.refuse(second, third)
        [message] = self.texts()
        self.assertTrue(message.startswith("3 orders are not queued. "), message)
        self.assertEqual(message.count("no silo"), 2)

    def test_orders_that_are_over_withheld_or_of_a_plc_that_is_off_do_not(self):
        first, second, _third = self.orders
        self.refuse(first, second)
        first.plc_withheld = True
        second.action_cancel()
        self.assertEqual(self.texts(), [])
        self.refuse(self.orders[2])
        self.controller.enabled = False
        self.assertEqual(self.texts(), [])

    def test_an_alarm_about_them_says_it_once(self):
        self.refuse(self.orders[0])
        self.env["plc.alarm"]._raise(Condition("orders", "1 orders are waiting", self.controller))
        self.assertEqual(self.texts(), ["1 orders are waiting"])

    def test_they_are_listed_with_their_reasons(self):
        self.refuse(self.orders[0])
        action = self.controller.with_user(self.night).action_view_refused_orders()
        json.dumps(action)
        found = self.env["mrp.production"].with_user(self.night).search(action["domain"])
        self.assertEqual(found, self.orders[0])
        view = self.env["ir.ui.view"].browse(action["views"][0][0])
        self.assertIn("plc_reason", view.arch)

    def test_plc_that_is_off_needs_no_attention(self):
        self.controller.sudo().write({"last_error": "It does not answer.", "enabled": False})
        self.assertEqual(self.texts(), [])

    def test_task_that_is_off(self):
        self.env["ir.config_parameter"].set_param("plc_mo_batch.task_2_enabled", False)
        self.assertEqual(self.texts(), ["Task 2: switched off in the settings."])
        self.assertNotIn("action_exchange_now", [button["method"] for button in self.lane()["buttons"]])
        self.assertIn("action_fill_now", [button["method"] for button in self.lane()["buttons"]])

    def test_neutralized(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", True)
        self.assertEqual(self.texts(), ["This is a neutralized copy of the database. It does not connect to any PLC."])

    def raise_alarm(self, kind, message, batch=None):
        condition = Condition(kind, message, self.controller, batch or self.env["mo.batch"])
        return self.env["plc.alarm"]._raise(condition)

    def test_alarm_of_its_own(self):
        self.raise_alarm("orders", "12 orders wait.")
        (item,) = self.board()["attention"]
        self.assertEqual((item["message"], item["severity"], item["batch"]), ("12 orders wait.", "warning", 0))
        self.assertEqual([button["method"] for button in item["buttons"]], ["action_acknowledge"])

    def test_alarm_about_what_is_said_already(self):
        """Each matter once: with the newest sentence, since when, and who takes care of it."""
        self.controller.sudo().last_error = "It does not answer."
        batch = self.complete(self.orders[0])
        batch._record_error("no lot is known")
        silent = self.raise_alarm("silent", "No contact since 3.")
        failing = self.raise_alarm("write_back", "Cannot be written back.", batch)
        self.raise_alarm("write_back", "Cannot be written back.", batch)
        silent.with_user(self.night).action_acknowledge()
        items = self.board()["attention"]
        self.assertEqual([item["id"] for item in items], [silent.id, failing.id])
        self.assertEqual([item["message"] for item in items][0], "It does not answer.")
        self.assertEqual([item["seen_by"] for item in items], [self.night.name, ""])
        self.assertEqual([bool(item["buttons"]) for item in items], [False, True])

    def test_alarm_of_all_plcs(self):
        self.env["plc.alarm"]._raise(Condition("task", "Task 2 does not run."))
        self.assertEqual(self.texts(), ["Task 2 does not run."])

    def test_failure_and_weighing(self):
        event = {"controller_id": self.controller.id, "company_id": self.env.company.id, "date": "2026-03-02 06:00:00"}
        failure = self.env["plc.failure"].create({**event, "event_key": "f", "text": "Motor overload", "equipment_code": "101"})
        weighing = {**event, "event_key": "w", "order_name": "X", "quantity": 5.0, "reason": "No such order."}
        self.env["plc.weighing"].create(weighing)
        items = self.board()["attention"]
        self.assertEqual([item["severity"] for item in items], ["danger", "warning"])
        self.assertEqual(items[0]["message"], "101: Motor overload")
        self.assertIn("No such order.", items[1]["message"])
        methods = [[button["method"] for button in item["buttons"]] for item in items]
        self.assertEqual(methods, [["action_open_resolve"], ["action_open_assign", "action_open_dismiss"]])
        failure.with_user(self.night).action_resolve("It cooled down.")
        self.assertEqual(len(self.board()["attention"]), 1)

    def test_weighed_once_or_twice(self):
        event = {"controller_id": self.controller.id, "company_id": self.env.company.id, "date": "2026-03-02 06:00:00"}
        weighing = {**event, "event_key": "w", "order_name": "X", "quantity": 5.0, "state": "matched", "repeated": 1}
        weighing = self.env["plc.weighing"].create(weighing)
        (item,) = self.board()["attention"]
        self.assertTrue(item["message"].endswith(": Was it weighed once or twice?"), item["message"])
        self.assertEqual([button["method"] for button in item["buttons"]], ["action_count_again", "action_count_once"])
        weighing.with_user(self.night).action_count_once()
        self.assertFalse(self.board()["attention"])

    def test_order_closed_by_hand(self):
        batch = self.complete(self.orders[0])
        batch.production_id.action_cancel()
        manager = new_test_user(self.env, "chief", groups="plc_mo_batch.group_manager")
        self.assertEqual(self.methods(batch, manager), ["action_book_on_new_order", "action_open_booked", "action_open_review"])
        self.assertEqual(self.methods(batch), ["action_open_review"])
        self.assertEqual(batch.with_user(manager).action_open_booked()["context"], {"active_id": batch.id})

    # Who sees it, who may do what

    def test_stranger(self):
        with self.assertRaises(AccessError):
            self.board(new_test_user(self.env, "stranger"))

    def test_user_of_manufacturing_only_looks(self):
        self.run_task(1)
        lane = self.lane(user=new_test_user(self.env, "office", groups="mrp.group_mrp_user"))
        self.assertEqual((lane["buttons"], [batch["buttons"] for batch in lane["batches"]]), ([], [[], [], []]))

    def test_manager_switches_off_and_on(self):
        manager = new_test_user(self.env, "chief", groups="plc_mo_batch.group_manager")
        self.assertNotIn("action_switch_off", [button["method"] for button in self.lane()["buttons"]])
        with self.assertRaises(AccessError):
            self.controller.with_user(self.night).action_switch_off()
        lane = self.lane(user=manager)
        self.assertTrue(next(button for button in lane["buttons"] if button["method"] == "action_switch_off")["question"])
        self.controller.with_user(manager).action_switch_off()
        self.assertEqual([button["method"] for button in self.lane(user=manager)["buttons"]][-1], "action_switch_on")
        self.assertIn("Switched off by chief", self.controller.journal_ids[0].message)
        self.controller.with_user(manager).action_switch_on()
        self.assertTrue(self.controller.enabled)

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Other mill"})
        self.controller.sudo().write({"picking_type_ids": False, "company_id": company.id})
        self.assertEqual(self.board()["lanes"], [])
        self.assertFalse(self.is_told(self.night))
        self.night.company_ids |= company
        self.assertEqual(len(self.board(user=self.night)["lanes"]), 1)
        self.assertTrue(self.is_told(self.night))

    def is_told(self, user):
        channels = [channel_with_db("db", channel) for channel in self.env["plc.board"].with_user(user)._channels()]
        return ("db", "plc.controller", self.controller.id) in channels

    def test_channels_for_those_who_ask_and_may(self):
        def channels(user, asked):
            request = SimpleNamespace(session=SimpleNamespace(uid=user.id))
            with patch("odoo.addons.bus.models.ir_websocket.request", request):
                found = self.env["ir.websocket"].with_user(user)._build_bus_channel_list(asked)
            return {channel_with_db("db", channel) for channel in found}

        own = ("db", "plc.controller", self.controller.id)
        self.assertIn(own, channels(self.night, ["plc_board"]))
        self.assertNotIn(own, channels(self.night, []))
        nobody = new_test_user(self.env, "nobody", groups="base.group_user")
        self.assertEqual(channels(nobody, ["plc_board"]), channels(nobody, []))

    # Buttons are there exactly when they may be used

    def test_buttons_of_each_state(self):
        self.run_task(1)
        batch = self.queue()[0]
        for state, expected in (
            ("queued", ["action_open_cancel"]),
            ("sending", ["action_open_cancel"]),
            ("offered", ["action_open_cancel"]),
            ("running", ["action_open_scale"]),  # its salt is added by hand
            ("failed", ["action_open_disposition"]),
            ("completed", ["action_open_review"]),
        ):
            batch._set_state(state)
            self.assertEqual(self.methods(batch), expected, state)

    def test_button_after_a_failed_write_back(self):
        batch = self.complete(self.orders[0])
        batch._record_error("no lot")
        self.assertEqual(self.methods(batch), ["action_retry", "action_open_review"])

    def test_buttons_of_a_doubt(self):
        self.run_task(1)
        batch = self.queue()[0]
        batch._set_state("offered")
        batch.write({"attention": "Told or not?", "attention_key": "doubt x"})
        asked = {button["method"]: bool(button["question"]) for button in batch.with_user(self.night)._board_buttons()}
        self.assertEqual(
            list(asked.items()),
            [
                ("action_send_again", True),
                ("action_give_up", True),
                ("action_open_amounts", False),
                ("action_open_cancel", False),
            ],
        )

    def test_buttons_of_a_plc_with_commands(self):
        self.run_task(1)
        batch = self.queue()[0]
        batch._set_state("running")
        with patch.object(type(self.controller.layout_id), "has_commands", True):
            batch.invalidate_recordset()
            self.assertEqual(self.methods(batch), ["action_open_scale", "action_hold", "action_abort"])
            batch.on_hold = True
            self.assertEqual(self.methods(batch), ["action_open_scale", "action_resume", "action_abort"])

    def test_weight(self):
        self.controller.weight_policy = "ask"
        batch = self.complete(self.orders[0])
        self.assertIn("action_open_weight", self.methods(batch))
        action = batch.with_user(self.night).action_open_weight()
        wizard = self.env["mo.batch.weight"].with_user(self.night).with_context(**action["context"]).create({"weight": 990.0})
        wizard.action_confirm()
        self.assertNotIn("action_open_weight", self.methods(batch))
        self.assertEqual(batch.produced_qty, 990.0)


class TestBoardMessages(BoardCase):
    """After the commit, small, one for each PLC and transaction."""

    def setUp(self):
        super().setUp()
        self.run_task(1)
        self.batch = self.queue()[0]
        self.batch._set_state("running")
        self.line = self.batch.line_ids[0]
        self.told()

    def told(self):
        """The messages that a commit sends now."""
        self.env.flush_all()
        bus = self.env["bus.bus"]
        last = bus.search([], limit=1, order="id desc").id
        with self.enter_registry_test_mode():
            self.env.cr.postcommit.run()
        messages = bus.search([("id", ">", last or 0)], order="id")
        return [(json.loads(message.channel), json.loads(message.message)["payload"]) for message in messages]

    def channel(self, record):
        return json.loads(json.dumps(channel_with_db(self.env.cr.dbname, record)))

    def test_quantities_alone_come_with_the_message(self):
        self.batch._store_actuals([101, 102], [10.0, 20.0])
        ((channel, message),) = self.told()
        self.assertEqual(channel, self.channel(self.controller))
        self.assertEqual(message["plc"], self.controller.id)
        self.assertEqual(sorted(message["actual"]), sorted([[line.id, line.actual_qty] for line in self.batch.line_ids[:2]]))

    def test_contact_alone(self):
        self.controller.last_contact = "2026-01-01 10:00:00"
        ((_channel, message),) = self.told()
        self.assertEqual((message["contact"], message["actual"]), ("2026-01-01 10:00:00", []))

    def test_one_message_however_much_changed(self):
        for batch in self.queue():
            batch._set_state("running")
            batch._store_actuals([101], [5.0])
        ((_channel, message),) = self.told()
        self.assertEqual(set(message), {"plc", "at"})

    def test_what_came_of_a_fill(self):
        for batch in self.queue():
            batch._cancel("plan", "", "withhold")
        good, bad = self.new_order(), self.new_order()
        bad.move_raw_ids[0].product_uom_qty = -5
        self.told()
        self.env["plc.task.fill"]._fill(self.controller)
        ((_channel, message),) = self.told()
        first = message["fill"].pop("first")
        self.assertEqual(message["fill"], {"queued": 1, "refused": 1})
        self.assertEqual(first, f"{bad.name}: {bad.plc_reason}")
        self.env["plc.task.fill"]._fill(self.controller)
        ((_channel, message),) = self.told()
        self.assertEqual(message["fill"], {"busy": 1, "first": ""})
        self.assertEqual(good.plc_batch_ids.state, "queued")

    def test_an_order_is_withheld(self):
        self.orders[0].plc_withheld = True
        ((_channel, message),) = self.told()
        self.assertEqual(message["plc"], self.controller.id)

    def test_nothing_that_the_board_does_not_show(self):
        self.batch.withdrawn_at = fields.Datetime.now()
        self.controller.fill_count += 1
        self.assertEqual(self.told(), [])

    def test_quantities_are_those_that_were_committed(self):
        """A savepoint that was rolled back leaves no trace in what is told."""
        try:
            with self.env.cr.savepoint():
                self.batch._store_actuals([101], [99.0])
                self.env.flush_all()
                raise ValueError
        except ValueError:
            self.env.invalidate_all()
        ((_channel, message),) = self.told()
        self.assertEqual(message["actual"], [[self.line.id, 0.0]])

    def test_nothing_after_a_rollback(self):
        self.batch._store_actuals([101], [99.0])
        self.env.cr.postcommit.clear()  # as a rollback does
        self.assertEqual(self.told(), [])

    def test_new_plc(self):
        other = self.new_controller(name="Other PLC", picking_type_ids=False, equipment_ids=False)
        told = self.told()
        self.assertEqual([channel for channel, _message in told], [self.channel((other.company_id, "plc_board"))])
        self.assertEqual(set(told[0][1]), {"at"})

    def test_broken_bus_harms_nobody(self):
        self.batch._store_actuals([101], [10.0])
        with (
            patch.object(type(self.env["plc.board"]), "_send", side_effect=OSError("no bus")),
            self.assertLogs("odoo.addons.plc_mo_batch.models.board.plc_board", "WARNING") as logs,
        ):
            self.assertEqual(self.told(), [])
        self.assertIn("no bus", logs.output[0])

    def test_echo_for_the_boards_of_who_asks(self):
        channel = (self.night, "plc_board")
        with patch.object(type(self.env["bus.bus"]), "_sendone") as sent:
            self.env["plc.controller"].with_user(self.night).echo_board()
        sent.assert_called_once_with(channel, "plc_board", {"echo": True})
        channels = [channel_with_db("db", one) for one in self.env["plc.board"].with_user(self.night)._channels()]
        self.assertIn(channel_with_db("db", channel), channels)

    def test_messages_are_kept_for_minutes(self):
        bus = self.env["bus.bus"]
        bus.search([]).unlink()
        targets = (self.controller, (self.env.company, "plc_board"), (self.night, "plc_board"), self.env.user.partner_id)
        channels = [json.dumps(self.channel(target), separators=(",", ":")) for target in targets]
        messages = bus.create([{"channel": channel, "message": "{}"} for channel in channels])
        self.env["plc.board"]._vacuum()
        self.assertEqual(messages.exists(), messages)
        self.env.cr.execute("UPDATE bus_bus SET create_date = create_date - interval '6 minutes'")
        self.env["plc.board"]._vacuum()
        self.assertEqual(messages.exists(), messages[3])


class TestShift(BaseCase):
    def test_shift_around(self):
        """By the plant's clock, told in UTC; the night in which clocks are changed is an hour shorter, or longer."""
        three, two, night = [6, 14, 22], [18, 6], [2, 14]
        for moment, hours, zone, since, until in (
            ("2026-03-02 06:00", three, "UTC", "2026-03-02 06:00", "2026-03-02 14:00"),
            ("2026-03-02 13:59", three, "UTC", "2026-03-02 06:00", "2026-03-02 14:00"),
            ("2026-03-02 22:30", three, "UTC", "2026-03-02 22:00", "2026-03-03 06:00"),
            ("2026-03-02 05:59", three, "UTC", "2026-03-01 22:00", "2026-03-02 06:00"),
            ("2026-03-02 03:00", [7], "UTC", "2026-03-01 07:00", "2026-03-02 07:00"),
            ("2026-03-02 03:00", three, "Asia/Jakarta", "2026-03-01 23:00", "2026-03-02 07:00"),
            ("2026-03-02 03:00", three, "Asia/Kolkata", "2026-03-02 00:30", "2026-03-02 08:30"),
            ("2026-03-29 00:30", two, "Europe/Berlin", "2026-03-28 17:00", "2026-03-29 04:00"),  # eleven hours
            ("2026-10-25 00:30", two, "Europe/Berlin", "2026-10-24 16:00", "2026-10-25 05:00"),  # thirteen
            ("2026-10-25 00:30", night, "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 01:00"),  # 2:30, the first of two
            ("2026-10-25 01:30", night, "Europe/Berlin", "2026-10-25 01:00", "2026-10-25 13:00"),  # and the second
            ("2026-03-29 01:00", night, "Europe/Berlin", "2026-03-29 01:00", "2026-03-29 12:00"),  # 2:00, which there is not
        ):
            with self.subTest(moment=moment, zone=zone):
                found = shift_around(datetime.fromisoformat(moment), hours, zone)
                self.assertEqual([each.isoformat(" ", "minutes") for each in found], [since, until])
