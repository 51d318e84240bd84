from odoo import api, models
from odoo.exceptions import AccessError


def is_guarded(field):
    """Whether only the addon itself may write to the field; None is no field."""
    if not field or "plc_mo_batch" not in field._modules or field.name in models.MAGIC_COLUMNS:
        return False
    return field.readonly and field.store and not field.compute and field.type != "one2many"  # those have rights of their own


class PlcGuarded(models.AbstractModel):
    """For models that people may write to: they cannot forge what the addon itself stores there, by whatever way they write.

    Guarded are the stored fields that the addon declares ``readonly=True``, which by itself binds only the screens.
    """

    _name = "plc.guarded"
    _description = "Fields Written Only by PLC Tasks"

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            defaults = self._guarded_defaults()
            vals_list = [{**defaults, **self._without_guarded(vals)} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        return super().write(vals if self.env.su else self._without_guarded(vals))

    @api.model
    def _is_guarded(self, name):
        return is_guarded(self._fields.get(name))

    @api.model
    def _without_guarded(self, vals):
        """
        :raise AccessError: naming the guarded fields among ``vals``
        """
        forged = sorted(filter(self._is_guarded, vals))
        if forged:
            raise AccessError(self.env._("%s can only be written by the PLC tasks.", ", ".join(forged)))
        return vals

    @api.model
    def _guarded_defaults(self):
        """The fields' own defaults, not those of the context or those that a user saved."""
        guarded = [field for name, field in self._fields.items() if self._is_guarded(name)]
        return {field.name: field.default(self) if field.default else False for field in guarded}
