# From the bottom up: a package imports only packages above it in this list, and extends only their models (tests/house).
from . import common

# isort: split
from . import layouts

# isort: split
from . import controller

# isort: split
from . import batch

# isort: split
from . import orders

# isort: split
from . import booking

# isort: split
from . import events

# isort: split
from . import recall

# isort: split
from . import exchange

# isort: split
from . import commissioning

# isort: split
from . import health

# isort: split
from . import reporting

# isort: split
from . import board

# isort: split
from . import api

# isort: split
from . import settings
