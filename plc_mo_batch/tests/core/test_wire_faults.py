"""The table of faults × wires, walked with real sockets (what people are told of each: test_fault_sentences)."""

import socket
from contextlib import nullcontext
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ...plc import transport
from ...plc.wire import LinkError
from ...plc.wires import fins
from ..fault_proxy import FaultProxy, passed_on
from ..lot import is_turn
from ..patience import PATIENCES, SILENT, SURE
from ..wire_case import ADDRESS, AFTER, BEFORE
from ..wire_faults import CELLS, FAULTS, IS_WRITE, NOT_APPLIED, UNKNOWN, WIRES
from ..wires import Wire
from .test_fins import FinsCase
from .test_opcua import OpcUaCase
from .test_s7 import S7Case
from .test_transport import LinkCase

WAITS = {"timeout": (SILENT,), "reply": (SILENT, *PATIENCES)}  # by the kind of what comes; anything else ends the wait by itself


class Walk:
    """Each fault that this wire can have, of a read and of a write."""

    def setUp(self):
        super().setUp()
        for module in (transport, fins):
            self.enterContext(patch.object(module, "BUSY_PAUSE", 0.001))

    def test_reading(self):
        for name, cell in self.cells():
            with self.subTest(name, wire=self.transport):
                self.put(BEFORE)
                told, _writing = self.tried(cell, cell.told, writing=False)
                self.assertEqual(told, cell.told)
                self.new_proxy()
                self.assertEqual(self.poll(), BEFORE)

    def test_writing(self):
        """What Odoo believes of it is so, and it is sent once at most."""
        for name, cell in self.cells():
            if not cell.writes:
                continue
            with self.subTest(name, wire=self.transport):
                self.put(BEFORE)
                told, writing = self.tried(cell, cell.of_write(), writing=True)
                self.assertEqual((told, writing), (cell.of_write(), cell.fate == UNKNOWN))
                self.new_proxy()
                self.assertEqual(self.poll(), AFTER if cell.applied else BEFORE)
                self.assertFalse(cell.applied and cell.fate == NOT_APPLIED)

    def cells(self):
        if not is_turn("wires", list(WIRES).index(self.transport), len(WIRES)):
            return []
        return [(name, cell) for name, cell in CELLS[self.transport].items() if not isinstance(cell, str)]

    def tried(self, cell, expected, writing):
        """What is told, and whether a write's fate is unknown."""
        for timeout in WAITS.get(expected.partition(" ")[0], (SURE,)):
            spoil = cell.made(self) if cell.made else cell.fault
            self.new_proxy(*[passed_on] * self.before_write * writing, *[spoil] * cell.repeated * bool(spoil))
            if cell.prepared:
                cell.prepared(self)
            with patch.multiple(self.plc.front, **cell.front) if cell.front else nullcontext():
                told, doubtful = self.once(cell, writing, timeout)
            if told == expected or not told.startswith("timeout") and told != "reply":
                break  # on a busy machine it had not even come, or not all of it: then again
        self.assertTrue(self.proxy.wait_until_closed())
        self.assertEqual(len(list(filter(IS_WRITE[self.transport], self.proxy.requests))), int(writing and cell.sent))
        if not writing:
            self.assertEqual(len(self.proxy.requests), cell.asked + (not expected))
        return told, doubtful

    def once(self, cell, writing, timeout):
        try:
            with self.opened(**cell.values) as wire:
                if writing and self.before_write:
                    wire.read_words(ADDRESS, 10, self.registers)
                self.hurry(wire, timeout)
                self.act(wire, cell, writing)
        except LinkError as error:
            return f"{error.kind} {error.cause}".strip(), error.writing
        return "", False

    def act(self, wire, cell, writing):
        """One request; after a fault the connection is closed, and where all was right the next request is right, too."""
        try:
            if writing:
                wire.write_words(ADDRESS, AFTER, self.registers)
            else:
                self.assertEqual(wire.read_words(ADDRESS, 10, self.registers), BEFORE)
        except LinkError:
            self.assert_no_connection(wire)
            raise
        if cell.then:
            with self.assertRaises(LinkError) as caught:
                wire.read_words(ADDRESS, 10, self.registers)
            self.assertEqual(caught.exception.kind, cell.then)
        else:
            self.assertEqual(wire.read_words(ADDRESS, 10, self.registers), AFTER if writing else BEFORE)


class RtuCase(LinkCase):
    """pymodbus's own server in front of the simulated PLC's registers."""

    transport = "rtu_tcp"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.far = cls.enterClassContext(Wire(cls.plc, "rtu_tcp"))

    def make_proxy(self):
        return FaultProxy(self.far.port, receive_request, receive_answer=receive_answer)


def receive_request(sock):
    """One telegram of a client, or nothing at the end of the connection."""
    head = sock.recv(7, socket.MSG_WAITALL)
    rest = head[6] + 2 if head[1:2] == b"\x10" else 1
    return head + sock.recv(rest, socket.MSG_WAITALL) if len(head) == 7 else b""


def receive_answer(sock):
    head = sock.recv(3, socket.MSG_WAITALL)
    rest = 2 if head[1] & 0x80 else 5 if head[1] == 16 else head[2] + 2
    return head + sock.recv(rest, socket.MSG_WAITALL)


class FinsTcpCase(FinsCase):
    transport = "fins_tcp"


@tagged("post_install", "-at_install")
class TestTcp(Walk, LinkCase):
    pass


@tagged("post_install", "-at_install")
class TestRtu(Walk, RtuCase):
    pass


@tagged("post_install", "-at_install")
class TestFinsUdp(Walk, FinsCase):
    pass


@tagged("post_install", "-at_install")
class TestFinsTcp(Walk, FinsTcpCase):
    pass


@tagged("post_install", "-at_install")
class TestS7(Walk, S7Case):
    pass


@tagged("post_install", "-at_install")
class TestOpcUa(Walk, OpcUaCase):
    pass


@tagged("post_install", "-at_install")
class TestTable(BaseCase):
    def test_each_cell(self):
        """What cannot be had says why."""
        self.assertEqual(set(CELLS), set(WIRES))
        for wire, cells in CELLS.items():
            self.assertEqual(set(cells), set(FAULTS), wire)
