"""Everything that people may do to an order while its batch waits for the PLC, or did not come to it: refused before anything changed, or followed to its end."""

from odoo.tests import tagged

from .door_table import WAITING, DoorTableCase


@tagged("post_install", "-at_install")
class TestDoorsWaiting(DoorTableCase):
    def test_every_door_at_every_state(self):
        self.check_states(WAITING)
