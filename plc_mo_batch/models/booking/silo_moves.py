from odoo import models

SILO_ALARMS = ("silo_low", "silo_short")


class StockMove(models.Model):
    """What comes into a silo or leaves it changes its level, whoever moves it."""

    _inherit = "stock.move"

    def _action_done(self, cancel_backorder=False):
        moves = super()._action_done(cancel_backorder=cancel_backorder)
        moves._plc_tell_levels()
        return moves

    def _plc_tell_levels(self):
        """Open boards show it, and Task 4 closes alarms that are over."""
        items = self.move_line_ids
        places = items.location_id | items.location_dest_id
        silos = self.env["plc.equipment"].sudo()
        mills = silos.search([("location_id", "parent_of", places.ids)]).controller_id if places else silos.controller_id
        if not mills:
            return
        self.env["plc.board"]._mark_lanes(mills.ids)
        alarms = self.env["plc.alarm"].sudo()
        standing = [*alarms._open_domain(), ("kind", "in", SILO_ALARMS), ("controller_id", "in", mills.ids)]
        if alarms.search_count(standing, limit=1):
            self.env["plc.task.health"]._trigger()
