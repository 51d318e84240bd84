"""The wire that speaks Modbus (see ``wire.py``). The only file that knows pymodbus.

What pymodbus accepts is checked here again (measured on 3.16.1): the reply's function, that it contains exactly the requested
registers, and that the echo of a write equals what was written. The library never repeats a write (``retries=0``): the next round
of the reconciler sees whether it arrived. After any doubt the connection is closed, and never used again. Transaction ids begin
at a random number, as every other client of a PLC or gateway also counts from 1.

RTU telegrams have no transaction id, so a late answer looks like the next one: after a timeout the line is left alone until the
answer can no longer come, and PLCs on one line take turns.
"""

import logging
import os
import random
import re
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from pymodbus import FramerType
from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.framer import FramerBase, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersResponse,
    ReadInputRegistersResponse,
    WriteMultipleRegistersResponse,
)

from .address import AddressRefused, Network, SocketAddress, first_of, resolve
from .layout import HOLDING, INPUT, MAX_READ, MAX_WRITE
from .sentences import Sentence, _lt
from .wire import (
    BUSY,
    BUSY_PAUSE,
    BUSY_TRIES,
    LINE_WAIT,
    MODBUS,
    NO_ANSWER,
    Endpoint,
    LinkError,
    Manners,
    SerialLine,
    Tls,
    unreachable,
)

TCP, TLS, RTU_TCP, SERIAL = ("tcp", "tls", "rtu_tcp", "serial")
# Names of serial ports and of virtual ones. Not of consoles (tty, tty1), of the kernel's log (ttyprintk), or of other devices:
# some do harm when they are merely opened, and pyserial would also accept addresses and files.
DEVICE = re.compile(
    r"/dev/(tty(?!printk)[A-Za-z][\w.-]*\d|serial\d+|serial/by-(id|path)/[\w.:+-]*\w|rfcomm\d+|tnt\d+|pts/\d+|(cu|tty)\.[\w.-]+)"
    r"|COM\d+"
)

NO_LINE = SerialLine("")  # of a device that was not entered: no serial port is called so
PORT_WAIT = 5.0  # seconds to wait for another process that uses the serial port

READ_HOLDING = 3
READ_INPUT = 4
WRITE_MULTIPLE = 16

# Names of the exceptions that a device can answer with (Modbus specification 7)
EXCEPTION_NAMES = {
    1: _lt("illegal function"),
    2: _lt("illegal data address"),
    3: _lt("illegal data value"),
    4: _lt("device failure"),
    5: _lt("acknowledge (still working)"),
    6: _lt("device busy"),
    10: _lt("gateway path unavailable"),
    11: _lt("gateway target does not answer"),
}
# answered before anything was done: the write was certainly not applied
REFUSED = (1, 2, 3)


class _Demote(logging.Filter):
    """pymodbus logs an ERROR for every PLC that refuses or is silent. We report those ourselves, once, where they can be
    repaired."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return logging.getLogger("pymodbus").isEnabledFor(logging.DEBUG)


for _name in ("pymodbus", "pymodbus.logging"):
    logging.getLogger(_name).addFilter(_Demote())


class _ReadReply(ReadHoldingRegistersResponse):
    """Registers and nothing else: pymodbus's own class accepts an odd byte, or extra ones."""

    def decode(self, data: bytes) -> None:
        count = len(data) // 2
        if len(data) != 1 + 2 * count or data[0] != 2 * count:
            raise ValueError("the byte count is wrong")
        self.registers = struct.unpack_from(f">{count}H", data, 1)

    def __str__(self) -> str:
        return "registers"  # pymodbus asks for it with each reply, logged or not


class _InputReply(_ReadReply):
    """The same from input registers."""

    function_code = ReadInputRegistersResponse.function_code


class _WriteReply(WriteMultipleRegistersResponse):
    """An echo and nothing else."""

    def decode(self, data: bytes) -> None:
        self.address, self.count = struct.unpack(">HH", data)


_DECODER = DecodePDU(is_server=False)
_DECODER.register(_ReadReply)
_DECODER.register(_InputReply)
_DECODER.register(_WriteReply)


