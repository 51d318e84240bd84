"""A history of finished batches by SQL: copies of one that Odoo made, with its order, moves, lines and a journal."""

from odoo import fields

from workshop.bench.mill import copy_orders, copy_rows

TABLES = ("mrp_production_group", "mrp_production", "stock_move", "mo_batch")
EVENTS = 10  # journal lines of a batch
OPEN = 10  # failures, weighings and alarms, the latest of each, that still wait for a person


class History:
    """``grow(to)``: so many finished batches, five minutes after one another, a failure, a weighing and an alarm each; half of
    them of the first of the PLCs ``controllers``, as most plants have one or two.

    :param batch: id of a batch that was written back
    """

    def __init__(self, mill, batch, controllers):
        self.mill = mill
        self.batch = batch
        self.controllers = list(controllers)
        self.count = 1
        with mill.env() as env:
            self.order = env["mo.batch"].browse(batch).production_id.id
            env.cr.execute(
                "SELECT min(id), max(id) FROM stock_move WHERE raw_material_production_id = %s OR production_id = %s",
                [self.order] * 2,
            )
            self.first_move, last_move = env.cr.fetchone()
            self.stride = last_move - self.first_move + 1
            self.bases = {table: self._reserve(env, table) for table in TABLES}
            self.event = env["mo.batch.journal"].search([("batch_id", "=", batch)], limit=1).id
            self.told = told(env, env["mo.batch"].browse(batch))

    def _reserve(self, env, table):
        """The id after which those of the copies lie; what Odoo makes meanwhile lies far above."""
        env.cr.execute(f"SELECT max(id) FROM {table}")
        base = env.cr.fetchone()[0]
        env.cr.execute(f"SELECT setval('{table}_id_seq', %s)", [base + 3_000_000])
        return base

    def grow(self, to):
        with self.mill.env() as env:
            self._copy(env, to - self.count)
        self.count = to
        with self.mill.registry.cursor() as cr:
            cr.execute("ANALYZE")

    def _controller(self, number):
        return f"(ARRAY{self.controllers})[CASE WHEN {number} %% 2 = 0 THEN 1 ELSE 1 + {number} %% {len(self.controllers)} END]"

    def _copy(self, env, count):
        env.cr.execute("SET LOCAL session_replication_role = replica")  # copies of what is right need no checks
        number = {"count": count, "first": self.count}
        order, batch = f"{self.bases['mrp_production']} + n", f"{self.bases['mo_batch']} + n"
        move = f"{self.bases['stock_move']} + n * {self.stride} - {self.first_move}"
        ago = "- n * interval '5 minutes'"
        then = {"date_start": f"date_start {ago}", "date_finished": f"date_finished {ago}"}
        group = f"{self.bases['mrp_production_group']} + n"
        copy_orders(env, self.order, group, {"id": order, "name": "'PAST/' || n", **then}, **number)
        for column in ("raw_material_production_id", "production_id"):
            copy_rows(env, "stock_move", column, self.order, {"id": f"{move} + stock_move.id", column: order}, **number)
        values = {
            "id": batch,
            "name": "'PAST/' || n",
            "order_name": "'PAST/' || n",
            "production_id": order,
            "controller_id": self._controller("n"),
            "slot": f"1 + n / {EVENTS} %% {EVENTS}",
            "job_number": "n",
        }
        dates = ("date_offered", "date_started", "date_finished", "date_closed", "create_date", "write_date")
        copy_rows(env, "mo_batch", "id", self.batch, {**values, **{name: f"{name} {ago}" for name in dates}}, **number)
        copy_rows(
            env,
            "mo_batch_line",
            "batch_id",
            self.batch,
            {
                "id": "nextval('mo_batch_line_id_seq')",
                "batch_id": batch,
                "move_id": f"{move} + move_id",
                "date": f"date {ago}",
                "controller_id": self._controller("n"),
            },
            **number,
        )
        self._copy_told(env, batch, order, ago, **number)
        number = {"count": EVENTS * count, "first": EVENTS * self.count}
        of_batch = {"batch_id": f"{self.bases['mo_batch']} + n / {EVENTS}", "controller_id": self._controller(f"n / {EVENTS}")}
        changed = {"id": "nextval('mo_batch_journal_id_seq')", "create_date": "create_date - n * interval '30 s'", **of_batch}
        copy_rows(env, "mo_batch_journal", "id", self.event, changed, **number)

    def _copy_told(self, env, batch, order, ago, **number):
        """The latest ones are open."""
        state = "CASE WHEN n <= {} THEN '{}' ELSE '{}' END"
        of_batch = {"batch_id": batch, "controller_id": self._controller("n")}
        event = {"event_key": "'PAST/' || n", "production_id": order, "date": f"date {ago}", "create_date": f"create_date {ago}"}
        changed = {
            "plc_failure": {**event, "state": state.format(OPEN, "open", "resolved")},
            "plc_weighing": {**event, "state": state.format(OPEN, "waiting", "matched"), "needs_person": f"n <= {OPEN}"},
            "plc_alarm": {
                "key": "'PAST/' || n",
                "state": state.format(OPEN, "unacknowledged", "normal"),
                "date_opened": f"date_opened {ago}",
                "date_closed": f"CASE WHEN n > {OPEN} THEN date_closed {ago} END",
            },
        }
        for table, values in changed.items():
            new = {"id": f"nextval('{table}_id_seq')", **of_batch, **values}
            copy_rows(env, table, "id", self.told[table], new, **number)


def told(env, batch):
    """{table: id} of what is copied: a failure and a weighing that the PLC told of with this batch, and an alarm."""
    of_batch = {"controller_id": batch.controller_id.id, "batch_id": batch.id}
    event = {"company_id": batch.company_id.id, "event_slot": 1, "event_key": "PAST", "words": "1", "acknowledged": True}
    now = fields.Datetime.now()
    made = (
        ("plc.failure", {**event, "date": now, "equipment_code": "101", "text": "GATE BLOCKED", "state": "resolved"}),
        (
            "plc.weighing",
            {
                **event,
                "date": now,
                "order_name": batch.order_name,
                "product_number": 201,
                "quantity": 14.45,
                "product_id": batch.line_ids[:1].product_id.id,
                "state": "matched",
            },
        ),
        ("plc.alarm", {"kind": "silent", "key": "PAST", "message": "No contact.", "date_opened": now, "date_closed": now}),
    )
    return {env[model]._table: env[model].create({**of_batch, **values}).id for model, values in made}
