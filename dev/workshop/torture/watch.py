"""Looks over the mill's shoulder: is what Odoo writes into the PLC committed in the database before it arrives (rule 4)?

An acknowledgement says "your actuals are stored", and they must be, as the mill's own ledger has them; or "your event is stored".
An arming says "take it": then the batch must be offered. The database is asked on a connection of its own, so it is what is
committed that counts.
"""

import json
import time
from contextlib import suppress

import psycopg2

from workshop.torture.books import ENDS
from workshop.torture.events import KEYS, TABLES, key
from workshop.torture.peer import FLAG, words_to_text, words_to_uint32

DONE = ("completed", "failed", "done", "cancelled")
STORED = 1  # an event's flag
RECOVERY_SECONDS = 30.0  # PostgreSQL itself may just have been killed


class Watch:
    """
    :param mill: the simulator's ``Mill``
    :param dsn: of the database; with the id of its ``plc.controller``
    :param report: a file to which each offence is appended as a JSON line
    """

    def __init__(self, mill, dsn, controller, report):
        self.mill = mill
        self.dsn = dsn
        self.controller = controller
        self.report = report
        self.checked = 0
        self._connection = None

    def on_write(self, address, values):
        """To be called with each write before it is applied."""
        written = dict(enumerate(values, address))
        checks = [(self._check_slot, slot) for slot in self.mill.slots] + [(self._check_area, kind) for kind in self.mill.areas]
        for check, place in checks:
            try:
                check(place, written)
            except Exception as error:  # which the simulator's server would hide
                self._offence("written", place, f"what nobody could check, as {error!r},", "")

    def _check_slot(self, slot, written):
        if self.mill.handshake == "flags":
            self._check_flags(slot, written)
        else:
            self._check_job_numbers(slot, written)

    def _check_area(self, kind, written):
        area = self.mill.areas[kind]
        flag = area.shown and area.base + len(area.shown.image(area))
        if flag and written.get(flag) == STORED and self.mill.memory[flag] != STORED:
            self._check_event(kind, area.shown.record())

    def _check_flags(self, slot, written):
        if written.get(slot.feedback + FLAG) == 1 and slot.memory[slot.feedback + FLAG] != 1:
            order = words_to_text(slot.memory[slot.feedback + 1 : slot.feedback + 9])
            if order:  # else it lost its memory while the acknowledgement was on its way, and nothing is acknowledged
                self._check("acknowledged", slot, "order_name = %s", order, lambda record: record["order"] == order)
        if written.get(slot.recipe + FLAG) == 0 and slot.recipe not in written:
            self._check("armed", slot, "order_name = %s", slot.order())

    def _check_job_numbers(self, slot, written):
        acknowledged = self._number(slot, written, slot.recipe + slot.ACKNOWLEDGED)
        if acknowledged:
            self._check("acknowledged", slot, "job_number = %s", acknowledged, lambda record: record["job"] == acknowledged)
        armed = self._number(slot, written, slot.recipe + slot.ARMED)
        if armed:
            self._check("armed", slot, "job_number = %s", armed)

    def _number(self, slot, written, address):
        if address not in written:
            return 0
        return words_to_uint32([written[address], written[address + 1]], slot.word_order)

    def _check(self, what, slot, condition, value, is_its=None):
        self.checked += 1
        rows = self._query(
            f"""
            SELECT batch.state, array_agg(line.code),
                   array_agg((line.actual_qty + coalesce(line.fallen_qty, 0))::float8), array_agg(line.reported)
              FROM mo_batch batch JOIN mo_batch_line line ON line.batch_id = batch.id
             WHERE batch.controller_id = %s AND batch.slot = %s AND batch.{condition}
             GROUP BY batch.id ORDER BY batch.id DESC LIMIT 1
            """,
            (self.controller, slot.number, value),
        )
        if not rows:
            self._offence(what, slot, value, "no batch of the database knows it")
        elif what == "armed" and rows[0][0] != "offered":
            self._offence(what, slot, value, f"its batch is {rows[0][0]}")
        elif what == "acknowledged":
            self._check_stored(slot, value, rows[0], is_its)

    def _check_stored(self, slot, value, row, is_its):
        state, codes, actuals, reported = row
        if state not in DONE:
            self._offence("acknowledged", slot, value, f"its batch is {state}")
            return
        stored = {code: actual for code, actual, told in zip(codes, actuals, reported, strict=True) if code and told}
        records = [record for record in self.mill.ledger if record["event"] in ENDS and is_its(record)]
        for line in records[-1]["lines"] if records else ():
            if abs(stored.get(line["code"], -1.0) - line["kg"]) > 0.005:
                detail = f"{line['code']}: {line['kg']} kg dosed, {stored.get(line['code'])} stored"
                self._offence("acknowledged", slot, value, detail)

    def _check_event(self, kind, shown):
        """Of the same words there are as many rows as were acknowledged before, and one; or a row says that they came again."""
        self.checked += 1
        what = key(kind, shown)
        before = sum(record["event"] == "stored" and shown.items() <= record.items() for record in self.mill.ledger)
        names = " AND ".join(f"{column} = %s" for column in KEYS[kind].values())
        [[stored]] = self._query(
            f"SELECT count(*) + coalesce(sum(repeated), 0) FROM {TABLES[kind]} WHERE controller_id = %s AND {names}",
            (self.controller, *what),
        )
        if stored <= before:
            detail = f"{stored} such events are stored, {before} were acknowledged before"
            self._offence("acknowledged", kind, " ".join(map(str, what)), detail)

    def _offence(self, what, place, value, detail):
        where = place if isinstance(place, str) else f"slot {place.number}"
        with open(self.report, "a") as report:
            report.write(json.dumps({"what": what, "where": where, "job": value, "detail": detail}) + "\n")

    def _query(self, text, parameters):
        until = time.monotonic() + RECOVERY_SECONDS
        while True:
            try:
                if self._connection is None:
                    self._connection = psycopg2.connect(self.dsn)
                    self._connection.autocommit = True
                with self._connection.cursor() as cursor:
                    cursor.execute(text, parameters)
                    return cursor.fetchall()
            except psycopg2.Error:
                with suppress(Exception):
                    self._connection.close()
                self._connection = None
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)


def offences(report):
    """What was reported, as sentences; forgotten afterwards."""
    try:
        lines = report.read_text().splitlines()
    except FileNotFoundError:
        return []
    report.unlink()
    records = [json.loads(line) for line in lines]
    return ["{where}: {job} was {what} too early: {detail}".format(**record) for record in records]
