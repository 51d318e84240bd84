from odoo import models


class MoBatch(models.Model):
    """A history of years costs the tasks and the lists nothing (docs/load.md)."""

    _inherit = "mo.batch"

    # The exchange looks for the latest closed batch of each slot, at every look. By - id, as PostgreSQL would else go through
    # the ids of all PLCs backwards, down to the first batch where a slot was never used.
    _latest_idx = models.Index("(controller_id, slot, (- id))")
    # the fill asks for each order whether its PLC knows another one by the same name
    _order_name_idx = models.Index("(controller_id, order_name)")
    # the history's list
    _closed_idx = models.Index("(date_closed, id)")
