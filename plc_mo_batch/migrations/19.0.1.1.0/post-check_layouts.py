"""Layouts stay as they are, word for word: they describe how a PLC was programmed, and no upgrade changes that."""

import logging

from odoo import SUPERUSER_ID, api

_logger = logging.getLogger(__name__)


def migrate(cr, version):
    """Report each layout in use that the new release rejects, instead of failing at the next exchange."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    for register_layout in env["plc.controller"].search([]).layout_id.filtered("problems"):
        _logger.warning("The layout %s must be repaired: %s", register_layout.name, register_layout.problems)
