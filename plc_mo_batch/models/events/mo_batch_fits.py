from odoo import api, models
from odoo.fields import Domain

SEARCHED = 200  # of those that fit: more of them are found by name


class MoBatch(models.Model):
    """Which batch is a weighing for? Those that have its product come first, the nearest in time before the others."""

    _inherit = "mo.batch"

    @api.model
    def name_search(self, name="", domain=None, operator="ilike", limit=100):
        """With ids of weighings as ``fits_weighing`` in the context: those that fit the first of them come first."""
        weighing = self._weighing_to_fit()
        if not weighing:
            return super().name_search(name, domain, operator, limit)
        fits = Domain("line_ids", "any", [("code", "=", 0), ("product_id", "in", weighing._possible_products().ids)])
        asked = Domain(domain or [])
        fitting = super().name_search(name, asked & fits, operator, SEARCHED)
        fitting.sort(key=lambda found: self.browse(found[0])._seconds_from(weighing.date))
        others = super().name_search(name, asked & ~fits, operator, limit)
        return [*fitting, *others][:limit]

    @api.model
    def _weighing_to_fit(self):
        named = self.env.context.get("fits_weighing")
        ids = [each for each in named if type(each) is int] if isinstance(named, list) else []
        return self.env["plc.weighing"].browse(ids).exists()._filtered_access("read")[:1]

    def _seconds_from(self, moment):
        """How long before or after the batch was made that was; 0 while it was made, and for a batch that was not begun the time
        since it was queued."""
        if not moment:
            return 0.0
        begin = self.date_started or self.create_date
        end = self.date_finished or self.date_closed or max(begin, moment)
        return max((begin - moment).total_seconds(), (moment - end).total_seconds(), 0.0)
