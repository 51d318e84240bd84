from odoo import fields, models
from odoo.exceptions import UserError

from ..common.roles import check_manager


class PlcController(models.Model):
    """The PLC's silos and tanks as stock locations."""

    _inherit = "plc.controller"

    level_policy = fields.Selection(
        [("ignore", "Ignore the level"), ("warn", "Queue it with a remark"), ("leave", "Leave it out of the queue")],
        string="Recipe Beyond the Level",
        required=True,
        default="warn",
        help="What to do with an order for which a silo that is a stock location holds too little, by the books. One that "
        "is left out says why, and is looked at again at the next fill.",
    )

    # Actions

    def action_make_silo_locations(self):
        """Make a stock location for each silo and tank that has none, where the PLC's orders take their components from. One that
        is there under the name of the silo is taken.

        :return: True
        :raise AccessError: if the user is not a manager
        :raise UserError: without an operation type
        """
        check_manager(self)
        for controller in self:
            parent = controller.sudo()._source_location()
            for equipment in controller.equipment_ids.filtered(lambda item: not item.location_id):
                equipment.location_id = equipment.sudo()._location_below(parent)
        return True

    # Business methods

    def _source_location(self):
        """Where the components of the PLC's orders are taken from."""
        kinds = self.picking_type_ids
        location = kinds.default_location_src_id[:1] or kinds.warehouse_id.lot_stock_id[:1]
        if not location:
            raise UserError(
                self.env._("Choose the operation type of %s first: its silos lie where that takes components.", self.name)
            )
        return location
