"""``python dev/plain.py [-v] [NAME…]``: the tests that need no Odoo, in seconds (see ``workshop/plain.py``)."""

import sys

from workshop.plain import main

if __name__ == "__main__":
    sys.exit(main())
