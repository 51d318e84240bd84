from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..common.marks import SAVING

# may be changed at any time: nothing that is read or written depends on it
HARMLESS = {"name", "active", "unit", "controller_ids", "company_id", "notation"}
WORDLESS = HARMLESS | {"copies_on_take"}  # moves no word


class PlcLayoutPart(models.AbstractModel):
    """What layouts, their areas and their fields share: no word moves under a batch that was sent, and a valid layout stays
    valid."""

    _name = "plc.layout.part"
    _inherit = ["plc.changes", "plc.fenced"]
    _description = "Part of a PLC Register Layout"

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts._check_own()
        parts._check_free()
        parts._words_moved()
        parts._journal_place("added")
        return parts

    def write(self, vals):
        concerned = self._plc_layouts() | self._plc_layouts_after(vals)
        concerned._check_own()
        if set(vals) <= HARMLESS:
            result = super().write(vals)
            concerned._check_own()
            return result
        concerned._check_free()
        whole = self._whole_maps()
        result = super().write(vals)
        whole._check_layout()
        if not set(vals) <= WORDLESS:
            self._words_moved()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_if_free(self):
        self._check_own()
        self._check_free()
        self._words_moved()
        self._journal_place("removed")

    def _plc_layouts(self):
        """The layouts that these records are part of."""
        return self.layout_id

    def _plc_layouts_after(self, vals):
        """The layouts that the values make these records part of.

        :raise AccessError: if the user may not write to them
        """
        raise NotImplementedError

    def _plcs_concerned(self):
        return self._plc_layouts().sudo().with_context(active_test=False).controller_ids

    def _part_name(self):
        """What the part is called within its layout; empty: it is the layout itself."""
        return ""

    def _journal_change(self, changes):
        part = self._part_name()
        told = self.env._("layout %s", self._plc_layouts().name) + (f", {part}" if part else "")
        self._journal_on_plcs(f"{told}: {changes}")

    def _journal_place(self, what):
        """Journal that a person added or removed these parts."""
        if self.env.su:
            return
        for part in self.filtered(lambda part: part._part_name()):
            name = part._part_name()
            told = self.env._("%s added", name) if what == "added" else self.env._("%s removed", name)
            part._journal_on_plcs(f"{self.env._('layout %s', part._plc_layouts().name)}: {told}")

    def _whole_maps(self):
        """Layouts without problems. None while a layout is saved with its parts: then it is checked as a whole at the end."""
        layouts = self._plc_layouts()
        if SAVING.is_on(self.env):
            return layouts.browse()
        return layouts.filtered(lambda register_layout: register_layout.area_ids and not register_layout.problems)

    def _words_moved(self):
        """A person moved words: what was proven of the PLCs of these layouts is not any more."""
        if not self.env.su:
            self._plcs_concerned()._void_commissioning(self.env._("Its layout was changed."))

    def _check_own(self):
        """
        :raise AccessError: for layouts of all companies, which are for who may change settings
        """
        shared = self._plc_layouts().filtered(lambda register_layout: not register_layout.company_id)
        if shared and not self.env.su and not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._(
                    "All companies share the layout %s: only who may change settings may change it. Duplicate it and change the "
                    "copy.",
                    shared[:1].name,
                )
            )

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