class _Framer(FramerSocket):
    """Knows what was asked and what came, and takes for ours what the device's manners allow.

    pymodbus passes over answers with another unit or transaction, as if nothing had come.
    """

    def __init__(self, manners: Manners):
        super().__init__(_DECODER)
        self.manners = manners
        self.asked = self.came = (0, 0)  # unit, transaction

    def encode(self, payload: bytes, device_id: int, tid: int) -> bytes:
        self.asked = self.came = (device_id, tid)
        return super().encode(payload, device_id, tid)

    def decode(self, data: bytes) -> tuple[int, int, int, bytes]:
        used, unit, tid, pdu = super().decode(data)
        if pdu:
            self.came = (unit, tid)
        asked_unit, asked_tid = self.asked
        if self.manners.any_unit:
            unit = asked_unit
        if self.manners.no_transaction and tid == 0:
            tid = asked_tid
        return used, unit, tid, pdu

    def stranger(self) -> tuple[str, Sentence, Sentence] | None:
        """(cause, detail, ids) of an answer that is not for us; None if none came."""
        (unit, tid), (came_unit, came_tid) = self.asked, self.came
        if unit != came_unit and not self.manners.any_unit:
            told = _lt("unit %(asked)s was asked, and unit %(came)s answered", asked=unit, came=came_unit)
            return "unit", told, told
        if tid == came_tid:
            return None
        ids = _lt("asked with transaction id %(asked)s, answered with %(came)s", asked=tid, came=came_tid)
        if came_tid == 0:
            return "no_transaction", _lt("its transaction id is 0, whatever was asked"), ids
        return "transaction", _lt("it has the transaction id of another request"), ids


class _TcpClient(ModbusTcpClient):
    allowed: tuple[Network, ...] | None = None

    def connect(self) -> bool:
        """pymodbus's own method logs the reason of a failure instead of raising it, and resolves again the name that was already
        judged."""
        if self.socket is None:
            self.socket = self._connected()
        return True

    def _addresses(self) -> list[SocketAddress]:
        host, port = self.comm_params.host, self.comm_params.port
        return resolve(host, port, self.allowed)

    def _connected(self) -> socket.socket:
        timeout = self.comm_params.timeout_connect
        return first_of(self._addresses(), lambda address: socket.create_connection(address[:2], timeout))


class _TlsClient(_TcpClient):
    """Modbus/TCP Security: the same telegrams in TLS. pymodbus's own client cannot check the server's name, and takes each
    fragment for a whole telegram."""

    def __init__(self, endpoint: Endpoint, **options: Any):
        self.context = tls_context(endpoint.tls)
        self.server_name = endpoint.tls.server_name or endpoint.host
        super().__init__(endpoint.host, **options)

    def connect(self) -> bool:
        if self.socket is None:
            plain = self._connected()
            try:
                self.socket = self.context.wrap_socket(plain, server_hostname=self.server_name)
            except OSError as error:
                plain.close()
                raise LinkError("tls", _tls_reason(error)) from error
        return True


class _SerialClient(ModbusSerialClient):
    def connect(self) -> bool:
        """pymodbus's own method logs the reason of a failure instead of raising it."""
        device = self.comm_params.host
        if super().connect():
            return True
        if not os.path.exists(device):
            raise OSError(_lt("the device does not exist"))
        if not os.access(device, os.R_OK | os.W_OK):
            raise OSError(_lt("the system user that runs Odoo has no permission to use it"))
        raise BlockingIOError(_lt("another program is using it, or it does not support these settings"))


def _tls_reason(error: OSError) -> Sentence:
    """OpenSSL's message stays English, as people search for it in its documentation."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _lt("its certificate is not trusted (%(why)s)", why=error.verify_message.rstrip("."))
    reason = isinstance(error, ssl.SSLError) and error.reason
    return Sentence(reason.lower().replace("_", " ")) if reason else _lt("it does not support TLS")


def tls_context(tls: Tls) -> ssl.SSLContext:
    """The OpenSSL context for the certificates.

    :raise LinkError: ``setup`` if one of them is not a certificate, or the key does not belong to the certificate
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # required by the specification
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a PLC's own certificate may be the trusted one
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        if tls.ca:
            context.load_verify_locations(cadata=tls.ca)
        else:
            context.load_default_certs()
    except (ssl.SSLError, ValueError) as error:
        raise LinkError("setup", _lt("the CA certificate is not in PEM format")) from error
    if tls.certificate:
        _load_own_certificate(context, tls)
    return context


