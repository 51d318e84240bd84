"""Before this release, any user who could log in, even a portal user, could read the metrics key."""

import logging
import secrets

from odoo import SUPERUSER_ID, api

_logger = logging.getLogger(__name__)
KEY = "plc_mo_batch.metrics_key"


def migrate(cr, version):
    """Create a new key, so that the old one opens nothing any more. Metrics that are off stay off."""
    parameters = api.Environment(cr, SUPERUSER_ID, {})["ir.config_parameter"]
    if parameters.get_param(KEY):
        parameters.set_param(KEY, secrets.token_urlsafe(32))
        _logger.info("The metrics have a new key: Prometheus needs it (Settings / PLC Batches / Metrics)")
