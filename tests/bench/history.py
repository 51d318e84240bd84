"""A history of finished batches by SQL: copies of one that Odoo made, with its order, moves, lines and a journal."""

from mill import copy_rows

EVENTS = 10  # journal lines of a batch


class History:
    """``grow(to)``: so many finished batches of the PLCs ``controllers``, five minutes after one another.

    :param batch: id of a batch that was written back
    """

    def __init__(self, mill, batch, controllers):
        self.mill = mill
        self.batch = batch
        self.controllers = f"(ARRAY{list(controllers)})[1 + n %% {len(controllers)}]"
        self.count = 1
        with mill.env() as env:
            self.order = env["mo.batch"].browse(batch).production_id.id
            env.cr.execute(
                "SELECT min(id), max(id) FROM stock_move WHERE raw_material_production_id = %s OR production_id = %s",
                [self.order] * 2,
            )
            self.first_move, last_move = env.cr.fetchone()
            self.stride = last_move - self.first_move + 1
            self.bases = {table: self._reserve(env, table) for table in ("mrp_production", "stock_move", "mo_batch")}
            self.event = env["mo.batch.event"].search([("batch_id", "=", batch)], limit=1).id

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

    def _copy(self, env, count):
        number = {"count": count, "first": self.count}
        order, batch = f"{self.bases['mrp_production']} + n", f"{self.bases['mo_batch']} + n"
        move = f"{self.bases['stock_move']} + n * {self.stride} - {self.first_move}"
        ago = "- n * interval '5 minutes'"
        copy_rows(
            env, "mrp_production", "id", self.order,
            {"id": order, "name": "'PAST/' || n", "date_start": f"date_start {ago}", "date_finished": f"date_finished {ago}"},
            **number,
        )
        for column in ("raw_material_production_id", "production_id"):
            copy_rows(env, "stock_move", column, self.order, {"id": f"{move} + stock_move.id", column: order}, **number)
        values = {"id": batch, "name": "'PAST/' || n", "order_name": "'PAST/' || n", "production_id": order,
                  "controller_id": self.controllers, "slot": f"1 + n / {EVENTS} %% {EVENTS}", "job_number": "n"}
        dates = ("date_offered", "date_started", "date_finished", "date_closed", "create_date", "write_date")
        copy_rows(
            env, "mo_batch", "id", self.batch, {**values, **{name: f"{name} {ago}" for name in dates}}, **number
        )
        copy_rows(
            env, "mo_batch_line", "batch_id", self.batch,
            {"id": "nextval('mo_batch_line_id_seq')", "batch_id": batch, "move_id": f"{move} + move_id"}, **number,
        )
        of_event = f"{self.bases['mo_batch']} + n / {EVENTS}"
        copy_rows(
            env, "mo_batch_event", "id", self.event,
            {"id": "nextval('mo_batch_event_id_seq')", "batch_id": of_event, "controller_id": self.controllers,
             "create_date": "create_date - n * interval '30 s'"},
            count=EVENTS * count, first=EVENTS * self.count,
        )
