from odoo import api, models

from .plc_guarded import is_guarded


class PlcSealed(models.AbstractModel):
    """As ``plc.guarded``, for models of Odoo that are written all the time: the fields are refused where Odoo itself asks for
    rights on fields, so nothing is added to the way of a write."""

    _name = "plc.sealed"
    _description = "Fields Written Only by PLC Tasks, of Odoo's Own Models"

    def _has_field_access(self, field, operation):
        if operation == "write" and not self.env.su and is_guarded(field):
            return False
        return super()._has_field_access(field, operation)

    @api.model
    def default_get(self, fields):
        """Nor by a default that a user keeps."""
        if not self.env.su:
            fields = [name for name in fields if not is_guarded(self._fields.get(name))]
        return super().default_get(fields)
