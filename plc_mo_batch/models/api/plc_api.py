from odoo import api, fields, models
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


MOST_IDS = 1000  # of a call
MOST_CHARACTERS = 1000  # of a text
HIGHEST_ID = 2**31 - 1  # that the database can hold


class PlcApi(models.AbstractModel):
    """What the ``api_*`` methods share (docs/api.md): they work on records that really exist, and refuse an argument that cannot
    be right with a sentence."""

    _name = "plc.api"
    _description = "External API"

    def _api_found(self):
        """The records, checked to exist and to be visible to the user.

        :raise AccessError: for records that the user may not see
        :raise MissingError: naming the first id that does not exist
        """
        self.browse().check_access("read")
        if not all(type(record_id) is int for record_id in self._ids):  # True is an int to Python
            raise UserError(self.env._("IDs must be whole numbers."))
        if len(self) > MOST_IDS:
            raise UserError(self.env._("A call takes at most %s ids.", MOST_IDS))
        there = set(self.browse(record_id for record_id in self._ids if 0 < record_id <= HIGHEST_ID).exists()._ids)
        for record_id in self._ids:
            if record_id not in there:
                raise MissingError(self.env._("%(model)s %(id)s does not exist.", model=self._description, id=record_id))
        records = self.browse(dict.fromkeys(self._ids))
        records.check_access("read")
        return records

    def _api_named(self):
        """
        :raise UserError: if no record was named: a command must say whom it is for
        """
        if not self:
            raise UserError(self.env._("`ids` must not be empty."))
        return self._api_found()

    @api.model
    def _api_text(self, name, value):
        """An argument that is a text; what is left out is empty.

        :raise UserError: naming it, if it is none
        """
        if value is None or value is False:
            return ""
        if not isinstance(value, str):
            raise UserError(self.env._("`%s` must be a text.", name))
        if len(value) > MOST_CHARACTERS:
            raise UserError(
                self.env._("`%(name)s` must not be longer than %(limit)s characters.", name=name, limit=MOST_CHARACTERS)
            )
        if not all(map(_is_storable, value)):
            raise UserError(self.env._("`%s` has characters that cannot be stored.", name))
        return value

    @api.model
    def _api_choice(self, name, value, choices):
        """An argument that is one of several words.

        :raise UserError: naming the choices
        """
        text = self._api_text(name, value)
        if text not in choices:
            raise UserError(
                self.env._("%(value)s is not valid. Use one of: %(choices)s.", value=text or name, choices=", ".join(choices))
            )
        return text


def _is_storable(character):
    """PostgreSQL stores neither NUL nor half of a surrogate pair."""
    return character != "\0" and not "\ud800" <= character <= "\udfff"
