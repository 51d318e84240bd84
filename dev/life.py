"""``python dev/life.py``: draw the life of a batch anew, from the handshakes' tables, into its page of the documentation."""

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable

# isort: split

from plc_mo_batch.tests import life_drawing

if __name__ == "__main__":
    life_drawing.PAGE.write_text(life_drawing.page())
