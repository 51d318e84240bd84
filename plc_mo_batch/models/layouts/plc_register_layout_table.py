"""A layout as one table, with the addresses that the programmer's tool shows."""

import base64
from urllib.parse import quote

from odoo import api, fields, models

from ...plc import register_table
from ...plc.layout import slot_count, word_of
from ...plc.pasted_table import HEADINGS, Known
from ...plc.register_table import Row
from ...plc.sentences import Label, role
from ...tools.translate import format_number, label_of, translate

# what a row of the table gives a field of the layout
GIVEN = ("name", "role", "offset", "type", "words", "scale", "repeat", "step", "value", "unit", "minimum", "maximum")
COLUMNS = ("area_id", *GIVEN)  # of the table, in the order of a file: the fields that they show


class PlcRegisterField(models.Model):
    _inherit = "plc.register.field"

    words_taken = fields.Integer(
        string="Length", compute="_compute_addresses", help="Words that the field takes, in each of its lines."
    )
    first_address = fields.Char(
        string="Address in Slot 1", compute="_compute_addresses", help="Where its first line begins, as the PLC's tool writes it."
    )
    last_address = fields.Char(string="Address in the Last Slot", compute="_compute_addresses")

    @api.depends(
        "offset", "type", "words", "layout_id.notation", "layout_id.address_offset", "layout_id.slots",
        *(f"area_id.{name}" for name in ("kind", "registers", "bank", "node", "base", "stride", "slots")),
    )  # fmt: skip
    def _compute_addresses(self):
        for field in self:
            field.words_taken = register_table.length(field.type, field.words)
            slots = 1, field.area_id._slot_count()
            field.first_address, field.last_address = (field._address(slot) for slot in slots)

    @api.model_create_multi
    def create(self, vals_list):
        """A field is of the layout that its area is of, whatever list it was entered in."""
        own = [{name: value for name, value in vals.items() if name != "layout_id"} for vals in vals_list]
        return super().create(own)

    @api.onchange("type")
    def _onchange_type(self):
        if self.type != "ascii":
            self.words = 1

    def _address(self, slot):
        """Where its first line is in a slot, from 1; empty if there is no such slot, or no area yet."""
        return self.area_id._address(slot, self.offset, self.words_taken) if self.area_id else ""

    def _table_row(self):
        names = ("role", "name", "offset", "type", "words", "scale", "step", "value", "minimum", "maximum")
        values = {name: self[name] for name in names}
        return Row(area=self.area_id.kind, lines=self.repeat, unit=self.unit or "", **values)

    def _table_cells(self):
        """What a file shows of it, by :data:`COLUMNS`: labels in the reader's language, numbers as they are."""
        shown = {"area_id": label_of(self.area_id, "kind"), "role": label_of(self, "role"), "type": label_of(self, "type")}
        shown |= {"words": self.words_taken, "unit": self.unit or ""}
        return [shown[name] if name in shown else self[name] for name in COLUMNS]


class PlcRegisterArea(models.Model):
    _inherit = "plc.register.area"

    def _slot_count(self):
        """How many slots it has."""
        return slot_count(self.kind, self.layout_id.slots, self.slots)

    def _address(self, slot, offset, words):
        """The address of a word of a slot, from 1, as the PLC's tool writes it; empty if there is no such slot."""
        if not self.registers or slot > self._slot_count():
            return ""
        word = self.layout_id.address_offset + word_of(self.base, self.stride, slot, offset)
        return register_table.written(self._registers(), word, words, self.layout_id.notation or register_table.ZERO)


