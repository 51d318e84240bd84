from datetime import datetime

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import MissingError
from odoo.tools import DEFAULT_SERVER_DATETIME_FORMAT

from ...tools.translate import describe_error
from ..common.rule8 import apart
from .calls import arguments_of
from .refusals import BAD_ARGUMENT, code_of, refused
from .schema import ARGUMENTS, HIGHEST_ID, MOST_CHARACTERS, MOST_IDS


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
    """What the ``api_*`` methods share (docs/api.md): they work on records that really exist, refuse an argument that cannot be
    right with a sentence, and act once for a key."""

    _name = "plc.api"
    _description = "External API"

    # The records of a call

    def _api_ids(self):
        """The records, each once; whether they exist is not known yet.

        :raise UserError: if they are no ids, or too many
        """
        if not all(type(record_id) is int for record_id in self._ids):  # True is an int to Python
            raise refused(BAD_ARGUMENT, self.env._("IDs must be whole numbers."))
        if len(self) > MOST_IDS:
            raise refused(BAD_ARGUMENT, self.env._("A call takes at most %s ids.", MOST_IDS))
        return self.browse(dict.fromkeys(self._ids))

    def _api_found(self):
        """The records, checked to exist and to be visible to the user.

        :raise AccessError: for records that the user may not see
        :raise MissingError: naming the first id that does not exist
        """
        self.browse().check_access("read")
        records = self._api_ids()
        there = set(records.browse(record_id for record_id in records._ids if 0 < record_id <= HIGHEST_ID).exists()._ids)
        for record_id in records._ids:
            if record_id not in there:
                raise MissingError(self.env._("%(model)s %(id)s does not exist.", model=self._description, id=record_id))
        records.check_access("read")
        return records

    def _api_named(self):
        """
        :raise UserError: if no record was named: a command must say whom it is for
        """
        return self._api_some()._api_found()

    def _api_some(self):
        if not self:
            raise refused(BAD_ARGUMENT, self.env._("`ids` must not be empty."))
        return self._api_ids()

    # Its arguments, by what schema.py says of them

    @api.model
    def _api_text(self, name, value):
        """An argument that is a text; what is left out is empty.

        :raise UserError: naming it, if it is none
        """
        if value is None or value is False:
            return ""
        if not isinstance(value, str):
            raise refused(BAD_ARGUMENT, self.env._("`%s` must be a text.", name))
        longest = ARGUMENTS.get(name, {}).get("maxLength", MOST_CHARACTERS)
        if len(value) > longest:
            sentence = self.env._("`%(name)s` must not be longer than %(limit)s characters.", name=name, limit=longest)
            raise refused(BAD_ARGUMENT, sentence)
        if not all(map(_is_storable, value)):
            raise refused(BAD_ARGUMENT, self.env._("`%s` has characters that cannot be stored.", name))
        return value

    @api.model
    def _api_choice(self, name, value):
        """An argument that is one of several words.

        :raise UserError: naming the choices
        """
        return self._api_one_of(name, value, ARGUMENTS[name]["enum"])

    @api.model
    def _api_one_of(self, name, value, choices):
        word = self._api_text(name, value)
        if word not in choices:
            sentence = self.env._(
                "%(value)s is not valid. Use one of: %(choices)s.", value=word or name, choices=", ".join(choices)
            )
            raise refused(BAD_ARGUMENT, sentence)
        return word

    @api.model
    def _api_choices(self, name, value):
        """An argument that is a list of such words; what is left out is empty."""
        if value is None or value is False:
            return []
        if not isinstance(value, list | tuple):
            raise refused(BAD_ARGUMENT, self.env._("`%s` must be a list.", name))
        choices = ARGUMENTS[name]["items"]["enum"]
        return [self._api_one_of(name, word, choices) for word in value]

    @api.model
    def _api_whole(self, name, value):
        """An argument that is a whole number within its limits."""
        lowest, highest = ARGUMENTS[name]["minimum"], ARGUMENTS[name]["maximum"]
        if type(value) is not int or not lowest <= value <= highest:
            sentence = self.env._(
                "`%(name)s` must be a whole number from %(lowest)s to %(highest)s.", name=name, lowest=lowest, highest=highest
            )
            raise refused(BAD_ARGUMENT, sentence)
        return value

    @api.model
    def _api_number(self, name, value):
        """An argument that is a number within its limits."""
        lowest, highest = ARGUMENTS[name]["minimum"], ARGUMENTS[name]["maximum"]
        if type(value) not in (int, float) or not lowest <= value <= highest:
            sentence = self.env._(
                "`%(name)s` must be a number from %(lowest)s to %(highest)s.", name=name, lowest=lowest, highest=highest
            )
            raise refused(BAD_ARGUMENT, sentence)
        return float(value)

    @api.model
    def _api_flag(self, name, value):
        if not isinstance(value, bool):
            raise refused(BAD_ARGUMENT, self.env._("`%s` must be true or false.", name))
        return value

    @api.model
    def _api_moment(self, name, value):
        """An argument that is a time, or False."""
        given = self._api_text(name, value)
        try:
            return bool(given) and datetime.strptime(given, DEFAULT_SERVER_DATETIME_FORMAT)
        except ValueError:
            raise refused(BAD_ARGUMENT, self.env._("`%s` must be a time: YYYY-MM-DD HH:MM:SS.", name)) from None

    @api.model
    def _api_of(self, name, value, field, model):
        """A condition on what belongs to a record, by its id; no condition for 0."""
        record_id = self._api_whole(name, value)
        return [(field, "in", self.env[model].browse(record_id)._api_found().ids)] if record_id else []

    # How it acts

    def _api_once(self, key, method, args, named):
        """Call the method, unless it was called with this key before: then give the answer that it gave."""
        self.browse().check_access("read")
        key = self._api_text("key", key)
        if not key:
            return method(self, *args, **named)
        call = {"method": f"{self._name}.{method.__name__}", "ids": self._ids, **arguments_of(method, args, named)}
        return self.env["plc.api.answer"]._once(key, call, lambda: method(self, *args, **named))

    def _api_tried(self, act):
        """What came of a command on one record. It is undone if it is refused (rule 8).

        :raise UserError: if an argument cannot be right for any record
        """
        answer = {}
        with apart(self.env, through=[OperationalError]) as attempt:  # Odoo repeats the whole call where others were faster
            [answer] = act(self)
        if not attempt.error:
            return {**answer, "ok": True}
        code, sentence = code_of(attempt.error), describe_error(self.env, attempt.error)
        if code == BAD_ARGUMENT:
            raise refused(code, sentence)
        return {"id": self.id, "ok": False, "error": {"code": code, "message": sentence}}


def _is_storable(character):
    """PostgreSQL stores neither NUL nor half of a surrogate pair."""
    return character != "\0" and not "\ud800" <= character <= "\udfff"
