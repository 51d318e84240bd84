from datetime import datetime

from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.tools import SQL

from ...plc.reconcile import HANDED_OVER
from .attention import order_label
from .gauges import Gauges

FINISHED_SHOWN = 8  # of the shift, for each PLC
STALE_INTERVALS = 3  # intervals of Task 2 without a contact: the problem is then in Odoo, not in the PLC
STALE_LIVE = 120  # seconds, for a batch that is followed live


class Lanes:
    """Each PLC with its connection, its slots, what it makes, what comes next, and what it made in this shift, as JSON values.

    It takes a handful of queries, whatever the number of PLCs.

    :param controllers: the PLCs on the board
    :param batches: the open ones of these PLCs
    """

    def __init__(self, controllers, batches):
        self.env = controllers.env
        self.controllers = controllers
        self.batches = batches
        self.has_companies = len(controllers.company_id) > 1
        named = ("state", "command", "tolerance_state")
        self.labels = {name: dict(batches._fields[name]._description_selection(self.env)) for name in named}

    def items(self):
        finished = self._finished()
        waiting = self._count_waiting(self.controllers - self.batches.filtered(lambda batch: not batch.parked).controller_id)
        interval = self._exchange_interval()
        queues = self.batches.grouped("controller_id")
        silos = Gauges(self.controllers).items()
        return [
            {
                **self._connection(controller, interval, queues.get(controller, self.batches.browse())),
                "batches": [self._batch(batch) for batch in queues.get(controller, ())],
                "finished": finished[controller],
                "silos": silos.get(controller.id, []),
                "waiting": waiting.get(controller.id, {"orders": 0, "refused": 0, "withheld": 0}),
                "buttons": controller._board_buttons(),
            }
            for controller in self.controllers
        ]

    # The connection

    def _connection(self, controller, interval, batches):
        live = controller.poll_interval and batches.filtered(lambda batch: batch.state in HANDED_OVER)
        return {
            "id": controller.id,
            "name": controller.name,
            "place": controller.place or "",
            "group": self._group(controller),
            "connection": self._connection_state(controller),
            "error": controller.last_error or "",
            "last_contact": fields.Datetime.to_string(controller.last_contact) or "",
            "stale_after": STALE_LIVE if live else STALE_INTERVALS * interval,
            "slots": controller.sudo().layout_id.slots,
            "operation_types": controller.sudo().picking_type_ids.ids,
            "unit": controller.uom_id.name or "",
        }

    def _group(self, controller):
        """Its warehouse, with which others it is shown together where there are many; and its company, if there are several."""
        warehouse = controller.sudo().picking_type_ids.warehouse_id[:1].name or self.env._("No warehouse")
        return f"{controller.company_id.name} / {warehouse}" if self.has_companies else warehouse

    def _connection_state(self, controller):
        if not controller.enabled:
            return "off"
        if controller.online:
            return "online"
        return "offline" if controller.last_error or controller.last_contact else "new"

    def _exchange_interval(self):
        """Seconds between two scheduled runs of Task 2."""
        cron = self.env["plc.task.exchange"]._scheduled_action()
        interval = cron and relativedelta(**{cron.interval_type: cron.interval_number})
        return int((datetime.min + interval - datetime.min).total_seconds()) if interval else 0

    # Batches

    def _batch(self, batch):
        labels = self.labels
        product = batch.product_id.with_context(display_default_code=False)
        text = fields.Datetime.to_string
        return {
            "id": batch.id,
            "name": batch.name,
            "slot": batch.slot,
            "order": order_label(batch),
            "product": product.display_name or batch.product_name or "",
            "state": batch.state,
            "state_label": labels["state"][batch.state],
            "on_hold": batch.on_hold,
            "command": labels["command"].get(batch.command, ""),
            "planned": batch.planned_qty,
            "produced": batch.produced_qty,
            "unit": batch.uom_id.name or "",
            "tolerance": batch.tolerance_state or "",
            "tolerance_label": labels["tolerance_state"].get(batch.tolerance_state, ""),
            "parked": batch.parked,
            "started": text(batch.date_started) or "",
            "finished": text(batch.date_finished) or "",
            "closed": text(batch.date_closed) or "",
            "lines": [self._line(dosing) for dosing in batch.line_ids._dosings()] if batch.state == "running" else [],
            "buttons": batch._board_buttons() if batch.active else [],
        }

    def _line(self, dosing):
        """A component, or what one equipment doses at once: ``actual`` is the quantity ``known`` to be in, reported by the PLC or
        entered by hand; ``limits`` are the allowed deviations, if there are any."""
        line = dosing[:1]
        product = line.product_id.with_context(display_default_code=False)
        limits = {kind: line._allowed(kind) for kind in ("tolerance", "review")} if line.code else {}
        return {
            "id": line.id,
            "product": product.display_name or self.env._("Equipment %s", line.code),
            "place": ", ".join(dosing.equipment_id.mapped("name")),
            "by_hand": not line.code,
            "planned": sum(dosing.mapped("planned_qty")),
            "actual": sum(dosing.mapped("actual_qty")) if line.code else line.typed_qty if line.typed else line.weighed_qty,
            "known": line.reported if line.code else line.typed or line.weighed,
            "unit": line.uom_id.name or "",
            "limits": {kind: limit for kind, limit in limits.items() if limit is not None},
        }

    # Orders that wait, and what was finished in this shift

    def _count_waiting(self, controllers):
        """For each PLC: how many orders could be queued, how many of them show a reason why they were not, and how many others a
        person withholds. One query, and one more if some PLCs want components to be available and others do not."""
        orders, counts = self.env["mrp.production"].sudo(), {}
        for alike in controllers.sudo().grouped("require_available").values():
            domain = orders._plc_eligible_domain(alike, withheld=(False, True))
            groups = orders._read_group(domain, ["picking_type_id", "plc_withheld"], ["__count", "plc_reason:count"])
            of_type = {}
            for kind, *group in groups:
                of_type.setdefault(kind, []).append(group)
            for controller in alike:
                counts[controller.id] = self._sum_up(
                    [group for kind in controller.picking_type_ids for group in of_type.get(kind, ())]
                )
        return counts

    def _sum_up(self, groups):
        """:param groups: (whether they are withheld, how many, how many of them show a reason)"""
        free = [(count, refused) for withheld, count, refused in groups if not withheld]
        return {
            "orders": sum(count for count, _refused in free),
            "refused": sum(refused for _count, refused in free),
            "withheld": sum(count for withheld, count, _refused in groups if withheld),
        }

    def _finished(self):
        """For each PLC: how many batches were done in this shift, their weight, and the latest ones, including cancelled ones."""
        since = {controller: controller._shift_around()[0] for controller in self.controllers}
        rows = self._latest_finished(since) if since else []
        history = self.env["mo.batch"].with_context(active_test=False)
        shown = history.search([("id", "in", [row[0] for row in rows])], order="date_closed desc, id desc")
        of_plc, batches = {row[1]: row[2:] for row in rows}, shown.grouped("controller_id")
        return {
            controller: {
                "since": fields.Datetime.to_string(start),
                "count": of_plc.get(controller.id, (0, 0.0))[0],
                "quantity": of_plc.get(controller.id, (0, 0.0))[1] or 0.0,
                "batches": [self._batch(batch) for batch in batches.get(controller, ())],
            }
            for controller, start in since.items()
        }

    def _latest_finished(self, since):
        """Rows of batch, PLC, and how many batches of what weight the PLC has made since then."""
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
