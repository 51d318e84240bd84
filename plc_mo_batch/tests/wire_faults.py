"""Faults × wires: what each wire makes of each fault, in one table. Plain Python.

``test_wire_faults`` walks it with real sockets; ``test_fault_sentences`` has what people are told, and holds
docs/architecture/wire-faults.md to it.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from pymodbus.framer import FramerRTU

from ..plc.wire import Login
from . import fault_proxy as fault
from .core import test_opcua
from .core.test_fins import command, ended, flipped, inside
from .core.test_s7 import coded

WIRES = {
    "tcp": "Modbus TCP",
    "rtu_tcp": "RTU over TCP",
    "fins_udp": "FINS over UDP",
    "fins_tcp": "FINS over TCP",
    "s7": "S7",
    "opcua": "OPC UA",
}
FAULTS = {
    "nobody": "Nobody has its port",
    "lost": "The request is lost",
    "silence": "The PLC does it, the answer is lost",
    "late": "The answer comes when it is waited for no more",
    "half": "Half an answer",
    "slow": "Byte by byte, beyond the timeout",
    "in time": "Byte by byte, in time",
    "doubled": "Each answer comes twice",
    "reset": "The connection is reset",
    "hung up": "It hangs up",
    "halfway": "It hangs up in the middle of the answer",
    "garbage": "Garbage",
    "foreign": "The answer to another request",
    "device": "The answer of another device",
    "command": "The answer to another command",
    "longer": "A word more than was asked for",
    "shorter": "A word less",
    "busy once": "It is busy, once",
    "busy": "It stays busy",
    "address": "It does not have this address",
    "broken": "It says that it failed",
    "not let in": "It lets nobody in",
    "protected": "It lets nobody write, or read",
    "mode": "Not in its present mode",
    "route": "The way to it is not known",
    "memory": "It does not have this memory",
    "small": "The slot does not fit into one request",
    "session": "The session is lost",
    "quality": "It does not vouch for its values",
    "unsure": "It is not sure of its values",
    "stale": "Its values are old",
    "scan": "A slot would be read from two scans",
    "type": "These are no words",
}


UNKNOWN, NOT_APPLIED, DONE = "unknown", "not applied", "done"


@dataclass(frozen=True)
class Cell:
    """What comes of one fault over one wire.

    :param fault: what the proxy does with a request
    :param told: kind and cause of a read's error, as ``link_sentences`` has them; "": it gets the right words
    :param fate: of a write, as Odoo may believe it
    :param applied: the PLC did it all the same
    :param write: ``told`` of a write, where it is another
    :param made: makes ``fault``, of the case
    :param prepared: makes the fault otherwise, of the case
    :param values: of the endpoint
    :param front: how the PLC's port is
    :param asked: requests of a read that reach the proxy
    :param repeated: so many requests meet the fault
    :param then: ``told`` of the next read on the same connection, where all was right
    :param writes: whether it can be of a write
    :param sent: a write reaches the proxy
    """

    fault: Callable[[Any], None] | None = None
    told: str = ""
    fate: str = UNKNOWN
    applied: bool = True
    write: str | None = None
    made: Callable[[Any], Callable[[Any], None]] | None = None
    prepared: Callable[[Any], None] | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    front: Mapping[str, Any] = field(default_factory=dict)
    asked: int = 1
    repeated: int = 1
    then: str = ""
    writes: bool = True
    sent: bool = True

    def of_write(self):
        return self.told if self.write is None else self.write


def refused(spoil, told):
    """The PLC says so, and has certainly not applied it."""
    return Cell(spoil, told, NOT_APPLIED, applied=False)


def failed(spoil, told, **values):
    """The PLC says so, and may have applied it. It has not."""
    return Cell(spoil, told, applied=False, **values)


def read(spoil, told, **values):
    """Only what is read can be so."""
    return Cell(spoil, told, writes=False, **values)


def kept_out(told, prepared=None, **values):
    """Nothing is written."""
    return Cell(None, told, NOT_APPLIED, applied=False, prepared=prepared, sent=False, **{"asked": 0, **values})


def let_in(answer):
    """What opens a connection is answered so: ``answer`` of the case and its request."""

    def prepared(case):
        case.proxy.is_opening = lambda _frame: False
        case.proxy.faults.append(lambda talk: talk.send(answer(case)))

    return prepared


def late_datagram(talk):
    """It comes to where the request was from, before the answer to the next one."""
    answer = talk.forward()

    def after(now):
        talk.send(answer)
        fault.passed_on(now)

    talk._proxy.faults.append(after)


# RTU: unit, function, data, check sum


def summed(data):
    return data + FramerRTU.compute_CRC(data).to_bytes(2, "big")


def rtu(change):
    """A fault: the answer is changed, and its check sum fits."""
    return lambda talk: talk.send(summed(change(talk.forward()[:-2])))


def rtu_doubled(talk):
    """Both at once: one that comes after the next request is the answer to that, as telegrams have no number."""
    talk.send(2 * talk.forward())


def rtu_exception(code):
    return lambda talk: talk.send(summed(bytes([talk.request[0], talk.request[1] | 0x80, code])))


# S7 and OPC UA


def s7_words(more):
    """A fault: a word more or less, and all lengths fit."""

    def spoil(talk):
        answer = bytearray(talk.forward())
        answer += bytes(2 * more) if more > 0 else b""
        del answer[len(answer) + min(0, 2 * more) :]
        for place, length in ((2, 2 * more), (15, 2 * more), (23, 16 * more)):
            struct.pack_into(">H", answer, place, struct.unpack_from(">H", answer, place)[0] + length)
        talk.send(bytes(answer))

    return spoil


def shown(told, fate=UNKNOWN, write=None, **values):
    """The PLC's port of OPC UA is so while it answers."""
    return Cell(None, told, fate, applied=False, write=write, made=lambda case: case.as_long(**values))


