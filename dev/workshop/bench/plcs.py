"""Many PLCs in a process of their own: ``python -m workshop.bench.plcs COUNT`` prints their ports, then obeys lines on its
standard input.

``step SECONDS``: each PLC scans once, that much plant time after the last scan. ``forget``: each loses its memory. ``go SPEED
STAGGER``: from now on they move by themselves, that many seconds of plant time a second, each that many seconds later than the
one before it, as a plant's PLCs do not end their batches at the same moment. ``ended``: which orders have ended since this was
asked last, as JSON: [name of the order, seconds since 1970]. Each command is answered with a line.
"""

import json
import sys
import threading
import time
from contextlib import ExitStack

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable

# isort: split
from plc_mo_batch.simulator import Simulator

SCAN = 0.05  # seconds between two scans of those that move by themselves
SCAN_OF_EACH = 0.005  # at least: a hundred would else take a core for themselves


class Plcs:
    """They move together, and what ends is noted with the moment at which its registers say so."""

    def __init__(self, plcs):
        self.plcs = plcs
        self._seen = [0] * len(plcs)
        self._ended = []
        self._lock = threading.Lock()

    def step(self, seconds, count=None):
        """
        :param count: so many of them alone, the first ones
        """
        with self._lock:
            for number, plc in enumerate(self.plcs[:count]):
                plc.step(seconds)
                self._note(number, plc.mill.ledger)

    def _note(self, number, ledger):
        new, self._seen[number] = ledger[self._seen[number] :], len(ledger)
        self._ended += [(record["order"], time.time()) for record in new if record["event"] == "finished"]

    def forget(self):
        with self._lock:
            for plc in self.plcs:
                plc.lose_memory()

    def go(self, speed, stagger):
        threading.Thread(target=self._move, args=[speed, stagger], daemon=True).start()

    def _move(self, speed, stagger):
        begun = last = time.monotonic()
        while True:
            time.sleep(max(SCAN, SCAN_OF_EACH * len(self.plcs)))
            now = time.monotonic()
            self.step((now - last) * speed, 1 + int((now - begun) / stagger))
            last = now

    def ended(self):
        with self._lock:
            ended, self._ended = self._ended, []
        return json.dumps(ended)


def main(count):
    """Serve until the input ends."""
    with ExitStack() as stack:
        plcs = Plcs([stack.enter_context(Simulator(scan_time=None, seed=number)) for number in range(count)])
        print(json.dumps([plc.port for plc in plcs.plcs]), flush=True)
        for line in sys.stdin:
            command, *arguments = line.split()
            answer = {"step": plcs.step, "forget": plcs.forget, "go": plcs.go, "ended": plcs.ended}[command]
            print(answer(*map(float, arguments)) or command, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
