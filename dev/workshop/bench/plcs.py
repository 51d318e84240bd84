"""Many PLCs in a process of their own: ``python -m workshop.bench.plcs COUNT`` prints their ports, then obeys lines on its
standard input.

``step SECONDS``: each PLC scans once, that much plant time after the last scan. ``forget``: each loses its memory.
Each command is answered with a line. They move by ``step`` alone.
"""

import json
import sys
from contextlib import ExitStack

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable

# isort: split
from plc_mo_batch.simulator import Simulator


def main(count):
    """Serve until the input ends."""
    with ExitStack() as stack:
        plcs = [stack.enter_context(Simulator(scan_time=None, seed=number)) for number in range(count)]
        print(json.dumps([plc.port for plc in plcs]), flush=True)
        for line in sys.stdin:
            command, *arguments = line.split()
            for plc in plcs:
                getattr(plc, {"step": "step", "forget": "lose_memory"}[command])(*map(float, arguments))
            print(command, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