def reaching(more):
    """A fault: the array is as if its range reached further."""

    def made(case):
        genuine = case.plc.front._indices
        return case.as_long(_indices=lambda text: (genuine(text)[0], genuine(text)[1] + (more if text else 0)))

    return made


def no_session(case):
    ua, binary = case.plc.front.ua, case.plc.front.binary
    return binary.uatcp_to_binary(ua.MessageType.Error, ua.ErrorMessage(ua.StatusCode("BadTooManySessions"), ""))


def spoilt(later=""):
    """Of each wire that has a connection. ``later``: a write is not the first request on it."""
    return {
        "nobody": kept_out("connect refused", lambda case: case.proxy.refuse()),
        "lost": failed(fault.lost, "timeout", write=f"timeout{later}"),
        "silence": Cell(fault.silence, "timeout", write=f"timeout{later}"),
        "late": Cell(fault.late, "timeout", write=f"timeout{later}"),
        "half": Cell(fault.half, "reply"),
        "slow": Cell(fault.slow(2.0), "reply"),
        "in time": Cell(fault.slow(0.001), fate=DONE),
        "doubled": Cell(fault.duplicate, fate=DONE, repeated=3),
        "reset": Cell(fault.reset, "reset", write=f"reset{later}"),
        "hung up": Cell(fault.hung_up, "reset", write=f"reset{later}"),
        "halfway": Cell(fault.hung_up_halfway, "reset", write=f"reset{later}"),
        "garbage": Cell(fault.garbage, "reply"),
    }


def of_fins(kind):
    return {
        "foreign": Cell(inside(kind, flipped(9)), "reply transaction"),
        "device": Cell(inside(kind, flipped(7)), "reply node"),
        "command": Cell(inside(kind, command(0x0104)), "reply"),
        "longer": Cell(inside(kind, lambda frame: frame + b"\0\7"), "reply"),
        "shorter": read(inside(kind, lambda frame: frame[:-2]), "reply"),
        "busy once": failed(ended(0x0204)(kind), "", write="exception 6", asked=2),
        "busy": failed(ended(0x0204)(kind), "exception 6", asked=6, repeated=6),
        "address": refused(ended(0x1104)(kind), "exception 2"),
        "broken": failed(ended(0x0302)(kind), "exception"),
        "protected": refused(ended(0x3001)(kind), "exception protected"),
        "mode": refused(ended(0x2203)(kind), "exception mode"),
        "route": failed(ended(0x0501)(kind), "exception route"),
        "memory": refused(ended(0x1101)(kind), "exception memory"),
        "small": refused(ended(0x1001)(kind), "exception 3"),
    }


def of_modbus(exception, **others):
    return {
        **others,
        "busy once": failed(exception(6), "", write="exception 6", asked=2),
        "busy": failed(exception(6), "exception 6", asked=6, repeated=6),
        "address": refused(exception(2), "exception 2"),
        "broken": failed(exception(4), "exception 4"),
        "protected": refused(exception(1), "exception 1"),
        "small": refused(exception(3), "exception 3"),
        "not let in": HANGS_UP,
        "mode": "It says that it failed.",
        "memory": "Each device has its registers; what it lacks is an address.",
    }


LONG_AGO = datetime.now(timezone.utc) - timedelta(hours=1)
WHOLE = "A datagram comes whole, or not at all."
NO_CONNECTION = "No connection, no end of one."
HANGS_UP = "It can only hang up."
NOT_SO = "No answer of this protocol says so."
ALONE = "Whoever accepts the connection is the PLC: its answers name no device."
NO_NUMBER = (
    "Telegrams have no number. So one PLC at a time has the line, and after a fault it is left alone for as long as an answer "
    "may take; then each slot shows its own number."
)
ONE_REQUEST = "A slot is one request, and the guide says how a PLC answers it from one scan."
PATIENT = "No code asks for patience; it is silent, or lets nobody in."

