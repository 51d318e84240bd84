"""Decisions that a plant may want to be signed: whoever takes one gives his password again."""

import json
from functools import wraps

from odoo.exceptions import UserError
from odoo.http import request

from .marks import Mark

SIGNING = Mark("plc_signing")  # a decision is carried out that was signed
BUTTON = "/web/dataset/call_button"  # how the web client calls what a person clicks; it opens the dialog that it is answered with


def signed(*actions):
    """A public method that carries out a decision about records of ``mo.batch``. Where a PLC's rules want a signature, a click
    is answered with the dialog that asks for one, and any other call with an error: a program cannot sign.

    :param actions: names in the table of actions. They are checked first, so that nobody signs what is not allowed; the last one
        is what is signed.
    """

    def decorate(method):
        @wraps(method)
        def asking(self, *args, **kwargs):
            for action in actions:
                self._check_allowed(action)
            rules = () if SIGNING.is_on(self.env) else self._signature_rules(actions[-1])
            if not rules:
                return method(self, *args, **kwargs)
            if not _is_clicked():
                raise UserError(self.env._("%s must be signed, which only a person can do, in Odoo.", rules[:1]._label()))
            return rules._ask(self, method.__name__, args, kwargs)

        asking.signs = actions[-1]  # tests compare it with the table
        return asking

    return decorate


def is_question(result):
    """Whether a call was answered with the dialog that asks for a signature, and has done nothing yet."""
    return isinstance(result, dict) and result.get("res_model") == "mo.batch.sign"


def kept_call(records, method, args=(), kwargs=None):
    """A call as text, with as much of its context as can be kept; :func:`kept` reads it."""
    known = {key: value for key, value in records.env.context.items() if "password" not in key and _is_jsonable(value)}
    return json.dumps([known, records._name, records.ids, method, args, kwargs or {}])


def kept(env, call):
    """
    :return: records, the name of a method, and its arguments
    """
    context, model, ids, *rest = json.loads(call)
    return env(context=context)[model].browse(ids), *rest


def _is_jsonable(value):
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


def _is_clicked():
    """A method of the API sums up what it did, so nobody would see the dialog, by whatever way it is called."""
    path = request.httprequest.path if request else ""
    return path.startswith(BUTTON) and "/api_" not in path