class PlcRegisterLayout(models.Model):
    _inherit = "plc.register.layout"

    notation = fields.Selection(
        [("zero", "Counted from 0 (7000)"), ("one", "Counted from 1 (7001)"), ("modicon", "Modicon (407001)")],
        string="Addresses as",
        required=True,
        default="zero",
        help="How the PLC's tool writes the addresses of Modbus registers. It changes what is shown and pasted, and no word.",
    )
    table_ids = fields.One2many("plc.register.field", "layout_id", help="All fields, by area and offset.")
    table_file = fields.Binary(compute="_compute_table_file")
    table_file_name = fields.Char(compute="_compute_table_file")

    @api.depends("name", "notation", "address_offset", "slots", "table_ids", "area_ids")
    @api.depends_context("lang")
    def _compute_table_file(self):
        for register_layout in self:
            text = "\ufeff" + register_layout._table_csv()  # without the mark, Excel takes UTF-8 for something else
            register_layout.table_file = base64.b64encode(text.encode())
            register_layout.table_file_name = f"{register_layout.name or ''}.csv".replace("/", "-")

    def copy_data(self, default=None):
        """A copy is told apart by its name."""
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for register_layout, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", register_layout.name)
        return vals_list

    def copy_translations(self, new, excluded=()):
        """Not of its name: each would be the original's."""
        return super().copy_translations(new, {*excluded, "name"})

    # Actions

    def action_download_table(self):
        """Its table as a CSV file."""
        self.ensure_one()
        self.check_access("read")
        name = quote(self.table_file_name, safe="")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/table_file?download=true&filename={name}",
            "target": "download",
        }

    def action_print_table(self):
        """Its table on paper, each line with its addresses."""
        self.check_access("read")
        return self.env.ref("plc_mo_batch.plc_register_table_action_report").report_action(self, config=False)

    def action_open_paste(self):
        """A dialog that takes a table from a spreadsheet or from a PLC's tool."""
        self.ensure_one()
        self.check_access("write")
        return self.env["plc.layout.paste"].create({"layout_id": self.id})._shown()

    # Business methods

    def _known_table(self):
        """What a pasted table is read by: labels in each language that is installed, as it may come from anybody."""
        area, field = self.env["plc.register.area"], self.env["plc.register.field"]
        return Known(
            layout=self._layout(),
            rows=[field._table_row() for field in self._table_fields()],
            protocol=self.protocol,
            notation=self.notation,
            headings=self._known_headings(),
            areas=self._labels(area, "kind"),
            roles=self._labels(field, "role"),
            types=self._labels(field, "type"),
        )

    def _known_headings(self):
        shown = {"area": "area_id", "lines": "repeat"}
        named = {column: self.env["plc.register.field"]._fields.get(shown.get(column, column)) for column in HEADINGS}
        words = self._in_languages()
        found = {column: [field._description_string(word.env) for word in words] for column, field in named.items() if field}
        return {**found, "address": [word.env._("Address in Slot %s", 1) for word in words]}

    def _in_languages(self):
        return [self.with_context(lang=code) for code, _name in self.env["res.lang"].get_installed()]

    def _labels(self, records, name):
        """Label -> technical name of a selection, in each language."""
        return {
            label: value
            for words in self._in_languages()
            for value, label in records._fields[name]._description_selection(words.env)
        }

    def _table_csv(self):
        """The table as text: what is pasted from it changes nothing."""
        slots = range(1, max([area._slot_count() for area in self.area_ids], default=0) + 1)
        headings = [self.env["plc.register.field"]._fields[name]._description_string(self.env) for name in COLUMNS]
        headings += [self.env._("Address in Slot %s", slot) for slot in slots]
        rows = []
        for field in self._table_fields():
            rows.append([*field._table_cells(), *(field._address(slot) for slot in slots)])
        return register_table.to_csv(headings, rows)

    def _table_fields(self):
        return self.area_ids.sorted("base").field_ids.sorted(lambda field: (field.area_id.base, field.area_id.id, field.offset))

    def _printed_table(self):
        """What is printed of each area: its slots in a sentence, and each line of a field with its addresses, by address."""
        return [
            {
                "area": area,
                "slots": self._printed_slots(area),
                "last": self.env._("Address in Slot %s", area._slot_count()) if area._slot_count() > 1 else "",
                "rows": self._printed_rows(area),
            }
            for area in self.area_ids.sorted("base")
        ]

    def _printed_slots(self, area):
        if area._slot_count() == 1:
            return self.env._("One slot.")
        told = {"slots": area._slot_count(), "stride": area.stride}
        return self.env._("%(slots)s slots: each begins %(stride)s words after the one before.", **told)

    def _printed_rows(self, area):
        return [
            {
                "item": item,
                "name": translate(self.env, item.label),
                "role": translate(self.env, role(item.role)),
                "type": translate(self.env, Label(item.type, "type")),
                "scale": format_number(self.env, item.scale, ".15g"),
                "limits": self._printed_limits(item),
                "first": area._address(1, item.offset, item.length),
                "last": area._address(area._slot_count(), item.offset, item.length),
            }
            for item in sorted(area.field_ids._layout_fields(), key=lambda item: item.offset)
        ]

    def _printed_limits(self, item):
        if item.minimum is None:
            return ""
        low, high = (format_number(self.env, limit, ".15g") for limit in (item.minimum, item.maximum))
        return f"{low} … {high} {item.unit}".rstrip()

    def _notation_name(self):
        return translate(self.env, register_table.name_of(self.notation, self.protocol or ""))
