from math import isfinite

from odoo import api, models
from odoo.exceptions import UserError

MOST_CHARACTERS = {"char": 1000, "text": 10_000}


class PlcBounded(models.AbstractModel):
    """What people enter has bounds. A program may send what no form does: a name of two megabytes stands in each line of the
    journal then, and with a NaN or an infinity in it no browser opens the record any more."""

    _name = "plc.bounded"
    _description = "Entries with Bounds"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_bounds(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_bounds(vals)
        return super().write(vals)

    @api.model
    def _check_bounds(self, vals):
        """
        :raise UserError: naming the first of our fields that does not take its value
        """
        for name, value in () if self.env.su else vals.items():
            field = self._fields.get(name)
            if field and "plc_mo_batch" in field._modules:
                self._check_bound(field, value)

    def _check_bound(self, field, value):
        label = field._description_string(self.env)
        if field.type in ("integer", "float") and isinstance(value, float) and not isfinite(value):
            raise UserError(self.env._("%s must be a number.", label))
        if field.type == "integer" and isinstance(value, int | float) and abs(value) >= 2**31:
            raise UserError(self.env._("%s is too large.", label))
        if field.type in MOST_CHARACTERS and isinstance(value, str):
            self._check_text(label, value, MOST_CHARACTERS[field.type])

    def _check_text(self, label, text, limit):
        if len(text) > limit:
            raise UserError(self.env._("%(field)s must not be longer than %(limit)s characters.", field=label, limit=limit))
        if "\0" in text:
            raise UserError(self.env._("%s has characters that cannot be stored.", label))
