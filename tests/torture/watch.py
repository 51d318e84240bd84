"""Looks over the mill's shoulder: is what Odoo writes into the PLC committed in the database before it arrives (rule 4)?

An acknowledgement says "your actuals are stored": then they must be, as the mill's own ledger has them. An arming says "take it":
then the batch must be offered. The database is asked on a connection of its own, so it is what is committed that counts.
"""

import json
import time
from contextlib import suppress

import psycopg2
from peer import FLAG, words_to_text, words_to_uint32

STORED = ("completed", "failed", "done", "cancelled")
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
        check = self._check_flags if self.mill.handshake == "flags" else self._check_job_numbers
        for slot in self.mill.slots:
            try:
                check(slot, written)
            except Exception as error:  # which the simulator's server would hide
                self._offence("written", slot, f"what nobody could check, as {error!r},", "")

    def _check_flags(self, slot, written):
        if written.get(slot.feedback + FLAG) == 1 and slot.memory[slot.feedback + FLAG] != 1:
            order = words_to_text(slot.memory[slot.feedback + 1 : slot.feedback + 9])
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
            SELECT batch.state, array_agg(line.code), array_agg(line.actual_qty::float8), array_agg(line.reported)
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
        if state not in STORED:
            self._offence("acknowledged", slot, value, f"its batch is {state}")
            return
        stored = {code: actual for code, actual, told in zip(codes, actuals, reported, strict=True) if code and told}
        records = [record for record in self.mill.ledger if record["event"] != "taken" and is_its(record)]
        for line in records[-1]["lines"] if records else ():
            if abs(stored.get(line["code"], -1.0) - line["kg"]) > 0.005:
                self._offence(
                    "acknowledged", slot, value, f"{line['code']}: {line['kg']} kg dosed, {stored.get(line['code'])} stored"
                )

    def _offence(self, what, slot, value, detail):
        with open(self.report, "a") as report:
            report.write(json.dumps({"what": what, "slot": slot.number, "job": value, "detail": detail}) + "\n")

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
    return ["slot {slot}: {job} was {what} too early: {detail}".format(**record) for record in records]
