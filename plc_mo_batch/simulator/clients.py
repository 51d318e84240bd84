"""The TCP clients of a front that speaks another protocol than Modbus."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Clients:
    """Those that are connected, each in a task of its own, until it hangs up or the front stops."""

    def __init__(self) -> None:
        self._clients: set[asyncio.Task[None]] = set()

    async def _hang_up(self) -> None:
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._clients.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await self._talk(reader, writer)
        finally:
            writer.close()
            if task:
                self._clients.discard(task)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it is not to be answered any more."""
        raise NotImplementedError
