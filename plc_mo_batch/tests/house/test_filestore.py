"""Tests that run side by side do not lose each other's files (conftest.py)."""

from pathlib import Path

from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import config


@tagged("post_install", "-at_install")
class TestFilestore(BaseCase):
    def test_it_is_this_database_s_alone(self):
        """Odoo deletes what the database does not know, after each class of tests: nobody else may store there."""
        self.assertEqual(Path(config.filestore(get_db_name())).name, get_db_name())
