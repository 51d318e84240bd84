"""Which part of the great tables a run tries. Plain Python.

``make test`` has to answer soon: a commit draws its part of each table, the next commit another one. Whoever names files, or runs
``make test-all``, tries everything.
"""

import hashlib
import os

LOT = os.environ.get("PLC_LOT", "")  # a commit; empty: everything is tried


def is_drawn(name, one_of=4):
    """Whether this run tries the cell of this name: it is one of so many that does."""
    return not LOT or drawn(f"{LOT} {name}") % one_of == 0


def is_turn(what, number, of):
    """Whether it is the turn of this one, from 0, among so many of a kind: each run has exactly one."""
    return not LOT or drawn(f"{LOT} {what}") % of == number


def number(what, below):
    """A number from 0 for this commit, to begin with; 0 if everything is tried."""
    return drawn(f"{LOT} {what}") % below if LOT else 0


def drawn(text):
    """A number that hangs on ``text`` alone.

    No checksum: of two names these differ by the same for each commit, so that some would always be drawn together.
    """
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
