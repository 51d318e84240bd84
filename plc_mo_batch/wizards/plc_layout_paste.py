from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.layouts.plc_register_layout_table import GIVEN
from ..plc.pasted_table import MOST_CHARACTERS as LONGEST_TABLE
from ..plc.pasted_table import read
from ..plc.register_table import TableError
from ..tools.translate import translate

MOST_TOLD = 10  # problems in one message


class PlcLayoutPaste(models.TransientModel):
    """A table for a layout, pasted from a spreadsheet or from a PLC's tool: first read and shown, then applied."""

    _name = "plc.layout.paste"
    _inherit = ["plc.fenced"]
    _description = "Paste a Register Table"

    layout_id = fields.Many2one("plc.register.layout", required=True, readonly=True, ondelete="cascade")
    text = fields.Text(
        string="Table",
        help="Rows of a spreadsheet with their headings, a CSV file, the tags that TIA Portal, Sysmac Studio or CX-Programmer "
        "exports, or declarations of structured text.",
    )
    is_read = fields.Boolean(readonly=True)
    line_ids = fields.One2many("plc.layout.paste.line", "paste_id", string="Rows")
    effect = fields.Text(compute="_compute_effect", help="What applying it changes.")

    @api.depends("layout_id")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._("Table of %s", wizard.layout_id.name)

    @api.depends("line_ids.area_id", "line_ids.problem", *(f"line_ids.{name}" for name in GIVEN))
    def _compute_effect(self):
        for wizard in self:
            wizard.effect = "\n".join(wizard._effects()) if wizard.line_ids else False

    def _check_bound(self, field, value):
        if field.name != "text" or not isinstance(value, str):
            return super()._check_bound(field, value)
        return self._check_text(field._description_string(self.env), value, LONGEST_TABLE)

    # Actions

    def action_read(self):
        """Understand the text, and show its rows.

        :raise UserError: if it is no table
        """
        self.ensure_one()
        self.layout_id.check_access("write")
        try:
            found = read(self.text or "", self.layout_id._known_table())
        except TableError as error:
            raise UserError(translate(self.env, error)) from error
        areas = {area.kind: area.id for area in self.layout_id.area_ids}
        lines = [Command.create(self._prepare_line(item, areas)) for item in found]
        self.write({"is_read": True, "line_ids": [Command.clear(), *lines]})
        return self._shown()

    def action_back(self):
        """Show the text again."""
        self.ensure_one()
        self.write({"is_read": False, "line_ids": [Command.clear()]})
        return self._shown()

    def action_apply(self):
        """Give the layout the fields of each area that the table names, in one save. What does not differ is not written.

        :raise UserError: if a row has a problem, or while a PLC has batches that were sent with the layout
        :raise ValidationError: if the layout could not be used then
        """
        self.ensure_one()
        self._check_ready()
        commands = [Command.update(area.id, {"field_ids": changes}) for area, changes in self._changes().items() if changes]
        if commands:
            self.layout_id.write({"area_ids": commands})
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The layout has the table now.") if commands else self.env._("Nothing differs."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    # Business methods

    def _shown(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Paste a Table"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    @api.model
    def _prepare_line(self, item, areas):
        row = item.row
        told = " ".join(translate(self.env, problem) for problem in item.problems)
        return {
            "line": item.line,
            "area_id": areas.get(row.area, False),
            "repeat": row.lines,
            "trouble": told,
            **{name: getattr(row, name) or False for name in ("name", "role", "type", "unit")},
            **{name: getattr(row, name) for name in ("offset", "words", "scale", "step", "value", "minimum", "maximum")},
        }

    def _check_ready(self):
        """
        :raise UserError: naming the rows that cannot be applied
        """
        if not self.line_ids:
            raise UserError(self.env._("The table has no rows."))
        wrong = self.line_ids.filtered("problem")
        if wrong:
            told = [self.env._("Line %(line)s: %(problem)s", line=row.line, problem=row.problem) for row in wrong]
            more = [self.env._("and %s more", len(told) - MOST_TOLD)] if len(told) > MOST_TOLD else []
            raise UserError("\n".join([*told[:MOST_TOLD], *more]))

    def _changes(self):
        """Area -> commands for its fields: rows of one role are its fields of that role, by offset."""
        return {area: self._changes_of(area) for area in self.line_ids.area_id}

    def _changes_of(self, area):
        rows = _by_role(self.line_ids.filtered(lambda row: row.area_id == area))
        before = _by_role(area.field_ids)
        commands = [Command.delete(field.id) for key, field in before.items() if key not in rows]
        for key, row in rows.items():
            values = {name: row[name] for name in GIVEN}
            if key not in before:
                commands.append(Command.create(values))
                continue
            changed = {name: value for name, value in values.items() if not _is_same(before[key][name], value)}
            commands += [Command.update(before[key].id, changed)] if changed else []
        return commands

    def _effects(self):
        """A sentence for each area that the table names."""
        for area in self.line_ids.area_id:
            commands = self._changes_of(area)
            counts = {kind: sum(command[0] == kind for command in commands) for kind in Command}
            told = {"area": area.display_name, "changed": counts[Command.UPDATE], "added": counts[Command.CREATE]}
            gone = [area.field_ids.browse(command[1]).name for command in commands if command[0] == Command.DELETE]
            if not commands:
                yield self.env._("%s: nothing differs.", area.display_name)
            elif gone:
                told["gone"] = ", ".join(gone)
                yield self.env._("%(area)s: %(changed)s fields change, %(added)s are new. Removed: %(gone)s.", **told)
            else:
                yield self.env._("%(area)s: %(changed)s fields change, %(added)s are new, none is removed.", **told)


class PlcLayoutPasteLine(models.TransientModel):
    """One row of the table, as it was understood."""

    _name = "plc.layout.paste.line"
    _inherit = ["plc.fenced"]
    _description = "Row of a Pasted Register Table"
    _order = "line, id"

    paste_id = fields.Many2one("plc.layout.paste", required=True, index=True, ondelete="cascade")
    layout_id = fields.Many2one(related="paste_id.layout_id")
    line = fields.Integer(readonly=True, help="Line of the text in which the row begins.")
    area_id = fields.Many2one("plc.register.area", domain="[('layout_id', '=', layout_id)]", ondelete="cascade")
    name = fields.Char()
    role = fields.Selection(lambda self: self.env["plc.register.field"]._fields["role"]._description_selection(self.env))
    offset = fields.Integer()
    type = fields.Selection(
        lambda self: self.env["plc.register.field"]._fields["type"]._description_selection(self.env), default="uint16"
    )
    words = fields.Integer(default=1)
    scale = fields.Float(default=1.0, digits=(16, 6))
    repeat = fields.Integer(string="Lines", default=1)
    step = fields.Integer()
    value = fields.Integer(string="First Value")
    unit = fields.Char()
    minimum = fields.Float()
    maximum = fields.Float()
    trouble = fields.Char(readonly=True, help="What was wrong with the row when it was read. Changing the row takes it away.")
    problem = fields.Char(compute="_compute_problem")

    @api.depends("trouble", "area_id", "role", "name", "type")
    def _compute_problem(self):
        for row in self:
            row.problem = row.trouble or row._missing()

    @api.onchange(*GIVEN, "area_id")
    def _onchange_row(self):
        """A person has looked at it."""
        self.trouble = False

    def _missing(self):
        if not self.area_id or self.area_id.layout_id != self.layout_id:
            return self.env._("Choose its area.")
        if not self.role or not self.type:
            return self.env._("Choose its role and its type.")
        return False if self.name else self.env._("Give it a name.")


def _by_role(rows):
    """(role, its place among those of that role) -> row."""
    found = {}
    for row in rows.sorted("offset"):
        place = sum(key[0] == row.role for key in found)
        found[row.role, place] = row
    return found


def _is_same(old, new):
    if isinstance(old, float):
        return f"{old:.15g}" == f"{new:.15g}"
    return (old or False) == (new or False)