def _load_own_certificate(context: ssl.SSLContext, tls: Tls) -> None:
    try:
        with tempfile.NamedTemporaryFile("w") as file:  # OpenSSL reads it from a file only
            file.write(f"{tls.certificate}\n{tls.key}")
            file.flush()
            context.load_cert_chain(file.name, password=lambda: "")  # otherwise it would prompt for one on the terminal
    except (ssl.SSLError, ValueError) as error:
        detail = _lt("Odoo's certificate and key are not in PEM format, do not match, or the key has a password")
        raise LinkError("setup", detail) from error


Trace = Callable[[bool, bytes], bytes]


class _Client(Protocol):
    """What is used of pymodbus's clients."""

    framer: FramerBase

    @property
    def connected(self) -> bool:
        """A connection exists."""

    def connect(self) -> bool:
        """Connect, if there is no connection."""

    def close(self) -> None:
        """Close it, if there is one."""

    def read_holding_registers(self, address: int, *, count: int, device_id: int) -> ModbusPDU:
        """Function 3."""

    def read_input_registers(self, address: int, *, count: int, device_id: int) -> ModbusPDU:
        """Function 4."""

    def write_registers(self, address: int, values: list[int], *, device_id: int) -> ModbusPDU:
        """Function 16."""


def _is_rtu(endpoint: Endpoint) -> bool:
    """Its telegrams have no transaction id."""
    return endpoint.transport in (RTU_TCP, SERIAL)


def _new_client(endpoint: Endpoint, trace: Trace) -> "_TcpClient | _SerialClient":
    """
    :raise LinkError: ``setup`` if the transport cannot be used
    """
    options: dict[str, Any] = {"timeout": endpoint.timeout, "retries": 0, "trace_packet": trace}
    if endpoint.transport == SERIAL:
        return _new_serial_client(endpoint.line or NO_LINE, options)
    options["port"] = endpoint.port
    client: _TcpClient
    if endpoint.transport == TLS:
        client = _TlsClient(endpoint, **options)
    else:
        client = _TcpClient(endpoint.host, framer=FramerType.RTU, **options)
    if not _is_rtu(endpoint):  # telegrams of Modbus TCP are read by a framer of our own
        client.framer = client.transaction.framer = _Framer(endpoint.manners)
    client.allowed = endpoint.allowed
    return client


def is_serial_port(device: str) -> bool:
    """Whether it is the name of a serial port, or a link below ``/dev`` to one, as udev makes them."""
    return bool(DEVICE.fullmatch(one_device(device)))


def one_device(device: str) -> str:
    """The name of a serial port as told apart from others: links and dots are followed."""
    return os.path.realpath(device) if device.startswith("/dev/") else device


def _is_absent(device: str) -> bool:
    """A name that udev gives leads nowhere while the adapter is unplugged."""
    return device.startswith("/dev/") and ".." not in device and not os.path.exists(device)


def _new_serial_client(line: SerialLine, options: dict[str, Any]) -> _SerialClient:
    if not is_serial_port(line.device) and not _is_absent(line.device):
        raise LinkError("setup", _lt("%(device)s is not a serial port; expected something like /dev/ttyUSB0", device=line.device))
    try:
        return _SerialClient(line.device, baudrate=line.baudrate, parity=line.parity, stopbits=line.stopbits, **options)
    except RuntimeError as error:  # pymodbus's way to report it
        raise LinkError("setup", _lt("the Python package pyserial is not installed")) from error


# place -> held by the link that uses the line
_lines: dict[str, threading.Lock] = {}


