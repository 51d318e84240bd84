"""What survives a kill -9 of the simulator: its memory file and its ledger file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .mill import Mill

# A scan adds at most five records (a job, two events that begin and two that are stored) and two for each bin, which runs empty
# and is filled again; a memory loss adds one more.
TAIL_RECORDS = 12 + 2 * 24


class Store:
    """Keeps a mill on disk. The memory file also carries the last ledger records, so the two cannot disagree:
    ``load`` repairs the effect of a kill between the two writes.

    :param memory_file: registers and state, replaced as a whole; None: they are not retentive
    :param ledger_file: one JSON line per ledger record, appended; None: the ledger stays in the process
    """

    def __init__(self, memory_file: str | os.PathLike[str] | None, ledger_file: str | os.PathLike[str] | None):
        self.memory_file = Path(memory_file) if memory_file else None
        self.ledger_file = Path(ledger_file) if ledger_file else None
        self._saved_memory: list[int] = []
        self._saved_records = 0

    def load(self, mill: Mill) -> None:
        """Fill the mill from the files that exist. ValueError if one of them is not the simulator's, OSError if
        one cannot be written."""
        if self.ledger_file:
            self.ledger_file.touch()
        mill.ledger[:] = self._read_ledger()
        self._saved_records = len(mill.ledger)
        if self.memory_file and self.memory_file.exists():
            values = self._read_memory(self.memory_file)
            mill.from_json(values)
            last = mill.ledger[-1]["seq"] if mill.ledger else 0
            mill.ledger += [record for record in values["ledger_tail"] if record["seq"] > last]
        self.save(mill)

    def save(self, mill: Mill) -> None:
        """Write what has changed since the last time, the memory before the ledger."""
        if self.memory_file and (mill.memory != self._saved_memory or len(mill.ledger) > self._saved_records):
            self._write_memory(mill, self.memory_file)
        self._append_ledger(mill.ledger[self._saved_records :])
        self._saved_records = len(mill.ledger)

    def _read_memory(self, path: Path) -> dict[str, Any]:
        try:
            values: dict[str, Any] = json.loads(path.read_text())
        except ValueError:
            raise ValueError(f"{path} is not a memory file of the simulator") from None
        return values

    def _write_memory(self, mill: Mill, path: Path) -> None:
        values = {**mill.to_json(), "ledger_tail": mill.ledger[-TAIL_RECORDS:]}
        temporary = path.with_name(path.name + ".new")
        # Not synced: the file has to survive the end of this process, not of the machine.
        temporary.write_text(json.dumps(values))
        temporary.replace(path)
        self._saved_memory = mill.memory[:]

    def _read_ledger(self) -> list[dict[str, Any]]:
        if not self.ledger_file:
            return []
        try:
            return [json.loads(line) for line in self.ledger_file.read_text().splitlines()]
        except ValueError:
            raise ValueError(f"{self.ledger_file} is not a ledger file of the simulator") from None

    def _append_ledger(self, records: list[dict[str, Any]]) -> None:
        if not records or not self.ledger_file:
            return
        with self.ledger_file.open("a") as ledger:
            ledger.write("".join(json.dumps(record) + "\n" for record in records))
            ledger.flush()
            os.fsync(ledger.fileno())
