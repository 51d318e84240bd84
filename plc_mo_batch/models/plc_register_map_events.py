from odoo import api, fields, models
from odoo.fields import Command

STRIDE = 100
NAME_WORDS = 8
BCD = {"type": "bcd"}
KG = {"type": "int32", "scale": 100, "minimum": 0, "maximum": 100000}


class PlcRegisterMap(models.Model):
    """The areas for failures and weighings, as the shipped layouts have them, for layouts that have none yet."""

    _inherit = "plc.register.map"

    has_events = fields.Boolean(compute="_compute_has_events", help="The PLC tells of failures or of weighings.")

    @api.depends("area_ids.kind")
    def _compute_has_events(self):
        for register_map in self:
            register_map.has_events = bool({"failure", "weighing"} & set(register_map.area_ids.mapped("kind")))

    # Actions

    def action_add_event_areas(self):
        """Add areas for equipment failures and manual weighings behind the others; addresses and fields can be changed then.

        :return: True
        :raise UserError: while a PLC has batches that were sent with the layout
        """
        self.check_access("write")
        for register_map in self.filtered(lambda register_map: not register_map.has_events):
            ends = [area.base + max(area.slots, register_map.slots) * area.stride for area in register_map.area_ids]
            base = -(-max(ends, default=0) // 1000) * 1000
            names = register_map.area_ids.field_ids.filtered(lambda item: item.role == "order").mapped("words")
            register_map.area_ids = list(self._prepare_event_areas(base, max(names, default=NAME_WORDS)))
        return True

    # Business methods

    @api.model
    def _prepare_event_areas(self, base, order_words=NAME_WORDS):
        """Commands that make both areas.

        :param base: address of the first; the second lies 1000 words further on
        :param order_words: how long an order's name is in the recipe
        """
        contents = {"failure": self._failure_fields(), "weighing": self._weighing_fields(order_words)}
        for number, (kind, content) in enumerate(contents.items()):
            place = {"kind": kind, "base": base + 1000 * number, "stride": STRIDE}
            yield Command.create({**place, "field_ids": [Command.create(values) for values in self._place_fields(0, content)]})

    @api.model
    def _place_fields(self, offset, content):
        """Values of fields that lie one behind the other, given with the words that each takes."""
        for values, words in content:
            yield {**values, "offset": offset}
            offset += words

    @api.model
    def _failure_fields(self):
        text = {"type": "ascii", "words": NAME_WORDS}
        return [
            ({"name": self.env._("Equipment"), "role": "equipment", **text}, NAME_WORDS),
            ({"name": self.env._("Failure"), "role": "failure", **text}, NAME_WORDS),
            ({"name": self.env._("Year"), "role": "year", **BCD}, 1),
            ({"name": self.env._("Month"), "role": "month", **BCD}, 1),
            ({"name": self.env._("Day"), "role": "day", **BCD}, 1),
            ({"name": self.env._("Hour"), "role": "hour", **BCD}, 1),
            ({"name": self.env._("Minute"), "role": "minute", **BCD}, 1),
            ({"name": self.env._("Second"), "role": "second", **BCD}, 1),
            ({"name": self.env._("Event flag"), "role": "event_flag"}, 1),
        ]

    @api.model
    def _weighing_fields(self, order_words):
        return [
            ({"name": self.env._("Slot number"), "role": "slot"}, 1),
            ({"name": self.env._("Order name"), "role": "order", "type": "ascii", "words": order_words}, order_words),
            ({"name": self.env._("Product number"), "role": "product_number"}, 1),
            ({"name": self.env._("Weighed"), "role": "weighed", **KG}, 2),
            ({"name": self.env._("Event flag"), "role": "event_flag"}, 1),
        ]
