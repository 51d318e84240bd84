"""What people may do to an order while its batch has ended. See ``door_table.py``."""

from odoo.tests import tagged

from .door_table import ENDED, DoorTableCase


@tagged("post_install", "-at_install")
class TestDoorsEnded(DoorTableCase):
    def test_every_door_at_every_state(self):
        self.check_states(ENDED)
