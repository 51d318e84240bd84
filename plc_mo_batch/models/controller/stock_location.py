from odoo import api, models
from odoo.exceptions import ValidationError


class StockLocation(models.Model):
    """The location of a silo."""

    _inherit = "stock.location"

    @api.constrains("active", "usage", "company_id")
    def _check_plc_silo(self):
        """What is dosed leaves it, whatever people make of it: of a view nothing could be booked, and what is archived nobody
        would see."""
        for silo in self.env["plc.equipment"].sudo().search([("location_id", "in", self.ids)]):
            location = silo.location_id
            if not location.active or location.usage != "internal" or location.company_id != silo.company_id:
                raise ValidationError(
                    self.env._(
                        "%(location)s is the stock location of %(silo)s: it stays an active internal location of %(company)s. "
                        "Take it off the silo first.",
                        location=location.display_name,
                        silo=silo.name,
                        company=silo.company_id.name,
                    )
                )
