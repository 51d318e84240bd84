"""What strangers do to a PLC of each protocol, at each moment of a batch: it is told, nothing is believed or made twice, and what
is mended goes on."""

from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged

from ...plc.wires import KINDS, fins
from ...simulator import opcua
from ..lot import is_drawn
from .protocol_case import OTHERS, OneBatchCase

MOMENTS = ("queued", "offered", "running")
AN_HOUR_AGO = datetime.now(timezone.utc) - timedelta(hours=1)


def front(**values):
    """The PLC's port is so."""
    return lambda case, plc: patch.multiple(plc.front, **values)


def renamed(_case, _plc):
    """Its programmer gave the array another name."""
    return patch.object(opcua, "NAME", "MoBatch.Renamed")


def oldest(seconds):
    def made(case, plc):
        case.controller.max_age = seconds
        return patch.object(plc.front, "stamped", AN_HOUR_AGO)

    return made


# what is done -> what the PLC's last error says
FINS = {
    "no route": (front(end_code=0x0501), "0501 .not in the routing tables.*routing tables of the gateway"),
    "a relay has an error": (front(end_code=0x8501), "8501 .routing.*routing tables of the gateway"),
    "a relay has no code": (front(end_code=0x8000), "8000 .unknown.*routing tables of the gateway"),
    "another network": (front(network=3), "0501 .not in the routing tables"),
    "another unit": (front(unit=16), "0202 .no such unit.*Check both nodes, and the unit"),
    "protected": (front(end_code=0x2102), "2102 .write protected.*allow Odoo"),
    "program mode": (front(end_code=0x2203), "2203 .not in this mode.*RUN or MONITOR"),
    "no such bank": (front(end_code=0x1101), "1101 .no such memory.*areas of the layout"),
    "busy": (front(end_code=0x0204), "0204 .busy.*asked again"),
}
BREAKS = {
    "fins_udp": FINS,
    "fins_tcp": FINS,
    "s7": {
        "PUT/GET off": (front(return_code=0x03), "03 .access not allowed.*Permit access with PUT/GET"),
        "an optimized block": (front(return_code=0x0A), "0A .object does not exist.*optimized access"),
        "a shorter block": (front(return_code=0x05), "05 .address out of range.*data block ends"),
        "its hardware": (front(return_code=0x01), "01 .hardware error.*diagnostic buffer"),
        "another slot": (front(rack_slot=(0, 2)), "Check rack and slot"),
        "smaller PDUs": (front(pdu=60), "do not fit into one of its PDUs of 60 bytes"),
    },
    "opcua": {
        "a renamed array": (renamed, "BadNodeIdUnknown.*Find Arrays"),
        "a shorter array": (front(size=5000), "BadIndexRangeNoData.*array ends before it"),
        "another type": (front(kind="Float"), "the variable is Float.*UInt16 or Int16"),
        "no ranges": (front(ranges=False), "IndexRange"),
        "torn reads": (front(access=0x103), "NonatomicRead"),
        "no rights": (front(status="BadUserAccessDenied"), "BadUserAccessDenied.*Allow the user"),
        "the PLC behind it is stopped": (front(status="BadNoCommunication"), "BadNoCommunication.*check both"),
        "the last usable value": (front(status="UncertainLastUsableValue"), "UncertainLastUsableValue.*not believed"),
        "sessions end": (front(fault="BadSessionIdInvalid"), "closed the connection"),
        "old values": (oldest(60), r"its values are \d{4} s old"),
    },
}


@tagged("post_install", "-at_install")
class TestBroken(OneBatchCase):
    def setUp(self):
        super().setUp()
        self.patch(fins, "BUSY_PAUSE", 0.001)

    def test_each(self):
        """One after the other, of one batch at each moment."""
        for transport in OTHERS:
            self.speak(transport)
            plc = self.new_simulator()
            for moment in MOMENTS:
                if not is_drawn(f"broken {transport} {moment}", 6):
                    continue
                order = self.brought(plc, moment)
                for name, (made, told) in BREAKS[transport].items():
                    with self.subTest(transport, broken=name, moment=moment):
                        self.check(plc, order, moment, made, told)
                self.finish(plc, order)
            plc.stop()

    def check(self, plc, order, moment, made, told):
        state = self.queue().state
        with made(self, plc):
            plc.step(1)
            self.run_task(2)
            self.assertRegex(self.controller.last_error or "", told)
            self.assertEqual(self.queue().state, state)
        if moment != "queued":
            self.run_task(2)
            self.assertFalse(self.controller.last_error)


@tagged("post_install", "-at_install")
class TestChanged(OneBatchCase):
    """What is changed at a PLC in Odoo while it has a batch."""

    def drawn(self):
        return [transport for transport in OTHERS if is_drawn(f"{self._testMethodName} {transport}")]

    def refused(self, **values):
        told = "cannot be changed while the PLC has batches|is not in a memory of|of the layout's handshake"
        with self.assertRaisesRegex(ValidationError, told), self.env.cr.savepoint():
            self.controller.write(values)

    def test_another_protocol(self):
        """It would be another PLC. Another transport of the same protocol is the same one, and the batch goes on over it."""
        for transport in self.drawn():
            plc, order = self.offered(transport)
            layout = self.controller.layout_id
            for other, kind in KINDS.items():
                with self.subTest(transport, other=other):
                    if kind.family == KINDS[transport].family:
                        self.controller.transport = other
                        continue
                    self.refused(transport=other)
                    self.refused(transport=other, layout_id=layout._of_protocol(kind.family.name).id)
            self.end(plc, order)
        self.speak("fins_udp")
        self.assertEqual(self.controller.protocol, "fins", "once it has none")

    def test_another_plc_behind_the_address(self):
        for transport in self.drawn():
            plc, order = self.offered(transport)
            for values in ({"device_id": 9}, {"network": 3, "node": 10}, {"node_unit": 16}, {"rack": 1}, {"rack_slot": 2}):
                with self.subTest(transport, **values):
                    self.refused(**values)
            self.controller.node = 10  # of the same one
            self.end(plc, order)

    def test_another_node_behind_a_gateway(self):
        for transport in ("fins_udp", "fins_tcp"):
            self.speak(transport)
            self.controller.write({"network": 3, "node": 10})
            plc = self.new_simulator()
            plc.front.network = 3
            order = self.brought(plc, "offered")
            self.refused(node=11)
            self.end(plc, order)
            self.controller.write({"network": 0, "node": 0})

    def test_the_address(self):
        """A PLC may get another one. What was proven is to be proven again, and the batch goes on."""
        manager = new_test_user(self.env, "mover", groups="plc_mo_batch.group_manager")
        for transport in self.drawn():
            plc, order = self.offered(transport)
            self.controller.with_user(manager).host = "127.0.0.2"
            self.assertFalse(self.controller.commissioned)
            self.controller.host = "127.0.0.1"
            self.end(plc, order)

    def test_a_copy(self):
        """Of a PLC that has a batch: it has none, is not proven, and waits for an address of its own."""
        for transport in self.drawn():
            with self.subTest(transport):
                plc, order = self.offered(transport)
                before = self.queue()
                copy = self.controller.copy()
                values = {"enabled": False, "commissioned": False, "transport": transport, "last_contact": False}
                self.assertRecordValues(copy, [values])
                self.assertEqual((copy.layout_id, copy.queue_count), (self.controller.layout_id, 0))
                self.assertEqual(self.queue(), before)
                self.end(plc, order)
                copy.unlink()
