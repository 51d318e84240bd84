"""A feed mill's PLC on a Modbus TCP socket, for demonstrations and tests.

It is a peer of the addon, not a part of it: it shares no code with the addon and imports nothing from Odoo,
so that an encoding error on one side cannot hide on the other.
"""

from .mill import Mill
from .server import Simulator

__all__ = ["Mill", "Simulator"]
