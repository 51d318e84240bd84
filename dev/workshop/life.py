"""``dev/life``: draw the life of a batch anew, from the handshakes' tables, into its page of the documentation."""

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable

# isort: split
from plc_mo_batch.tests import life_drawing


def main():
    life_drawing.BLOCK.put(life_drawing.block())
    return 0
