from odoo import models

SILO_ALARMS = ("silo_low", "silo_short")


class StockMoveLine(models.Model):
    """What comes into a silo or leaves it changes its level, whoever moves it."""

    _inherit = "stock.move.line"

    def _action_done(self):
        result = super()._action_done()
        self.exists()._plc_tell_levels()
        return result

    def _plc_tell_levels(self):
        """Open boards show it, and Task 4 closes alarms that are over."""
        places = self.location_id | self.location_dest_id
        silos = self.env["plc.equipment"].sudo()
        mills = silos.search([("location_id", "parent_of", places.ids)]).controller_id if places else silos.controller_id
        if not mills:
            return
        self.env["plc.board"]._mark_lanes(mills.ids)
        alarms = self.env["plc.alarm"].sudo()
        standing = [*alarms._open_domain(), ("kind", "in", SILO_ALARMS), ("controller_id", "in", mills.ids)]
        if alarms.search_count(standing, limit=1):
            self.env["plc.task.health"]._trigger()
