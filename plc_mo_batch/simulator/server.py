"""The mill on a socket, with an event loop in its own thread: Modbus TCP on pymodbus's server, or another protocol."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, cast

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from .fins import FinsFront
from .mill import REGISTERS, Mill
from .opcua import OpcUaFront
from .s7 import S7Front
from .store import Store

_logger = logging.getLogger("plc_simulator")
_pymodbus_logger = logging.getLogger("pymodbus.logging")

READ, WRITE_ONE, WRITE_MANY = 3, 6, 16
START_SECONDS = 60.0  # a machine may be busy


class Simulator:
    """A reachable PLC: ``with Simulator(speed=60) as plc:`` listens on 127.0.0.1:``plc.port``.

    It serves holding registers 0..65535 (functions 3, 6 and 16; anything else is answered with a Modbus exception), or the same
    words in another protocol's memory, and scans its mill. A write request is applied whole, between two scans.
    Touch ``mill`` from another thread only under ``lock``: then no scan and no request is under way.

    :param port: 0 takes a free one; ``port`` is the real one after the start, and a restart keeps it
    :param speed: seconds of plant time in a second
    :param scan_time: seconds between two scans; None: the mill moves by ``step`` alone
    :param writes_at_scan: writes appear, and take effect, with the next scan, as on many real PLCs
    :param device_id: the Modbus unit that answers, 1..247
    :param protocol: one of ``PROTOCOLS``; with "fins" the registers are the memory D, over UDP and TCP on the same port, with
        "s7" data block 1, with "opcua" an array variable
    :param ledger_file: a JSON line for each record of ``mill.ledger``, on disk before the registers show it
        to anyone; an existing ledger is continued
    :param memory_file: makes registers and running job retentive: read at creation, written at every change
    :param mill: the parameters of ``Mill``
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        speed: float = 1.0,
        scan_time: float | None = 0.05,
        writes_at_scan: bool = False,
        device_id: int = 1,
        protocol: str = "modbus",
        ledger_file: str | os.PathLike[str] | None = None,
        memory_file: str | os.PathLike[str] | None = None,
        **mill: Any,
    ):
        if speed <= 0:
            raise ValueError(f"speed is {speed}, but must be above 0")
        if not 1 <= device_id <= 247:
            raise ValueError(f"device id is {device_id}, but must be 1 to 247")
        if protocol not in PROTOCOLS:
            raise ValueError(f"protocol is {protocol}, but must be one of {', '.join(PROTOCOLS)}")
        self.host = host
        self.port = port
        self.speed = speed
        self.scan_time = scan_time
        self.writes_at_scan = writes_at_scan
        self.device_id = device_id
        self.front = PROTOCOLS[protocol](self)
        self.mill = Mill(**mill)
        self.lock = threading.RLock()
        self._store = Store(memory_file, ledger_file)
        self._store.load(self.mill)
        self._pending: list[tuple[int, list[int]]] = []
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._listening = threading.Event()
        self._failure: Exception | None = None

    # Life

    def start(self) -> Simulator:
        """Listen and scan; returns when clients can connect. OSError if the address cannot be used."""
        if self._thread:
            raise RuntimeError("the simulator is already running")
        self._failure = None
        self._listening.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="plc_simulator", daemon=True)
        self._thread.start()
        if not self._listening.wait(START_SECONDS) or self._failure:
            self.stop()
            sentence = f"cannot listen on {self.host}:{self.port}: the address is in use or not allowed"
            raise OSError(sentence) from self._failure
        return self

    def stop(self) -> None:
        """Close all connections and stand still; ``start`` continues with the same mill. Safe to call twice."""
        if not self._thread:
            return
        if self._loop and self._stopping:
            with suppress(RuntimeError):  # it could not listen, and its loop is already closed
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(START_SECONDS)
        self._thread = None

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def step(self, dt: float) -> None:
        """One manual scan, ``dt`` seconds of plant time after the last one."""
        with self.lock:
            self._apply_pending()
            self.mill.scan(dt)
            self._store.save(self.mill)

    def lose_memory(self, keep_taken: bool = False) -> None:
        """``Mill.lose_memory``, between two scans, and on disk."""
        with self.lock:
            self.mill.lose_memory(keep_taken)
            self._store.save(self.mill)

    # In the thread

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        try:
            self.port = await self.front.start()
        except (RuntimeError, OSError, OverflowError) as exc:
            self._failure = exc
            self._listening.set()
            return
        self._listening.set()
        scanning = asyncio.create_task(self._scan_forever(self.scan_time)) if self.scan_time else None
        await self._stopping.wait()
        if scanning:
            scanning.cancel()
        await self.front.stop()

    async def _scan_forever(self, scan_time: float) -> None:
        last = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(scan_time)
            now = asyncio.get_running_loop().time()
            try:
                self.step((now - last) * self.speed)
            except Exception:
                _logger.exception("scan failed")
            last = now

    async def _on_request(
        self,
        function: int,
        _start: int,
        address: int,
        count: int,
        registers: list[int],
        values: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        """pymodbus's hook before it reads or writes its own registers: those are only the image of the mill's."""
        if function in (WRITE_ONE, WRITE_MANY):
            # For the echo of a single write pymodbus asks again, without values: for what it just stored.
            if values is not None:
                self._write(address, values)
        elif function == READ:
            registers[address : address + count] = self._read(address, count)
        else:
            return ExcCodes.ILLEGAL_FUNCTION
        return None

    def _read(self, address: int, count: int) -> list[int]:
        with self.lock:
            return self.mill.memory[address : address + count]

    def _write(self, address: int, values: Sequence[int]) -> None:
        with self.lock:
            self._pending.append((address, list(values)))
            if not self.writes_at_scan:
                self._apply_pending()
                self._store.save(self.mill)

    def _apply_pending(self) -> None:
        for address, values in self._pending:
            self.mill.memory[address : address + len(values)] = values
        self._pending = []


class ModbusFront:
    """pymodbus's server."""

    def __init__(self, simulator: Simulator):
        self.simulator = simulator
        self._quiet = _QuietPymodbus()

    async def start(self) -> int:
        """Listen; the port. OSError or RuntimeError if it cannot be used."""
        self._quiet.__enter__()
        try:
            registers = SimData(0, count=REGISTERS, values=0, datatype=DataType.REGISTERS)
            device = SimDevice(self.simulator.device_id, registers, action=self.simulator._on_request)
            self._server = ModbusTcpServer(device, address=(self.simulator.host, self.simulator.port))
            await self._server.serve_forever(background=True)
        except BaseException:
            self._quiet.__exit__()
            raise
        return int(cast(asyncio.Server, self._server.transport).sockets[0].getsockname()[1])  # pymodbus calls it a transport

    async def stop(self) -> None:
        """Close all."""
        shutdown: Callable[[], Awaitable[None]] = self._server.shutdown
        await shutdown()
        self._quiet.__exit__()


class Front(Protocol):
    """How the registers are shown to the world."""

    async def start(self) -> int:
        """Listen; the port. OSError or RuntimeError if it cannot be used."""

    async def stop(self) -> None:
        """Close all."""


PROTOCOLS: dict[str, Callable[[Simulator], Front]] = {
    "modbus": ModbusFront,
    "fins": FinsFront,
    "s7": S7Front,
    "opcua": OpcUaFront,
}


class _QuietPymodbus(logging.Filter):
    """While entered, pymodbus's log lines go to "plc_simulator.pymodbus" as debug: a refused request is no error."""

    def __enter__(self) -> None:
        _pymodbus_logger.addFilter(self)

    def __exit__(self, *_exc: object) -> None:
        _pymodbus_logger.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Reroute, and keep the original handlers out."""
        _logger.getChild("pymodbus").debug("%s", record.getMessage())
        return False
