"""``python -m workshop.bench [--no-load]``: all figures beside their peers, into docs/benchmarks.md and bench.json.

The load test takes most of the time; without it its last figures stay. Each part is a process of its own, as the first knows no
Odoo.
Exit code 1: the load was above its limits, or a part failed.
"""

import subprocess
import sys


def part(name):
    """Whether it went well."""
    return not subprocess.call([sys.executable, "-m", f"workshop.bench.{name}"])


def main():
    parts = ["wire", "writeback", "silos", "live"]
    if not all(map(part, parts)):
        return 1
    kept = "--no-load" in sys.argv[1:] or part("load")
    return int(not (part("report") and kept))


if __name__ == "__main__":
    sys.exit(main())
