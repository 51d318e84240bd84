"""Counts the boundaries of a cycle inside an Odoo process, and stops the process at one of them until something was killed.

A *boundary* is a COMMIT of Odoo's or a request to the PLC; they are numbered from 1. A *point* is the moment before, during
or after one.
The product knows nothing of this: the methods through which every commit and every request goes are wrapped from outside.
"""

import os
from dataclasses import dataclass

BEFORE, DURING, AFTER = "before", "during", "after"
COMMIT, REQUEST = "commit", "request"


@dataclass(frozen=True, order=True)
class Point:
    """The number of a boundary, and on which side of it."""

    boundary: int
    phase: str

    def __str__(self):
        return f"{self.boundary}{self.phase[0]}"

    @classmethod
    def parse(cls, text):
        """:raise ValueError: unless it is a number and one of b, d, a"""
        phases = {phase[0]: phase for phase in (BEFORE, DURING, AFTER)}
        if text[-1:] not in phases:
            raise ValueError(f"{text} is no point: a number and b (before), d (during) or a (after), such as 137b")
        return cls(int(text[:-1]), phases[text[-1]])


class Hook:
    """
    :param point: where to stop, or None: nowhere
    :param strike: called there as ``strike(phase, label, pid)`` with the process id of the PostgreSQL backend that commits, or
        that the task works on while it asks the PLC; what it returns is raised where it is an exception
    :param count: boundaries that were counted before
    :param first: what counts are requests from this address on, and of commits those in which the exchange stores what it read;
        0: all requests, and all commits, those too that follow a task's to notify somebody
    """

    def __init__(self, strike, point=None, count=0, first=0):
        self.point = point
        self.strike = strike
        self.count = count
        self.first = first
        self.labels = []
        self._task = self._backend = None
        self._depth = 0
        self._talks = False
        self._owner = os.getpid()

    def install(self):
        """Wrap what all commits and all requests of this process go through."""
        self._install_commit()
        self._install_request()

    def _install_commit(self):
        from odoo import sql_db

        commit_cursor = sql_db.Cursor.commit

        def commit_with_what_follows(cursor):
            """After a commit others follow in sessions of their own (the board's, the notifications'): not the task's."""
            self._depth += 1
            try:
                commit_cursor(cursor)
            finally:
                self._depth -= 1

        def commit(connection):
            self._backend = connection.get_backend_pid()
            if self._depth == 1:
                self._task = self._backend
            counts = not self.first or self._talks and self._depth == 1
            if counts:
                self._at_boundary(COMMIT)
            super(sql_db.PsycoConnection, connection).commit()
            if counts:
                self._reach(DURING)
                self._reach(AFTER)

        sql_db.Cursor.commit = commit_with_what_follows
        sql_db.PsycoConnection.commit = commit

    def _install_request(self):
        from odoo.addons.plc_mo_batch.models.exchange.plc_task_exchange import Conversation
        from odoo.addons.plc_mo_batch.plc.transport import WRITE_MULTIPLE, Link
        from odoo.addons.plc_mo_batch.plc.wires.fins import FinsWire
        from odoo.addons.plc_mo_batch.plc.wires.opcua import OpcUaWire
        from odoo.addons.plc_mo_batch.plc.wires.s7 import S7Wire

        decide = Conversation._safely

        def ask(act, request, wire, address, *args, **kwargs):
            if address < self.first:
                return request(wire, address, *args, **kwargs)
            self._backend = self._task
            self._at_boundary(f"{act} at {address}")
            self._reach(DURING)
            reply = request(wire, address, *args, **kwargs)
            self._reach(AFTER)
            return reply

        def wrapped(act, request):
            return lambda wire, address, *args, **kwargs: ask(act, request, wire, address, *args, **kwargs)

        request = Link._call

        def call(link, function, address, *args, **kwargs):
            act = "write" if function == WRITE_MULTIPLE else "read"
            return ask(act, lambda link, *rest, **named: request(link, function, *rest, **named), link, address, *args, **kwargs)

        def talk(conversation, *args):
            self._talks = True
            try:
                return decide(conversation, *args)
            finally:
                self._talks = False

        Link._call = call
        for kind in (FinsWire, S7Wire, OpcUaWire):
            kind.read_words = wrapped("read", kind.read_words)
            kind.write_words = wrapped("write", kind.write_words)
        Conversation._safely = talk

    def _at_boundary(self, label):
        self.count += 1
        self.labels.append(label)
        self._reach(BEFORE)

    def _reach(self, phase):
        if self.point != Point(self.count, phase) or os.getpid() != self._owner:
            return
        self.point = None
        error = self.strike(phase, self.labels[-1], self._backend)
        if error:
            raise error
