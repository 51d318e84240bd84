from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from ...plc import constants
from ...plc.dissect import dissect, fits
from ...plc.layout import Area, Layout, kept, too_fine
from ...plc.wires import families
from ...tools.translate import format_number, translate
from ..common.marks import SAVING

PROTOCOLS = [(family.name, str(family.label)) for family in families()]
# the layouts that are shipped in Modbus's registers, and then in the usual memory of each other protocol
SHIPPED = ("plc_register_layout_job_numbers", "plc_register_layout_flags", "plc_register_layout_isa88")
# areas for failures and weighings, as in the shipped layouts
STRIDE = 100
NAME_WORDS = 8
BCD = {"type": "bcd"}
KG = {"type": "int32", "scale": 100, "minimum": 0, "maximum": 100000}


def memory_of(protocol):
    """Values of an area in the usual memory of a protocol: its first."""
    family = next(family for family in families() if family.name == protocol)
    name = next(iter(family.memories))
    return {"registers": name, "bank": int(name in family.numbered), "node": family.named.get(name, False)}


class PlcRegisterLayout(models.Model):
    _name = "plc.register.layout"
    _inherit = ["plc.layout.part"]
    _description = "PLC Register Layout"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        copy=False,
        default=lambda self: self.env.company,
        help="Only its PLCs can use the layout. Empty: those of all companies can, and only who may change settings may change "
        "it.",
    )
    handshake = fields.Selection(
        [("job_numbers", "Job numbers"), ("flags", "Flags")],
        required=True,
        default="job_numbers",
        help="Job numbers: every word has only one writer, so repeated and late writes are harmless. Flags: both sides write "
        "the flags, as in the original feed mill.",
    )
    protocol = fields.Selection(
        PROTOCOLS,
        compute="_compute_protocol",
        store=True,
        help="Whose memory the areas are in: a PLC can use the layout if its connection speaks this protocol.",
    )
    slots = fields.Integer(required=True, default=10, help="Number of batches the PLC can hold at the same time.")
    word_order = fields.Selection(
        [("high", "High word first"), ("low", "Low word first")],
        required=True,
        default="high",
        help="Which word of a multi-word number comes first.",
    )
    swap_bytes = fields.Boolean(help="The PLC sends the low byte of each word first.")
    text_order = fields.Selection(
        [("same", "As in numbers"), ("high", "First character in the high byte"), ("low", "First character in the low byte")],
        string="Byte Order of Text",
        required=True,
        default="same",
        help="In which byte of a word a text has its first character, if that differs from the byte order of numbers. IEC "
        "strings mostly have it in the low byte.",
    )
    address_offset = fields.Integer(
        help="Added to every address. The addresses below are protocol addresses, counted from 0. Enter -1 if yours count from "
        "1; with Modbus, -40001 if they count from 40001."
    )
    copies_on_take = fields.Boolean(
        string="Shows the Order When Taken",
        help="With flags: the PLC shows the order in its feedback in the same scan in which it takes it. A lost message or a "
        "withdrawal then needs no decision by an operator.",
    )
    weight_contains = fields.Selection(
        [("all", "All that went in"), ("dosed", "Only what the PLC dosed")],
        string="Finished Weight",
        required=True,
        default="all",
        help="What the PLC's finished weight contains. Only what it dosed: Odoo adds the hand-added quantities to it.",
    )
    drift = fields.Float(
        string="Scale Drift",
        digits=(16, 3),
        default=0.5,
        help="How far an empty scale may drift, in the PLC's weight unit. A reported amount so far below zero counts as zero, "
        "with a remark; what is further below is rejected. An amount that falls by no more has not fallen.",
    )
    has_clock = fields.Boolean(compute="_compute_has_clock", help="The layout has the PLC's clock.")
    has_levels = fields.Boolean(compute="_compute_has_clock", help="The layout has the levels of silos.")
    has_events = fields.Boolean(compute="_compute_has_events", help="The PLC reports failures or weighings.")
    has_commands = fields.Boolean(compute="_compute_has_commands", help="Running batches can be held, resumed and aborted.")
    area_ids = fields.One2many("plc.register.area", "layout_id", string="Areas", copy=True)
    controller_ids = fields.One2many("plc.controller", "layout_id", string="PLCs")
    problems = fields.Text(compute="_compute_problems", help="What must be fixed before a PLC can use the layout.")

    _drift_positive = models.Constraint("CHECK(drift >= 0)", "The scale drift cannot be negative.")
    _slots_positive = models.Constraint("CHECK(slots > 0)", "A layout needs at least one slot.")

    @api.depends(
        "handshake",
        "slots",
        "word_order",
        "address_offset",
        *(f"area_ids.{name}" for name in ("kind", "registers", "bank", "node", "base", "stride", "slots")),
        *(f"area_ids.field_ids.{name}" for name in ("name", "role", "offset", "type", "words", "scale", "repeat", "step")),
    )
    @api.depends_context("lang")
    def _compute_problems(self):
        for register_layout in self:
            register_layout.problems = "\n".join(register_layout._find_problems())

    @api.depends("area_ids.registers")
    def _compute_protocol(self):
        for register_layout in self:
            own = set(register_layout.area_ids.mapped("registers"))
            found = [family.name for family in families() if own and own <= set(family.memories)]
            register_layout.protocol = found[0] if found else False

    @api.depends("area_ids.kind")
    def _compute_has_clock(self):
        for register_layout in self:
            kinds = register_layout.area_ids.mapped("kind")
            register_layout.has_clock, register_layout.has_levels = "clock" in kinds, "level" in kinds

    @api.depends("area_ids.kind")
    def _compute_has_events(self):
        for register_layout in self:
            register_layout.has_events = bool({"failure", "weighing"} & set(register_layout.area_ids.mapped("kind")))

    @api.depends("area_ids.field_ids.role")
    def _compute_has_commands(self):
        for register_layout in self:
            register_layout.has_commands = "command" in register_layout.area_ids.field_ids.mapped("role")

    @api.constrains("handshake", "slots", "word_order", "swap_bytes", "text_order", "address_offset", "area_ids", "table_ids")
    def _check_layout(self):
        for register_layout in self.filtered("area_ids"):
            problems = register_layout._find_problems()
            if problems:
                raise ValidationError("\n".join([register_layout.name, *problems]))
            register_layout.sudo().controller_ids._check_layout_fits_device()

    @api.constrains("company_id")
    def _check_company_of_plcs(self):
        for register_layout in self.filtered("company_id"):
            plcs = register_layout.sudo().with_context(active_test=False).controller_ids
            if plcs.company_id - register_layout.company_id:
                raise ValidationError(
                    self.env._(
                        "PLCs of other companies use the layout %s. It must stay a layout of all companies.", register_layout.name
                    )
                )

    # CRUD

    def write(self, vals):
        return super(PlcRegisterLayout, SAVING.on(self)).write(vals)

    def _update_field_translations(self, field_name, translations, digest=None, source_lang=""):
        """Odoo stores translations by itself. Then it writes the text once more as it is, so that ``write`` may refuse: by then
        nothing differs that would be told, and what another language says is not among the values.

        :raise UserError: for a text that is too long
        """
        for text in translations.values():
            self._check_bounds({field_name: text})
        before = {} if self.env.su else self._told(self._told_fields({field_name}))
        result = super()._update_field_translations(field_name, translations, digest=digest, source_lang=source_lang)
        self._journal_changes(before, self._told(before))
        return result

    def _plc_layouts(self):
        return self

    def _plc_layouts_after(self, vals):
        return self

    # Actions

    def action_add_event_areas(self):
        """Add areas for equipment failures and manual weighings behind the others. Addresses and fields can be changed
        afterwards.

        :return: True
        :raise UserError: while a PLC has batches that were sent with the layout
        """
        self.check_access("write")
        for register_layout in self.filtered(lambda register_layout: not register_layout.has_events):
            ends = [area.base + max(area.slots, register_layout.slots) * area.stride for area in register_layout.area_ids]
            base = -(-max(ends, default=0) // 1000) * 1000
            names = register_layout.area_ids.field_ids.filtered(lambda item: item.role == "order").mapped("words")
            first = register_layout.area_ids[:1]
            memory = {"registers": "holding" if first.registers == "input" else first.registers}
            memory |= {"bank": first.bank, "node": first.node}
            register_layout.area_ids = list(self._prepare_event_areas(base, max(names, default=NAME_WORDS), memory))
        return True

    def action_open_constants(self):
        """Show the numbers of the layout for a PLC program."""
        self.ensure_one()
        self.check_access("read")
        wizard = self.env["plc.layout.constants"].create({"layout_id": self.id})  # a file is shown of a record only
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Constants for the PLC"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    # Business methods

    def _constants(self, dialect):
        """Its numbers as constants of a PLC program, one of :data:`~...plc.constants.DIALECTS`.

        :raise UserError: if it has problems
        """
        self._check_usable()
        return constants.text(self._layout(), dialect)

    def _find_problems(self):
        """A sentence for each problem of the layout, by itself or with the decimals that this database stores of a quantity."""
        layout = self._layout()
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        if self.area_ids and not self.protocol:
            return [self.env._("The areas are in memories of different protocols.")]
        return [translate(self.env, problem) for problem in layout.problems() or too_fine(layout, digits)]

    def _of_protocol(self, protocol):
        """The layout itself, if it is of this protocol or of none; else the first of that protocol, best with its handshake."""
        if not self.protocol or not protocol or self.protocol == protocol:
            return self
        others = self.search([("protocol", "=", protocol), ("company_id", "in", [False, self.env.company.id])], order="id")
        return (others.filtered(lambda other: other.handshake == self.handshake) or others)[:1]

    @api.model
    def _ship(self):
        """Copies of the shipped layouts for each other protocol, as far as there are none."""
        for family in families():
            for name in SHIPPED:
                origin = self.env.ref(f"plc_mo_batch.{name}", raise_if_not_found=False)
                xml_id = f"plc_mo_batch.{name}_{family.name}"
                if (
                    not origin
                    or origin.problems
                    or origin.protocol == family.name
                    or self.env.ref(xml_id, raise_if_not_found=False)
                ):
                    continue
                copied = origin.copy({"name": f"{origin.name} ({family.label})", "company_id": False})
                copied.area_ids.write(memory_of(family.name))
                self.env["ir.model.data"]._update_xmlids([{"xml_id": xml_id, "record": copied, "noupdate": True}])

    def _check_usable(self):
        """
        :raise UserError: naming the problems of the layout
        """
        if self.problems:
            raise UserError(
                self.env._("The layout %(layout)s cannot be used: %(problems)s", layout=self.name, problems=self.problems)
            )

    def _layout(self):
        """The :class:`~...plc.layout.Layout` that the records describe."""
        self.ensure_one()
        layout = Layout(
            handshake=self.handshake,
            slots=self.slots,
            word_order=self.word_order,
            swap_bytes=self.swap_bytes,
            text_order=self.text_order,
            address_offset=self.address_offset,
            copies_on_take=self.copies_on_take,
            drift=self.drift,
            areas=tuple(
                Area(area.kind, area.base, area.stride, tuple(area.field_ids._layout_fields()), area._registers(), area.slots)
                for area in self.area_ids
            ),
        )
        return kept(layout)

    def _words_table(self, kind, words, slot=0, wrong=-1):
        """What the words of a slot mean, field by field, as an HTML table; False if they are not a slot of this layout.

        :param kind: the area that they are from
        :param slot: its number, 0 if not known
        :param wrong: the word that was rejected, -1 for none; words that cannot be right are marked anyway
        """
        layout = bool(self) and not self.problems and self._layout()
        if not layout or not fits(layout, kind, words):
            return False
        rows = [self._words_row(part, wrong) for part in dissect(layout, kind, words, slot or None)]
        return self.env["ir.qweb"]._render("plc_mo_batch.plc_words_table", {"rows": rows})

    def _words_row(self, part, wrong):
        is_wrong = part.error or part.offset <= wrong < part.offset + len(part.words)
        told = {"name": part.field and translate(self.env, part.field.label), "error": translate(self.env, part.error)}
        return {"part": part, "wrong": is_wrong, "value": self._shown(part), **told}

    def _shown(self, part):
        """The value of a :class:`~...plc.dissect.Part` for people."""
        if part.value is None:
            return ""
        if isinstance(part.value, bool):
            return self.env._("yes") if part.value else self.env._("no")
        number = format_number(self.env, part.value, ".15g") if isinstance(part.value, float) else str(part.value)
        return f"{number} {part.field.unit}".rstrip()

    # Business methods: areas for failures and weighings

    @api.model
    def _prepare_event_areas(self, base, order_words=NAME_WORDS, memory=None):
        """Commands that create both areas.

        :param memory: where: values of an area; None: in holding registers
        :param base: address of the first; the second lies 1000 words further on
        :param order_words: words of an order's name in the recipe
        """
        contents = {"failure": self._failure_fields(), "weighing": self._weighing_fields(order_words)}
        for number, (kind, content) in enumerate(contents.items()):
            place = {"kind": kind, "base": base + 1000 * number, "stride": STRIDE, **(memory or {})}
            yield Command.create({**place, "field_ids": [Command.create(values) for values in self._place_fields(0, content)]})

    @api.model
    def _place_fields(self, offset, content):
        """Values of consecutive fields, given with the number of words that each takes."""
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
