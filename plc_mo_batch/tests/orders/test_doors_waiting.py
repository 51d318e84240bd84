"""What people may do to an order while its batch waits for the PLC, or did not come to it. See ``door_table.py``."""

from odoo.tests import tagged

from .door_table import WAITING, DoorTableCase


@tagged("post_install", "-at_install")
class TestDoorsWaiting(DoorTableCase):
    def test_every_door_at_every_state(self):
        self.check_states(WAITING)