CELLS = {
    "tcp": {
        **spoilt(),
        **of_modbus(
            fault.exception,
            foreign=Cell(fault.wrong_transaction, "reply transaction"),
            device=Cell(fault.wrong_unit, "reply unit"),
            command=Cell(fault.wrong_function, "reply"),
            longer=read(fault.long, "reply"),
            shorter=read(fault.short, "reply"),
            route=failed(fault.exception(10), "exception 10"),
        ),
    },
    "rtu_tcp": {
        **spoilt(),
        "doubled": Cell(rtu_doubled, fate=DONE, repeated=3),
        **of_modbus(
            rtu_exception,
            foreign=NO_NUMBER,
            device=Cell(rtu(lambda frame: bytes([frame[0] ^ 1]) + frame[1:]), "reply"),
            command=Cell(rtu(lambda frame: frame[:1] + bytes([frame[1] ^ 7]) + frame[2:]), "reply"),
            longer=read(rtu(lambda frame: frame[:2] + bytes([frame[2] + 2]) + frame[3:] + b"\0\7"), "reply"),
            shorter=read(rtu(lambda frame: frame[:2] + bytes([frame[2] - 2]) + frame[3:-2]), "reply"),
            route=failed(rtu_exception(10), "exception 10"),
        ),
    },
    "fins_udp": {
        **dict.fromkeys(("slow", "in time"), WHOLE),
        **dict.fromkeys(("reset", "hung up", "halfway"), NO_CONNECTION),
        **{name: spoilt()[name] for name in ("lost", "silence", "half", "doubled", "garbage")},
        "nobody": Cell(None, "connect refused", applied=False, prepared=lambda case: case.proxy.refuse(), asked=0, sent=False),
        "late": Cell(late_datagram, "timeout"),
        "not let in": "Nobody has to be let in.",
        **of_fins("fins_udp"),
    },
    "fins_tcp": {
        **spoilt(),
        "not let in": kept_out("connect nodes", let_in(lambda _case: b"FINS" + struct.pack(">5I", 16, 1, 0x20, 0, 0)), asked=1),
        **of_fins("fins_tcp"),
    },
    "s7": {
        **spoilt(),
        "foreign": Cell(fault.flipped(12), "reply"),
        "device": ALONE,
        "command": Cell(fault.flipped(19, 0x02), "reply"),
        "longer": read(s7_words(1), "reply"),
        "shorter": read(s7_words(-1), "reply"),
        **dict.fromkeys(("busy once", "busy"), PATIENT),
        "address": refused(coded(21, 0x05), "exception 2"),
        "broken": failed(coded(21, 0x01), "exception"),
        "not let in": kept_out("connect rack", values={"rack_slot": 2}),
        "protected": refused(coded(17, 0x8104), "exception access"),
        "mode": "It serves in each mode.",
        "route": "It is not relayed.",
        "memory": refused(coded(21, 0x0A), "exception block"),
        "small": kept_out("setup pdu", front={"pdu": 36}),
    },
    "opcua": {
        **spoilt(" later"),
        "doubled": Cell(fault.duplicate, fate=DONE, repeated=3, then="reply"),
        "foreign": Cell(fault.flipped(20), "reply"),
        "device": Cell(fault.flipped(8), "reply"),
        "command": Cell(fault.flipped(test_opcua.TYPE + 2, 0x04), "reply"),
        "longer": read(None, "setup array", made=reaching(1)),
        "shorter": read(None, "exception 2", made=reaching(-1)),
        **dict.fromkeys(("busy once", "busy"), PATIENT),
        "address": shown("exception 2", NOT_APPLIED, status="BadIndexRangeNoData"),
        "broken": shown("exception", status="BadInternalError"),
        "not let in": kept_out("connect sessions", let_in(no_session), asked=1),
        "protected": shown("exception access", NOT_APPLIED, status="BadUserAccessDenied"),
        "mode": "Its values are bad then.",
        "route": "Its values are bad then.",
        "memory": shown("exception node", NOT_APPLIED, status="BadNodeIdUnknown"),
        "small": "Each server takes 8192 bytes, by the specification; a slot has 250 at most.",
        "session": shown("reset", NOT_APPLIED, write="reset later", fault="BadSessionIdInvalid"),
        "quality": shown("exception quality", status="BadDeviceFailure"),
        "unsure": shown("exception uncertain", status="UncertainLastUsableValue"),
        "stale": kept_out("reply stale", front={"stamped": LONG_AGO}, values={"login": Login(max_age=60)}, asked=1),
        "scan": kept_out("setup array", front={"access": 0x303}, asked=1),
        "type": kept_out("setup array", front={"kind": "Float"}, asked=1),
    },
}
IS_WRITE = {
    "tcp": lambda frame: frame[7] == 16,
    "rtu_tcp": lambda frame: frame[1] == 16,
    "fins_udp": lambda frame: frame[11] == 2,
    "fins_tcp": lambda frame: len(frame) > 27 and frame[27] == 2,
    "s7": lambda frame: frame[17] == 5,
    "opcua": lambda frame: frame[test_opcua.TYPE : test_opcua.TYPE + 4] == test_opcua.WRITE,
}
# what only OPC UA has
for _cells in CELLS.values():
    _cells.setdefault("session", "It has no sessions.")
    _cells.setdefault("scan", ONE_REQUEST)
    _cells.setdefault("type", "It has words, and nothing else.")
    for _name in ("quality", "unsure", "stale"):
        _cells.setdefault(_name, NOT_SO)
