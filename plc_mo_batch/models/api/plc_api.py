from odoo import fields, models
from odoo.exceptions import MissingError, UserError


def values_of(record, *names):
    """Values of a record's fields, by field name, in a form that every client can read.

    None of them is None, which XML-RPC lacks: a missing text is ``""``, anything else missing is ``False``. Times are UTC,
    ``YYYY-MM-DD HH:MM:SS``.
    """
    return {name: value_of(record, name) for name in names}


def value_of(record, name):
    value, kind = record[name], record._fields[name].type
    if kind == "many2one":
        return {"id": value.id, "name": value.sudo().display_name} if value else False
    if kind == "datetime":
        return fields.Datetime.to_string(value) if value else False
    if kind in ("char", "text", "selection"):
        return value or ""
    return value


class PlcApi(models.AbstractModel):
    """What the ``api_*`` methods share (docs/api.md): they work on records that really exist."""

    _name = "plc.api"
    _description = "External API"

    def _api_found(self):
        """The records, checked to exist and to be visible to the user.

        :raise AccessError: for records that the user may not see
        :raise MissingError: naming the first id that does not exist
        """
        self.browse().check_access("read")
        if not all(isinstance(record_id, int) for record_id in self._ids):
            raise UserError(self.env._("IDs must be whole numbers."))
        missing = self - self.exists()
        if missing:
            raise MissingError(self.env._("%(model)s %(id)s does not exist.", model=self._description, id=missing.ids[0]))
        self.check_access("read")
        return self

    def _api_named(self):
        """
        :raise UserError: if no record was named: a command must say whom it is for
        """
        if not self:
            raise UserError(self.env._("`ids` must not be empty."))
        return self._api_found()
