"""Texts of the plain layers (``plc/sentences.py``), in the language of an environment."""

import logging

from odoo.exceptions import UserError
from odoo.tools.translate import get_translation

from ..plc.sentences import Label, Number, Sentence

_logger = logging.getLogger(__name__)


def translate(env, what):
    """A sentence of the plain layers in the language of ``env``, as plain text; anything else is returned unchanged.

    :param what: a :class:`~..plc.sentences.Sentence` or :class:`~..plc.sentences.Label`, or an exception raised with one
    """
    if isinstance(what, Exception):
        what = what.args[0] if what.args else ""
    if isinstance(what, Label):
        return _label(env, what)
    if isinstance(what, Number):
        return _with_point(env, what)
    if isinstance(what, Sentence):
        values = {name: translate(env, value) for name, value in what.values.items()}
        return get_translation("plc_mo_batch", env.lang or "en_US", what.source, values)
    return what


def _label(env, label):
    field = env["plc.register.field"]._fields[label.of]
    return dict(field._description_selection(env)).get(label, str(label))


def label_of(record, name, value=None):
    """What people read for a value of a selection, in the language of the record's environment.

    :param value: by default the record's
    """
    return dict(record._fields[name]._description_selection(record.env))[value or record[name]]


def format_number(env, value, pattern):
    """A number as the language of ``env`` writes it, without thousands separators.

    :param pattern: Python's format, such as ``.2f``
    """
    return _with_point(env, f"{value:{pattern}}")


def _with_point(env, text):
    return text.replace(".", env["res.lang"]._get_data(code=env.lang or "en_US").decimal_point or ".")


def describe_error(env, error):
    """What people see of an exception: its message, if it was raised to be read by people; otherwise the log has the details."""
    if isinstance(error, UserError):
        return str(error)
    if error.args and isinstance(error.args[0], Sentence):
        return translate(env, error)
    _logger.warning("unexpected error", exc_info=error)
    return env._("Unexpected error (%s). See the server log.", type(error).__name__)
