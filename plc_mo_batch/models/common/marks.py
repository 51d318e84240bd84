"""What the addon tells itself in the context.

Whoever calls a method over RPC sends a context, too, and ``sudo()`` keeps it. So what only the addon may say there is an object:
clients send JSON, and JSON makes none.
"""


class Mark:
    """That the addon does something now.

    :param key: of the context
    """

    def __init__(self, key):
        self.key = key

    def on(self, records):
        """The records, while it does so."""
        return records.with_context(**{self.key: self})

    def is_on(self, env):
        return env.context.get(self.key) is self


CLOSING = Mark("plc_closing")  # the addon itself closes or cancels an order
CANCELLING_WORK = Mark("plc_cancel_worked_on")  # a work order that the PLC worked on is cancelled where Odoo would delete it
RENAMING_UNIT = Mark("plc_renaming_unit")  # Odoo only renames a unit, and converts no quantity
SAVING = Mark("plc_saving_layout")  # a layout is saved with its parts
VACUUM = Mark("plc_vacuum")  # what was kept long enough is deleted
