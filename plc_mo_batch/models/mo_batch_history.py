from odoo import models


class MoBatch(models.Model):
    """A history of years costs the tasks and the lists nothing (docs/load.md)."""

    _inherit = "mo.batch"

    # the exchange looks for the latest closed batch of each slot, at every look
    _latest_idx = models.Index("(controller_id, slot, id)")
    # the fill asks for each order whether its PLC knows another one by the same name
    _order_name_idx = models.Index("(controller_id, order_name)")
    # the history's list
    _closed_idx = models.Index("(date_closed, id)")
