"""Explores each setting of plc_mo_batch/tests/plc_model.py, prints the table, and writes it to docs/architecture/handshakes.md.

Exit code 1 if it is not as it should be. Needs no Odoo."""

import argparse
import sys

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable

# isort: split
from plc_mo_batch.tests.plc_model import BLOCK, Model, rows

HEAD = ("what happens", "flags", "flags, copied", "job numbers")


def cell(found, verbose: bool) -> tuple[str, bool]:
    """What came of a setting, as text; whether it is as it should be."""
    if not found:
        return "", True
    setting, expected = found
    result = Model(setting).explore()
    as_expected = result.wrong == expected
    text = f"{(result.wrong or 'holds').lower()} ({result.states:,})"
    if verbose and result.path:
        print(f"\n{setting.handshake} {setting}: {result.wrong}", *result.path, sep="\n    ")
    return text if as_expected else f"{text} (NOT AS EXPECTED)", as_expected


def line(cells) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev/model", description=__doc__)
    parser.add_argument("-v", "--verbose", action="store_true", help="the shortest way to what does not hold")
    verbose = parser.parse_args().verbose
    lines, unexpected = [line(HEAD), line(["---"] * len(HEAD))], 0
    print(*lines, sep="\n")
    for name, found in rows():
        cells = [cell(each, verbose) for each in found]
        unexpected += sum(not as_expected for _text, as_expected in cells)
        lines.append(line([name, *(text for text, _as_expected in cells)]))
        print(lines[-1], flush=True)
    if not unexpected:
        BLOCK.put("\n".join(lines))
    return int(bool(unexpected))


if __name__ == "__main__":
    sys.exit(main())
