"""Layouts are left as they are, word for word: they describe what a PLC was programmed with, which no upgrade changes."""

import logging

from odoo import SUPERUSER_ID, api

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    """Say which layout in use the new release finds fault with, instead of finding out at the next exchange."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for register_layout in env["plc.controller"].search([]).layout_id.filtered("problems"):
        _logger.warning("The layout %s has to be mended: %s", register_layout.name, register_layout.problems)
