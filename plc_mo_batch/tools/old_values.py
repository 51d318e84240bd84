"""The external API's values of 19.0.1: accepted, and returned beside the new ones, for one more release. No ``odoo`` import.

Drop this file, its two uses in the API, its test and the section in docs/api.md together.
"""

# argument -> old value -> new value
OLD_VALUES = {
    "order_action": {"hold": "withhold", "line": "requeue"},
    "decision": {"take_out": "give_up"},
}
# key of an answer -> the key that replaced it
OLD_KEYS = {"held": "on_hold"}


def new_value(argument, value):
    """The current name of an argument's value; anything but an old value stays as it is."""
    return OLD_VALUES[argument].get(value, value) if isinstance(value, str) else value


def with_old_keys(answer):
    """An answer, a dict, with the old keys beside the new ones."""
    return {**answer, **{old: answer[new] for old, new in OLD_KEYS.items()}}