class Link:
    """One connection for one exchange; use as a context manager.

    :param wait: maximum seconds to wait for a line that others use
    :raise LinkError: ``connect`` if the PLC cannot be reached, ``setup`` if Odoo's side lacks something
    """

    def __init__(self, endpoint: Endpoint, wait: float = LINE_WAIT):
        self.endpoint = endpoint
        self.wait = wait
        self.requests = 0
        self._received = b""
        self._has_answered = False  # on this connection
        self._free_at = 0.0  # when the device may be asked again
        self._line: threading.Lock | None = None
        client = _new_client(endpoint, self._trace)
        client.framer.decoder = _DECODER
        client.transaction.next_tid = random.randrange(60000)  # nosec B311 # not a secret
        self._client: _Client = client

    def __enter__(self) -> "Link":
        self.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect.

        :raise LinkError: ``connect``, ``address``, ``tls`` or ``busy``
        """
        if _is_rtu(self.endpoint):
            self._take_line()
        try:
            self._connect()
        finally:
            if not self._client.connected:
                self.close()

    def _take_line(self) -> None:
        line = _lines.setdefault(one_device(self.endpoint.place), threading.Lock())
        if not line.acquire(timeout=self.wait):
            raise LinkError("busy")
        self._line = line

    def _connect(self) -> None:
        try:
            self._connect_once()
        except (AddressRefused, OSError, ValueError, OverflowError) as error:  # an impossible host or port raises the latter two
            raise unreachable(error) from error
        self._has_answered = False
        self._leave_alone(self.endpoint.manners.connect_pause)

    def _leave_alone(self, seconds: float) -> None:
        """Ask nothing for so long."""
        self._free_at = max(self._free_at, time.monotonic() + seconds)

    def _connect_once(self) -> None:
        until = time.monotonic() + min(self.wait, PORT_WAIT)
        while True:
            try:
                self._client.connect()
                return
            except BlockingIOError:
                if self.endpoint.transport != SERIAL or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def close(self) -> None:
        """Close; harmless if already closed."""
        self._client.close()
        if self._line:
            self._line.release()
            self._line = None

    def read_words(self, address: int, count: int, registers: str = HOLDING) -> tuple[int, ...]:
        """``count`` holding (or input) registers from ``address`` (0-based), at most 125, in one request. A device that is busy
        is asked again a few times.

        :raise LinkError: on anything but exactly these registers; the connection is then closed, and stays so
        :raise ValueError: if there is no such request; nothing was sent
        """
        self._check(address, count, MAX_READ, registers)
        function = READ_INPUT if registers == INPUT else READ_HOLDING
        reply = self._call(function, address, count)
        for attempt in range(BUSY_TRIES - 1):
            if reply.function_code == function or str(reply.exception_code) not in BUSY:
                break
            self._leave_alone(BUSY_PAUSE * 2**attempt)
            reply = self._call(function, address, count)
        self._refuse(reply, function, address, count)
        if len(reply.registers) != count:
            self.close()
            told = {"count": count, "address": address, "got": len(reply.registers)}
            raise LinkError("reply", _lt("requested %(count)s registers at %(address)s, got %(got)s", **told))
        return tuple(reply.registers)

    def write_words(self, address: int, words: Sequence[int], registers: str = HOLDING) -> None:
        """Write up to 123 holding registers from ``address`` in one request, sent once.

        :raise LinkError: with ``writing`` set, unless the PLC has certainly not applied it; the connection is then closed
        :raise ValueError: if there is no such request; nothing was sent
        """
        words = list(words)
        self._check(address, len(words), MAX_WRITE, registers, words)
        reply = self._call(WRITE_MULTIPLE, address, words=words)
        self._refuse(reply, WRITE_MULTIPLE, address, len(words))
        if (reply.address, reply.count) != (address, len(words)):
            self.close()
            detail = _lt("the echo of the write at %(address)s does not match", address=address)
            raise LinkError("reply", detail, writing=True)

    def _check(self, address: int, count: int, most: int, registers: str, words: Sequence[int] = ()) -> None:
        """pymodbus checks little of this, and some of it only after sending."""
        MODBUS.check(registers)
        if words and registers == INPUT:
            raise ValueError(_lt("input registers cannot be written"))
        if not 1 <= count <= most or not 0 <= address <= 0x10000 - count:
            told = {"count": count, "address": address}
            raise ValueError(_lt("%(count)s registers at %(address)s cannot be read or written in one request", **told))
        if words and not 0 <= min(words) <= max(words) <= 0xFFFF:
            raise ValueError(_lt("a word at or after %(address)s is not between 0 and 65535", address=address))

    def _call(self, function: int, address: int, count: int = 0, words: Sequence[int] = ()) -> ModbusPDU:
        """The reply to one request, to read so many registers or to write these words. It may be a refusal."""
        if not self._client.connected:  # pymodbus would reconnect
            raise LinkError("reset", _lt("there is no connection"))
        self._make_ready()
        writing = function == WRITE_MULTIPLE
        self.requests += 1
        try:
            reply = self._send(function, address, count, list(words))
        except (OSError, ModbusException) as error:
            raise self._fault(error, writing) from error
        self._has_answered = True
        self._leave_alone(self.endpoint.manners.request_pause)
        return reply

    def _make_ready(self) -> None:
        """Connect anew for a device that serves one request on each connection, and leave it the pauses that it needs."""
        if self._has_answered and self.endpoint.manners.connect_each:
            self._client.close()
            self._connect()
        pause = self._free_at - time.monotonic()
        if pause > 0:
            time.sleep(pause)

    def _send(self, function: int, address: int, count: int, words: list[int]) -> ModbusPDU:
        unit = self.endpoint.device_id
        if function == WRITE_MULTIPLE:
            return self._client.write_registers(address, words, device_id=unit)
        if function == READ_INPUT:
            return self._client.read_input_registers(address, count=count, device_id=unit)
        return self._client.read_holding_registers(address, count=count, device_id=unit)

    def _fault(self, error: Exception, writing: bool) -> LinkError:
        """What happened instead of an answer. The connection is closed then."""
        fault = self._reason(error)
        fault.writing = fault.to_write = writing
        if fault.kind != "reset" and _is_rtu(self.endpoint):
            time.sleep(self.endpoint.timeout)  # for a late answer, while no other PLC can take it for its own
        self.close()
        return fault

    def _refuse(self, reply: ModbusPDU, function: int, address: int, count: int) -> None:
        """
        :raise LinkError: if the reply is none to this function; the connection is then closed
        """
        if reply.function_code == function:
            return
        self.close()
        writing = function == WRITE_MULTIPLE
        if reply.function_code != function | 0x80:
            told: dict[str, Any] = {"answered": reply.function_code & 0x7F, "asked": function}
            raise LinkError("reply", _lt("it answered function %(answered)s instead of %(asked)s", **told), writing)
        code = reply.exception_code
        told = {"code": code, "name": EXCEPTION_NAMES.get(code, _lt("unknown")), "address": address}
        told |= {"function": function, "count": count}
        detail = _lt("%(code)s (%(name)s) at address %(address)s (function %(function)s, %(count)s registers)", **told)
        doubtful = writing and code not in REFUSED
        raise LinkError("exception", detail, doubtful, str(code), writing, address=address)

    def _trace(self, sending: bool, data: bytes) -> bytes:
        self._received = b"" if sending else data
        return data

    def _reason(self, error: Exception) -> LinkError:
        """What pymodbus raised: it calls everything but a lost connection a missing response."""
        if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return LinkError("tls", _tls_reason(error))
        later = "later" if self._has_answered else ""
        framer = self._client.framer
        stranger = framer.stranger() if isinstance(framer, _Framer) else None
        if stranger:  # which pymodbus passed over; then it waited for another answer
            cause, detail, ids = stranger
            return LinkError("reply", detail, cause=cause, ids=ids)
        if isinstance(error, (OSError, ConnectionException)):
            if self.endpoint.transport == TLS and self.requests == 1 and not self.endpoint.tls.certificate:
                return LinkError("tls", _lt("it closes the connection at once and may require a certificate from Odoo"))
            return LinkError("reset", cause=later)
        if self._received:
            return LinkError("reply", NO_ANSWER)
        return LinkError("timeout", cause=later)
