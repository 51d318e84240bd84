"""A feed mill's PLC on a socket, for demonstrations and tests: with Modbus TCP, FINS, S7 or OPC UA.

It is a peer of the addon, not a part of it: it shares no code with the addon and imports nothing from Odoo,
so that an encoding error on one side cannot hide on the other.
"""

from .mill import Mill
from .server import PROTOCOLS, Simulator

__all__ = ["PROTOCOLS", "Mill", "Simulator"]
