"""What people may do to an order while the PLC makes its batch, or gives it back. See ``door_table.py``."""

from odoo.tests import tagged

from .door_table import AT_WORK, DoorTableCase


@tagged("post_install", "-at_install")
class TestDoorsAtWork(DoorTableCase):
    def test_every_door_at_every_state(self):
        self.check_states(AT_WORK)
