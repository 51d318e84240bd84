from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...plc.codec import CodecError
from ...tools.translate import translate
from ..batch.mo_batch import RECIPE_FIELDS, STATES
from ..common.roles import check_operator
from .not_queueable import NotQueueable
from .recipe import Recipe

WAITING = [("waiting", "Waiting"), ("refused", "Not Queued"), ("withheld", "Withheld")]
OPEN_ORDER = ("confirmed", "progress", "to_close")
# what a batch booked and Odoo verified must stay
BOOKED = {"qty_producing", "move_raw_ids", "move_finished_ids", "move_byproduct_ids"}


class MrpProduction(models.Model):
    _name = "mrp.production"
    _inherit = ["mrp.production", "plc.guarded"]

    plc_batch_ids = fields.One2many("mo.batch", "production_id", string="PLC Batches", context={"active_test": False}, copy=False)
    plc_batch_count = fields.Integer(compute="_compute_plc_batch_count")
    plc_reason = fields.Char(string="Reason Not Queued", readonly=True, copy=False)
    plc_first = fields.Boolean(string="Queue First", copy=False, tracking=True, help="Queued before all others at the next fill.")
    plc_withheld = fields.Boolean(
        string="Withheld from the PLC", copy=False, tracking=True, help="While this is set, the order is not queued for a PLC."
    )
    plc_controller_id = fields.Many2one(
        "plc.controller", string="PLC", compute="_compute_plc_state", help="The PLC that makes, or would make, the order."
    )
    plc_state = fields.Selection(
        [*WAITING, *STATES],
        string="PLC State",
        compute="_compute_plc_state",
        help="State of the batch that is in the queue, otherwise of the latest one. Waiting: for the next fill.",
    )

    @api.depends("plc_batch_ids")
    def _compute_plc_batch_count(self):
        batches = self.env["mo.batch"].with_context(active_test=False)
        counts = dict(batches._read_group([("production_id", "in", self.ids)], ["production_id"], ["__count"]))
        for production in self:
            production.plc_batch_count = counts.get(production, 0)

    @api.depends("state", "picking_type_id", "plc_reason", "plc_withheld", "plc_stopped", "plc_part_count", "plc_batch_ids.state")
    def _compute_plc_state(self):
        plcs = self.env["plc.controller"].sudo().search([("picking_type_ids", "in", self.picking_type_id.ids)])
        for production in self:
            batch = production._plc_batch_shown()
            plc = batch.controller_id or plcs.filtered(lambda plc, kind=production.picking_type_id: kind in plc.picking_type_ids)
            production.plc_controller_id = plc[:1]
            production.plc_state = batch.state if batch.active else production._plc_waits(plc) or batch.state

    # CRUD

    def write(self, vals):
        if BOOKED.intersection(vals):
            self._check_not_booked_by_plc()
        self._plc_check_step_back(vals.get("state"))
        if "product_uom_id" in vals:
            self.filtered(lambda order: order.product_uom_id.id != vals["product_uom_id"])._plc_check_own_unit()
        result = super().write(vals)
        if "plc_withheld" in vals:
            self._plc_notify_boards()
        if vals.get("state") in ("done", "cancel"):  # also over RPC, where any state may be written
            self._plc_order_closed()
        return result

    def _plc_notify_boards(self):
        """What waits for the PLCs of these orders has changed."""
        plcs = self.env["plc.controller"].sudo().search([("picking_type_ids", "in", self.picking_type_id.ids)])
        self.env["plc.board"]._mark_lanes(plcs.ids)

    def _check_not_booked_by_plc(self):
        """A screen that was opened before the write-back closed the order would overwrite the dosed quantities with the plan, as
        Odoo allows the quantities of a closed order to be written. To correct them, unlock the order first.

        :raise UserError: naming the first such order
        """
        for order in self.filtered(lambda order: order.state == "done" and order.is_locked):
            if "done" in order.sudo().plc_batch_ids.mapped("state"):
                raise UserError(
                    self.env._(
                        "Order %s has meanwhile been closed with the quantities dosed by the PLC. Reload it, and unlock it to "
                        "correct it.",
                        order.name,
                    )
                )

    # Actions

    def action_view_plc_batches(self):
        """Open the batches of the order, including the history."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("PLC Batches"),
            "res_model": "mo.batch",
            "view_mode": "list,form",
            "domain": [("production_id", "=", self.id)],
            "context": {"active_test": False},
        }

    def action_confirm(self):
        result = super().action_confirm()
        self.env["plc.task.fill"]._on_confirmed(self)
        return result

    def action_plc_requeue(self):
        """Let a withheld order be queued again by the next fill."""
        check_operator(self)
        self.sudo().write({"plc_withheld": False, "plc_stopped": False})
        self.env["plc.task.fill"]._on_confirmed(self)
        return True

    # Business methods: what screens show about the PLC

    def _plc_batch_shown(self):
        """The batch that a PLC owes, or else the latest one."""
        batches = self._plc_batches_ever().sorted("id", reverse=True)
        return (batches.filtered("active") or batches)[:1]

    def _plc_waits(self, plc):
        """How an order without a queued batch waits for its PLC; False if it does not."""
        if not plc or self.state not in OPEN_ORDER:
            return False
        if self._plc_batches_ever()._taking_a_share() and not self._plc_has_more_to_make():
            return False
        if self.plc_withheld:
            return "withheld"
        return "refused" if self.plc_reason else "waiting"

    def _plc_has_more_to_make(self):
        """It is made in several batches, and some do not exist yet."""
        made = self._plc_batches_ever().filtered(lambda batch: batch.active or batch.consumed)
        return not self.plc_stopped and self.plc_part_count > max(1, len(made))

    # Business methods

    @api.model
    def _plc_eligible_domain(self, controllers, withheld=(False,)):
        """Orders that a PLC may be given.

        :param controllers: one PLC, or several that agree on whether components must be available: orders for any of them
        :param withheld: which, of those that people withhold and the others

        Open, of its operation types, not withheld, without a batch that is open or consumed material (rule 1); if the PLC
        requires it, with all components available. Odoo calls it *In Progress*, or even *To Close*, as soon as anybody touches
        it: whether that stands in the way, :meth:`_plc_check_in_line` says on the order.
        """
        return [
            *self._plc_may_be_given(controllers, withheld),
            ("state", "in", OPEN_ORDER),
            ("plc_batch_ids", "not any", ["|", ("active", "=", True), ("consumed", "=", True)]),
        ]

    @api.model
    def _plc_waiting_domain(self, controllers):
        """Orders that any of these PLCs may be given."""
        return Domain.OR(map(self._plc_eligible_domain, controllers.grouped("require_available").values()))

    @api.model
    def _plc_begun_domain(self, controller):
        """Orders that a PLC makes in several batches and has begun."""
        return [
            *self._plc_may_be_given(controller),
            ("plc_part_count", ">", 1),
            ("plc_stopped", "=", False),
            ("state", "in", OPEN_ORDER),
            ("plc_batch_ids", "any", ["|", ("active", "=", True), ("consumed", "=", True)]),
        ]

    @api.model
    def _plc_may_be_given(self, controllers, withheld=(False,)):
        available = [("reservation_state", "=", "assigned")] if controllers[:1].require_available else []
        return available + [  # an operation type is of its PLC's company
            ("company_id", "in", controllers.company_id.ids),
            ("picking_type_id", "in", controllers.picking_type_ids.ids),
            ("plc_withheld", "in", withheld),
        ]

    def _plc_freeze(self, controller, layout, slot, share):
        """Values of the batch that freezes the recipe of a share of the order, which is known to fit the layout.

        :raise NotQueueable, CodecError: naming the obstacle
        """
        self._plc_check_in_line(controller, share)
        values = self._prepare_plc_batch(controller, layout, slot, share)
        self._plc_check_unsaid(controller, values)
        lines = [(line["code"], line["planned_qty"]) for _command, _id, line in values["line_ids"]]
        layout.block(layout.recipe(lines, **{role: values[name] for role, name in RECIPE_FIELDS.items()}), 1)
        return values

    def _plc_reason_of(self, error):
        """Why the order cannot be queued, in the words of the plant.

        :param error: what :meth:`_plc_freeze` raised
        """
        if isinstance(error, CodecError):
            return self.env._("The recipe does not fit the PLC's layout: %s.", translate(self.env, error))
        return str(error)

    def _prepare_plc_batch(self, controller, layout, slot, share):
        """Values of the batch that freezes the recipe of a share of the order.

        :param share: a :class:`~.mrp_production_share.Share`
        :raise NotQueueable: with the reason
        """
        self.ensure_one()
        self._check_plc_serial(self.product_id)
        texts = {role: layout.area("recipe").by_role(role) for role in ("formula", "product")}
        product_name = self.product_id.with_context(lang=None).display_name  # the same for every user's language
        names = {"formula": self.bom_id.code or product_name, "product": product_name}
        return {
            "production_id": self.id,
            "controller_id": controller.id,
            "company_id": self.company_id.id,
            "slot": slot,
            "part": share.part,
            "order_qty": share.quantity,
            "order_name": self._plc_order_name(controller, layout, share),
            **{f"{role}_name": name[: texts[role][0].words * 2] if texts[role] else name for role, name in names.items()},
            "uom_id": controller.uom_id.id,
            "planned_qty": self._plc_weight(self.product_id, self.product_uom_id, share.quantity, controller),
            "line_ids": [fields.Command.create(values) for values in self._prepare_plc_lines(controller, layout, share)],
        }

    def _plc_order_name(self, controller, layout, share):
        """The order's name as the PLC sees it.

        One of several batches adds its number, as in ``WH/MO/00012#03``: a slot that continues with the same order must look
        different. A name that is too long is cut at the front, as its end distinguishes orders.

        :raise NotQueueable: if another order has the same name at this PLC
        """
        letters = layout.area("recipe").field("order").words * 2
        name = f"{self.name}#{share.part:02}" if share.count > 1 else self.name
        name = name if len(name) <= letters else f"~{name[1 - letters :]}"
        if self._plc_is_name_of_another(controller, name):
            raise NotQueueable(self.env._("the PLC already has another order called %s", name))
        return name

    def _plc_is_name_of_another(self, controller, name):
        """Whether the PLC has, or ever had, another order of that name. It is asked for each recipe: by SQL, as building a search
        takes ten times as long as running it."""
        self.env["mo.batch"].flush_model(["controller_id", "order_name", "production_id"])
        query = "SELECT EXISTS (SELECT FROM mo_batch WHERE controller_id = %s AND order_name = %s AND production_id <> %s)"
        [[found]] = self.env.execute_query(SQL(query, controller.id, name, self.id))
        return found

    def _prepare_plc_lines(self, controller, layout, share):
        lines, seen = Recipe(self, controller, layout, share).lines(), {}
        for line in lines:
            if line["code"]:
                equipment, product = self.env["plc.equipment"].browse(line["equipment_id"]), line["product_id"]
                self._check_equipment(equipment, self.env["product.product"].browse(product), seen, layout)
        if len({line["code"] for line in lines if line["code"]}) > len(layout.codes):
            raise NotQueueable(self.env._("it has more dosed components than the PLC's recipe has lines"))
        if not any(line["code"] for line in lines):
            raise NotQueueable(self.env._("none of its components is dosed by %s", controller.name))
        self._plc_check_something_to_dose(lines)
        return lines

    def _check_equipment(self, equipment, product, seen, layout):
        if None not in layout.codes and equipment.code not in layout.codes:
            raise NotQueueable(
                self.env._(
                    "%(equipment)s has code %(code)s, which is not in the PLC's layout",
                    equipment=equipment.name,
                    code=equipment.code,
                )
            )
        first = seen.setdefault(equipment, product)
        if first != product:  # of one product it is one dosing, whatever the order has it for
            raise NotQueueable(
                self.env._(
                    "%(first)s and %(second)s would both be dosed from %(equipment)s: select on a BoM line of one of them where "
                    "else to dose it from, or set only one of them as its product",
                    first=first.display_name,
                    second=product.display_name,
                    equipment=equipment.name,
                )
            )

    def _check_plc_serial(self, product):
        if product.tracking == "serial":
            raise NotQueueable(
                self.env._("%s is tracked by serial number, but a PLC doses and produces by weight", product.display_name)
            )

    def _plc_weight(self, product, uom, quantity, controller):
        """``quantity`` in the unit that the PLC weighs in.

        :raise NotQueueable: if the weight of a unit is not known, or booking in it would lose part of a weight
        """
        try:
            product._plc_check_exact(uom, controller.uom_id)
            return product._plc_to_weight(quantity, uom, controller.uom_id)
        except UserError as error:
            raise NotQueueable(str(error)) from None
