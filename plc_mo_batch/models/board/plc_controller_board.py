from datetime import datetime

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...plc.reconcile import HANDED_OVER
from ...tools.shifts import SHIFTS, shift_hours, shift_start
from ..common.tasks import TASKS
from .plc_board import NO_RECORD, button

FINISHED_SHOWN = 8  # of the shift, for each PLC
STALE_INTERVALS = 3  # of Task 2 without a contact: then something is wrong with Odoo, not with the PLC
STALE_LIVE = 120  # seconds, where a batch is followed live
SEVERITIES = ("danger", "warning", "info")


class PlcController(models.Model):
    """The board: each PLC with its connection, its slots, what it makes, what comes next, and what is wrong."""

    _inherit = "plc.controller"

    # Business methods

    @api.model
    def get_board(self, controller_ids=()):
        """What the board shows: the PLCs that the user may see, or those of them that are named.

        A handful of queries whatever the number of PLCs. Times are UTC, quantities are in the unit named beside them, texts
        are in the user's language; what is not there is an empty string, never None.

        :return: ``at``: as of when; ``lanes``: the PLCs; ``attention``: what a person should look at, most urgent first;
            ``manager``: the user may set PLCs up
        """
        controllers = self.search([("id", "in", list(controller_ids))] if controller_ids else [])
        batches = self.env["mo.batch"].search([("controller_id", "in", controllers.ids)], order="controller_id, slot, id")
        return {
            "at": self.env["plc.board"]._at(),
            "lanes": controllers._board_lanes(batches),
            "attention": sorted(
                [*controllers._board_attention(batches), *(self._board_hindrances() if not controller_ids else [])],
                key=lambda item: SEVERITIES.index(item["severity"]),
            ),
            "manager": self.env.user.has_group("plc_mo_batch.group_manager"),
        }

    def echo_board(self):
        """Have the caller's boards hear a sign of life over the bus: without one they say that they are not live.

        :raise AccessError: to those who may see no PLC
        """
        self.check_access("read")
        self.env["plc.board"]._echo()
        return True

    def _board_attention(self, batches):
        """What a person should look at. Models that know of more add to it.

        :param batches: the open ones of these PLCs
        :return: dicts of key (which is the same as long as the matter is), severity (danger, warning or info), plc and batch
            (ids, 0 for none), title, message, since and next_try (times, or empty), seen_by (who acknowledged it); model and id
            of a record of its own, and the buttons of that one
        """
        silent = self.filtered(lambda controller: controller.enabled and controller.last_error)
        return [controller._attention_item() for controller in silent] + batches._board_attention()

    def _attention_item(self):
        return {
            "key": f"plc-{self.id}",
            "severity": "danger",
            "plc": self.id,
            "batch": 0,
            "title": self.name,
            "message": self.last_error,
            "since": fields.Datetime.to_string(self.last_contact) or "",
            "next_try": "",
            **NO_RECORD,
        }

    @api.model
    def _board_hindrances(self):
        """What keeps all PLCs from being served."""
        tasks = self.env["plc.task"]._all()
        awake = tasks[0]._enabled(*TASKS)
        off = ", ".join(task._title() for task in tasks if task._name not in awake)
        if not off:
            return []
        if tasks[0]._is_neutralized():
            message = self.env._("This is a neutralized copy of the database: it never talks to a PLC.")
        else:
            message = self.env._("%s: switched off in the settings.", off)
        title = self.env._("Tasks")
        return [{"key": "tasks", "severity": "warning", "plc": 0, "batch": 0, "title": title, "message": message, "since": "",
                 "next_try": "", **NO_RECORD}]  # fmt: skip

    # Business methods: lanes

    def _board_lanes(self, batches):
        finished = self._board_finished()
        waiting = (self - batches.filtered(lambda batch: not batch.parked).controller_id)._count_waiting()
        interval = self._exchange_interval()
        queues = batches.grouped("controller_id")
        return [
            {
                **controller._board_connection(interval, queues.get(controller, batches.browse())),
                "batches": [batch._board_batch() for batch in queues.get(controller, ())],
                "finished": finished[controller],
                "waiting": waiting.get(controller.id, {"orders": 0, "refused": 0}),
                "buttons": controller._board_buttons(),
            }
            for controller in self
        ]

    def _board_connection(self, interval, batches):
        live = self.poll_interval and batches.filtered(lambda batch: batch.state in HANDED_OVER)
        return {
            "id": self.id,
            "name": self.name,
            "place": self.place or "",
            "connection": self._board_state(),
            "error": self.last_error or "",
            "last_contact": fields.Datetime.to_string(self.last_contact) or "",
            "stale_after": STALE_LIVE if live else STALE_INTERVALS * interval,
            "slots": self.sudo().map_id.slots,
            "operation_types": self.sudo().picking_type_ids.ids,
            "unit": self.uom_id.name or "",
        }

    @api.model
    def _exchange_interval(self):
        """Seconds between two runs of Task 2 that nobody asked for."""
        cron = self.env["plc.task.exchange"]._scheduled_action()
        interval = cron and relativedelta(**{cron.interval_type: cron.interval_number})
        return int((datetime.min + interval - datetime.min).total_seconds()) if interval else 0

    def _board_state(self):
        if not self.enabled:
            return "off"
        if self.online:
            return "online"
        return "offline" if self.last_error or self.last_contact else "new"

    def _board_buttons(self):
        """What the user may do about the PLC now; see :meth:`PlcController._offers`."""
        return [button(**offer) for offer in self._offers()]

    # Business methods: orders that wait, and what was finished in the shift

    def _count_waiting(self):
        """Of each PLC, in one query: how many orders could be queued, and of how many of them it is said why they were not."""
        orders = self.env["mrp.production"].sudo()
        counts = []
        for controller in self:
            query = orders._search(orders._plc_eligible_domain(controller))
            reason = orders._field_to_sql(query.table, "plc_reason", query)
            counts.append(query.select(SQL("%s", controller.id), SQL("COUNT(*)"), SQL("COUNT(%s)", reason)))
        rows = self.env.execute_query(SQL(" UNION ALL ").join(counts)) if counts else []
        return {controller_id: {"orders": count, "refused": refused} for controller_id, count, refused in rows}

    def _board_finished(self):
        """Of each PLC: how many batches were done in this shift, their weight, and the latest ones, cancelled ones too."""
        since = {controller: controller._shift_start() for controller in self}
        rows = self._latest_finished(since) if self else []
        history = self.env["mo.batch"].with_context(active_test=False)
        shown = history.search([("id", "in", [row[0] for row in rows])], order="date_closed desc, id desc")
        of_plc = {row[1]: row[2:] for row in rows}
        return {
            controller: {
                "since": fields.Datetime.to_string(start),
                "count": of_plc.get(controller.id, (0, 0.0))[0],
                "quantity": of_plc.get(controller.id, (0, 0.0))[1] or 0.0,
                "batches": [batch._board_batch() for batch in shown if batch.controller_id == controller],
            }
            for controller, start in since.items()
        }

    def _latest_finished(self, since):
        """Rows of batch, PLC, and how many the PLC made since then with which weight."""
        self.env["mo.batch"].flush_model(["state", "active", "controller_id", "date_closed", "produced_qty"])
        plcs = SQL(", ").join(SQL("(%s, %s::timestamp)", controller.id, start) for controller, start in since.items())
        return self.env.execute_query(
            SQL(
                """
                SELECT id, controller_id, made, weight
                  FROM (SELECT batch.id, batch.controller_id,
                               COUNT(*) FILTER (WHERE batch.state = 'done') OVER plcs AS made,
                               SUM(batch.produced_qty) FILTER (WHERE batch.state = 'done') OVER plcs AS weight,
                               ROW_NUMBER() OVER (PARTITION BY batch.controller_id
                                                  ORDER BY batch.date_closed DESC, batch.id DESC) AS place
                          FROM mo_batch batch
                          JOIN (VALUES %s) AS plc(id, since)
                            ON batch.controller_id = plc.id AND batch.date_closed >= plc.since
                         WHERE batch.active IS NOT TRUE
                           AND batch.date_closed >= %s  -- says again how few they are: PostgreSQL would else read all of history
                        WINDOW plcs AS (PARTITION BY batch.controller_id)) AS finished
                 WHERE place <= %s
                """,
                plcs,
                min(since.values(), default=fields.Datetime.now()),
                FINISHED_SHOWN,
            )
        )

    def _shift_start(self):
        """When the plant's shift began (UTC), by its working hours' time zone and a setting."""
        zone = pytz.timezone(self.company_id.sudo().resource_calendar_id.tz or "UTC")
        start = shift_start(datetime.now(zone).replace(tzinfo=None), self._shift_hours())
        return zone.localize(start).astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _shift_hours(self):
        text = self.env["ir.config_parameter"].sudo().get_param("plc_mo_batch.shift_hours")
        try:
            return shift_hours(text or SHIFTS)
        except ValueError:  # written past the settings: the board is worth more than its shift
            return shift_hours(SHIFTS)
