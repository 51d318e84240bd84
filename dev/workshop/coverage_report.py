"""``python -m workshop.coverage_report COVERAGE.JSON [DOCUMENT]``.

A table of lines and branches, file by file, and what was never run.

What the document says from ``WHY`` on is written by hand, and stays.
"""

import json
import sys
from pathlib import Path

INTRODUCTION = """# Coverage

`make coverage`: lines and branches of `plc/` and `models/` that the addon's own tests run (`plc_mo_batch/tests`; what servers
started by `tests/` run is not counted, nor what explores at random or exhaustively). That a line was run does not mean that a
test would notice it being wrong: [mutation.md](mutation.md) says more about `plc/`.
"""
WHY = "## Never run, and why"


def percent(done, all_):
    return f"{100 * done / all_:.1f} %" if all_ else "–"


def row(name, summary):
    lines = summary["covered_lines"], summary["num_statements"]
    branches = summary["covered_branches"], summary["num_branches"]
    return [name, str(lines[1]), percent(*lines), str(branches[1]), percent(*branches)]


def total(files):
    keys = ("covered_lines", "num_statements", "covered_branches", "num_branches")
    return {key: sum(found["summary"][key] for found in files.values()) for key in keys}


def missing(found):
    """Lines that never ran, and branches that were never taken from lines that did."""
    lines = found["missing_lines"]
    branches = [f"{start} to {'the end' if end < 0 else end}" for start, end in found["missing_branches"] if start not in lines]
    return ", ".join([*map(str, lines), *branches])


def report(files):
    heads = ["file", "lines", "run", "branches", "taken", "never"]
    lines = [f"| {' | '.join(heads)} |", "|---|---:|---:|---:|---:|---|"]
    for package in ("plc", "models"):
        part = {name: found for name, found in files.items() if f"/{package}/" in f"/{name}"}
        lines.append(f"| {' | '.join([*row(f'**{package}/**', total(part)), ''])} |")
        for name, found in sorted(part.items()):
            cells = [*row(Path(name).name, found["summary"]), missing(found)]
            if found["summary"]["num_statements"]:
                lines.append(f"| {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    table = report(json.loads(Path(sys.argv[1]).read_text())["files"])
    print("\n".join(table))
    if len(sys.argv) > 2:
        document = Path(sys.argv[2])
        _table, heading, why = document.read_text().partition(WHY)
        document.write_text("\n".join([INTRODUCTION, *table, "", heading + why]).rstrip() + "\n")
