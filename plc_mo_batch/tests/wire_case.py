"""What the tests of each wire share: a proxy that spoils in front of a simulated PLC, and what must hold after a fault.

Plain Python.
"""

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from odoo.tests import BaseCase

from ..plc.layout import HOLDING
from ..plc.wire import Endpoint, LinkError
from ..plc.wires import opened
from ..simulator import Simulator
from .fault_proxy import FaultProxy
from .patience import PATIENCES, SILENT, SURE, wait_until

ADDRESS = 7000
BEFORE = tuple(range(1, 11))
AFTER = tuple(range(101, 111))


class WireCase(BaseCase):
    """``self.proxy`` in front of a simulated PLC that holds BEFORE at ADDRESS and does nothing of itself.

    ``before_write``: requests that come before the first write on a connection.
    """

    protocol = "modbus"
    transport = "tcp"
    registers = HOLDING
    before_write = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plc = cls.enterClassContext(Simulator(scan_time=None, protocol=cls.protocol))

    def setUp(self):
        super().setUp()
        self.put(BEFORE)
        self.new_proxy()

    def put(self, words):
        self.plc.mill.memory[ADDRESS : ADDRESS + 10] = words

    def make_proxy(self):
        return FaultProxy(self.plc.port)

    def new_proxy(self, *faults):
        """One for each of the next requests."""
        self.proxy = self.enterContext(self.make_proxy())
        self.faults = faults
        self.proxy.faults += faults

    def endpoint(self, timeout=SURE, **values):
        return Endpoint("127.0.0.1", self.proxy.port, timeout=timeout, transport=self.transport, **values)

    @contextmanager
    def opened(self, timeout=SURE, **values):
        """Connecting, which is to come, has its time; then so many seconds are for each answer."""
        with opened(self.endpoint(**values), "job_numbers") as wire:
            self.hurry(wire, timeout)
            yield wire

    def hurry(self, wire, timeout):
        """So many seconds are for each answer from now on."""
        wire.endpoint = replace(wire.endpoint, timeout=timeout)

    def poll(self, **values):
        with self.opened(**values) as wire:
            return wire.read_words(ADDRESS, 10, self.registers)

    def send(self, **values):
        with self.opened(**values) as wire:
            wire.write_words(ADDRESS, AFTER, self.registers)

    def assert_connects(self, module):
        """To host and port alone, with the PLC's timeout, whatever else is known of an address of IPv6."""
        for address in (("192.0.2.7", 9600), ("2001:db8::7", 9600, 0, 3)):
            with (
                patch.object(module, "resolve", return_value=[address]),
                patch.object(module.socket, "create_connection", side_effect=ConnectionRefusedError) as connect,
                self.assertRaises(LinkError) as caught,
                opened(self.endpoint(timeout=7.5), "job_numbers"),
            ):
                pass
            self.assertEqual((caught.exception.kind, caught.exception.cause), ("connect", "refused"))
            connect.assert_called_once_with(address[:2], 7.5)

    def assert_fails(self, call, kind, writing=False):
        """After one request, or after those before a write, on a connection that is closed."""
        for timeout in {"timeout": (SILENT,), "reply": (SILENT, *PATIENCES)}.get(kind, (SURE,)):
            with self.assertRaises(LinkError) as caught:
                call(timeout=timeout)
            error = caught.exception
            if error.kind != "timeout":
                break  # what is nothing like an answer is waited out; on a busy machine it had not even come: then again
            if timeout != PATIENCES[-1] and kind == "reply":
                self.new_proxy(*self.faults)
        self.assertEqual((error.kind, error.writing), (kind, writing))
        asked = 1 if call == self.poll else 1 + self.before_write
        wait_until(lambda: len(self.proxy.requests) == asked, "the request")  # on a busy machine it is read only now
        self.assertTrue(self.proxy.wait_until_closed())
        self.assertEqual((len(self.proxy.requests), self.proxy.connections), (asked, 1))
        return error

    def assert_no_connection(self, wire):
        """It is closed, and stays so: nothing connects by itself in the middle of an exchange."""
        calls = (lambda: wire.read_words(0, 1, self.registers), lambda: wire.write_words(0, [1], self.registers))
        for call in calls:
            with self.assertRaises(LinkError) as caught:
                call()
            self.assertEqual(str(caught.exception), "reset: there is no connection")
            self.assertFalse(caught.exception.writing)
