"""The drawing of a batch's life, made of the handshakes' tables: what its page of the documentation has between two marks.

``dev/life`` writes it there; ``test_reconcile_tables`` fails when it is not what the tables say.
"""

from ..plc import layout
from ..plc.handshake import ACKNOWLEDGED, Sight
from ..plc.reconcile import HANDSHAKES
from .generated import Block

BLOCK = Block("architecture/life-of-a-batch.md", "dev/life")


def block():
    """What stands between the marks."""
    parts = ["## What can be seen", glossary()]
    for name in layout.HANDSHAKES:
        handshake = HANDSHAKES[name]
        parts += [f"## {label(name).capitalize()}", diagram(handshake.table), decisions(handshake.table)]
    return "\n\n".join(parts)


def diagram(table):
    """The changes of state as a Mermaid drawing."""
    lines = ["```mermaid", "stateDiagram-v2"]
    for row, cells in table.items():
        changes = {}
        for sight, rule in cells.items():
            if rule.to:
                changes.setdefault(rule.to, []).append(label(sight.name))
        lines += [f"    {row} --> {to}: {', '.join(names)}" for to, names in changes.items()]
    return "\n".join([*lines, "```"])


def decisions(table):
    """Every cell: state, sight, what is done, the new state."""
    lines = ["| state | what is seen | what is done | new state |", "|---|---|---|---|"]
    for rows, cells in merged(table):
        for sight, rule in cells.items():
            lines.append(f"| {rows} | {label(sight.name)} | {label(rule.act.__name__)} | {rule.to or ''} |")
    return "\n".join(lines)


def merged(table):
    """(the rows that are alike, what they say); an acknowledged batch is one of the ended ones."""
    found = []
    for row, cells in table.items():
        name = "ended, acknowledged" if row == ACKNOWLEDGED else row
        if found and found[-1][1] == cells:
            found[-1] = (f"{found[-1][0]}, {name}", cells)
        else:
            found.append((name, cells))
    return found


def glossary():
    """What each sight means."""
    return "\n".join(["| seen | meaning |", "|---|---|", *(f"| {label(sight.name)} | {sight.value} |" for sight in Sight)])


def label(name):
    return name.lower().replace("_", " ")
