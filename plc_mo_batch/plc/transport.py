"""The wire. The only file that knows pymodbus.

What pymodbus accepts as good is checked here again (facts measured on 3.16.1): the reply's function, how many registers
came, and that the echo of a write is what was written. Writes are never repeated by the library (``retries=0``): the next
round of the reconciler sees whether they arrived. After any doubt the connection is closed, and never used again.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException

READ_HOLDING = 3
WRITE_MULTIPLE = 16

# Names of the exceptions a device can answer with (Modbus specification 7)
EXCEPTION_NAMES = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge (still working)",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target does not answer",
}
# answered before anything was done: the write was certainly not applied
REFUSED = (1, 2, 3)


class _Demote(logging.Filter):
    """pymodbus logs an ERROR for every refused or silent PLC; we report those ourselves, once, where they can be mended."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.levelno, record.levelname = logging.DEBUG, "DEBUG"
        return logging.getLogger("pymodbus").isEnabledFor(logging.DEBUG)


for _name in ("pymodbus", "pymodbus.logging"):
    logging.getLogger(_name).addFilter(_Demote())


class LinkError(Exception):
    """The PLC could not be talked to.

    ``kind`` is one of ``connect``, ``timeout``, ``reset``, ``exception``, ``reply``; ``detail`` is what is known beside it.
    ``writing`` is True when it happened after a write was begun: its fate is unknown.
    """

    def __init__(self, kind: str, detail: str = "", writing: bool = False):
        self.kind = kind
        self.detail = detail
        self.writing = writing
        super().__init__(f"{kind}: {detail}" if detail else kind)


@dataclass(frozen=True)
class Endpoint:
    """Where a PLC is: ``timeout`` in seconds for connecting and for each answer."""

    host: str
    port: int = 502
    device_id: int = 1
    timeout: float = 1.0


class Link:
    """One connection for one exchange; use as a context manager.

    :raise LinkError: ``connect`` when the PLC cannot be reached
    """

    def __init__(self, endpoint: Endpoint):
        self.endpoint = endpoint
        self.requests = 0
        self._client = ModbusTcpClient(endpoint.host, port=endpoint.port, timeout=endpoint.timeout, retries=0)

    def __enter__(self) -> "Link":
        self.open()
        return self

    def __exit__(self, *exc) -> None:
        self.close()

    def open(self) -> None:
        """Connect.

        :raise LinkError: ``connect``
        """
        try:
            connected = self._client.connect()
        except (OSError, ModbusException) as error:
            raise LinkError("connect", str(error)) from error
        if not connected:
            raise LinkError("connect")

    def close(self) -> None:
        """Close; harmless when closed already."""
        self._client.close()

    def read_words(self, address: int, count: int) -> tuple[int, ...]:
        """``count`` holding registers from ``address`` (0-based), at most 125, in one request.

        :raise LinkError: on anything but exactly these registers
        """
        reply = self._call(False, self._client.read_holding_registers, address, count=count)
        words = tuple(reply.registers)
        if reply.function_code != READ_HOLDING or len(words) != count:
            self.close()
            raise LinkError("reply", f"asked for {count} registers at {address}, got {len(words)}")
        return words

    def write_words(self, address: int, words: Sequence[int]) -> None:
        """Write up to 123 holding registers from ``address`` in one request, sent once.

        :raise LinkError: with ``writing`` set, as the PLC may have applied it all the same
        """
        reply = self._call(True, self._client.write_registers, address, list(words))
        if reply.function_code != WRITE_MULTIPLE or (reply.address, reply.count) != (address, len(words)):
            self.close()
            raise LinkError("reply", f"the echo of a write at {address} does not match", writing=True)

    def _call(self, writing: bool, function, address: int, *args, **kwargs):
        self.requests += 1
        try:
            reply = function(address, *args, device_id=self.endpoint.device_id, **kwargs)
        except (OSError, ModbusException) as error:
            self.close()
            raise LinkError(self._kind(error), str(error), writing) from error
        if reply.isError():
            self.close()
            name = EXCEPTION_NAMES.get(reply.exception_code, "unknown")
            doubtful = writing and reply.exception_code not in REFUSED
            raise LinkError("exception", f"{reply.exception_code} ({name}) at address {address}", doubtful)
        return reply

    @staticmethod
    def _kind(error: Exception) -> str:
        return "reset" if isinstance(error, (ConnectionError, ConnectionException)) else "timeout"
