"""What every ``api_*`` method has around it, as decorators: codes of its refusals, keys, partial results."""

from functools import wraps
from inspect import Parameter, signature

from .refusals import coded


def question(method):
    """A method that changes nothing."""

    @wraps(method)
    def called(self, *args, **named):
        with coded():
            self.browse().check_access("read")
            return method(self, *args, **named)

    return called


def command(method):
    """A method that acts: asked again with the same ``key``, it answers the same and does nothing."""

    @wraps(method)
    def called(self, *args, key="", **named):
        with coded():
            return self._api_once(key, method, args, named)

    return with_option(called, method, key="")


def each(method):
    """Below :func:`command`: with ``partial``, each record is tried by itself."""

    @wraps(method)
    def called(self, *args, partial=False, **named):
        if not self._api_flag("partial", partial):
            return method(self, *args, **named)
        return [record._api_tried(lambda one: method(one, *args, **named)) for record in self._api_some()]

    return with_option(called, method, partial=False)


def with_option(called, method, **option):
    """Odoo asks the signature which arguments a call may have."""
    [(name, default)] = option.items()
    found = signature(method)
    added = Parameter(name, Parameter.KEYWORD_ONLY, default=default)
    called.__signature__ = found.replace(parameters=[*found.parameters.values(), added])
    return called


def arguments_of(method, args, named):
    """Arguments by name, what was left out too: the same call is the same, however it is spelled."""
    bound = signature(method).bind(None, *args, **named)
    bound.apply_defaults()
    return {name: value for name, value in bound.arguments.items() if name != "self"}
