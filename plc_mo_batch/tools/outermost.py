"""Answer for a method of Odoo before any other module does.

Which of two modules overrides the other depends on how deep their dependencies are, not on what they do. A module that the addon
must not depend on, as ``mrp_account``, may lie on either side of it. What must hold there is wrapped around the finished class.
"""

import functools


def wrap(model, name, wrapper):
    """Have ``wrapper(original, records, ...)`` answer for a method, whatever modules override it. To be called from the
    ``_register_hook`` of a model, and undone by :func:`unwrap` in its ``_unregister_hook``.

    :param model: an empty recordset of the model
    """
    unwrap(model, name)
    cls = model.env.registry[model._name]
    original = getattr(cls, name)

    @functools.wraps(original)
    def method(records, *args, **kwargs):
        return wrapper(original, records, *args, **kwargs)

    method.plc_wrapper = wrapper
    setattr(cls, name, method)


def unwrap(model, name):
    """Undo :func:`wrap`; does nothing where nothing is wrapped."""
    cls = model.env.registry[model._name]
    if hasattr(cls.__dict__.get(name), "plc_wrapper"):
        delattr(cls, name)
