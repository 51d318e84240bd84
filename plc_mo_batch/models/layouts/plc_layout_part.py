from odoo import api, models
from odoo.exceptions import UserError

# may be changed at any time, as it moves no word
HARMLESS = {"name", "active", "unit", "controller_ids", "copies_on_take"}


class PlcLayoutPart(models.AbstractModel):
    """What layouts, their areas and their fields share: no word moves under a batch that was sent, and a valid layout stays
    valid."""

    _name = "plc.layout.part"
    _description = "Part of a PLC Register Layout"

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_free()
        parts._words_moved()
        return parts

    def write(self, vals):
        if set(vals) <= HARMLESS:
            return super().write(vals)
        self._check_free()
        whole = self._whole_maps()
        result = super().write(vals)
        whole._check_layout()
        self._words_moved()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_if_free(self):
        self._check_free()
        self._words_moved()

    def _plc_layouts(self):
        """The layouts that these records are part of."""
        return self.layout_id

    def _whole_maps(self):
        """Layouts without problems. None while a layout is saved with its parts: then it is checked as a whole at the end."""
        layouts = self._plc_layouts()
        if self.env.context.get("plc_saving_layout"):
            return layouts.browse()
        return layouts.filtered(lambda register_layout: register_layout.area_ids and not register_layout.problems)

    def _words_moved(self):
        """A person moved words: what was proven of the PLCs of these layouts is not any more."""
        if not self.env.su:
            self._plc_layouts().controller_ids._void_commissioning(self.env._("Its layout was changed."))

    def _check_free(self):
        """
        :raise UserError: if a batch was sent with the layout
        """
        layouts = self._plc_layouts()
        sent = [("controller_id.layout_id", "in", layouts.ids), ("state", "!=", "queued")]
        if layouts and self.env["mo.batch"].sudo().search_count(sent, limit=1):
            raise UserError(
                self.env._("The layout cannot be changed while a PLC has batches sent with it. Duplicate it and change the copy.")
            )
