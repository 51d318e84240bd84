from odoo import models
from odoo.exceptions import UserError

from ...tools.translate import format_number
from ..common.roles import check_operator
from .mrp_production import OPEN_ORDER
from .not_queueable import NotQueueable


class MrpProduction(models.Model):
    """What keeps an order out of line although the PLC could make it. Each says why, and the way back."""

    _inherit = "mrp.production"

    # Actions

    def action_plc_start_over(self):
        """Forget what was entered by hand on orders of which nothing is made yet: the PLC makes all of them.

        :raise UserError: naming the first order of which something is made, or of which a PLC has a batch
        """
        check_operator(self)
        for order in self:
            if order.state not in OPEN_ORDER or order._plc_batches_ever()._taking_a_share() or order.qty_produced:
                raise UserError(self.env._("Order %s is closed, or part of it is made: it cannot begin anew.", order.name))
            order.sudo()._plc_forget_entries()
        return True

    # Business methods: in line

    def _plc_forget_entries(self):
        """No quantity is produced, nothing is consumed but reserved, and no work order is over."""
        over = self.workorder_ids.filtered(lambda work: work.state in ("done", "cancel"))
        over.state = "ready"  # first: Odoo refuses the quantity of one that is over
        over.qty_produced = 0.0
        self.move_raw_ids._plc_open().picked = False
        self.qty_producing = 0.0
        self.do_unreserve()
        self.action_assign()
        self.plc_reason = False
        message = self.env._("%s started it over: what was entered by hand is forgotten.", self.env.user.name)
        self.message_post(body=message)

    def _plc_check_in_line(self, controller, share):
        """
        :raise NotQueueable: with what stands in the way, and how it is undone
        """
        self._plc_check_given_to(controller)
        self._plc_check_source()
        if not share.others:  # what stands on an order that is begun is what its batches booked
            self._plc_check_not_produced()
            self._plc_check_not_consumed(controller)

    def _plc_check_given_to(self, controller):
        """A batch may be queued of an order that is of another PLC, or of none, meanwhile; or is a draft again."""
        if self.state not in OPEN_ORDER:
            raise NotQueueable(self.env._("it is not confirmed"))
        if self.picking_type_id not in controller.picking_type_ids:
            raise NotQueueable(
                self.env._(
                    "%(plc)s does not make orders of type %(type)s", plc=controller.name, type=self.picking_type_id.display_name
                )
            )

    def _plc_check_source(self):
        """An order that was split off one while the PLC had a batch of it may be part of what that batch makes."""
        others = self.production_group_id.production_ids - self
        for batch in others._plc_batches_ever():
            if batch._is_under_way() and batch.create_date < self.create_date:
                raise NotQueueable(
                    self.env._(
                        "it comes of %(order)s, whose batch %(batch)s may make it as well: it waits until that is booked. Cancel "
                        "what is made then",
                        order=batch.production_id.name,
                        batch=batch.name,
                    )
                )

    def _plc_check_not_produced(self):
        """Work orders that are started have the whole quantity entered by Odoo itself: that is nobody's figure."""
        states = self.workorder_ids.mapped("state")
        if states and all(state in ("done", "cancel") for state in states):
            raise NotQueueable(
                self.env._("its work orders are finished, as if it had been made by hand: close it, or start it over")
            )
        if not self.product_uom_id.is_zero(self.qty_produced):
            raise NotQueueable(self._plc_by_hand(self.qty_produced, self.env._("close it, or cancel what is left")))
        if not self._plc_whole_is_entered() and not self.product_uom_id.is_zero(self.qty_producing):
            raise NotQueueable(self._plc_by_hand(self.qty_producing, self.env._("close it, or start it over")))

    def _plc_by_hand(self, quantity, way):
        return self.env._(
            "%(quantity)s %(unit)s of it are entered as produced by hand: %(way)s",
            quantity=format_number(self.env, quantity, "g"),
            unit=self.product_uom_id.name,
            way=way,
        )

    def _plc_whole_is_entered(self):
        started = any(state in ("progress", "done") for state in self.workorder_ids.mapped("state"))
        return started and not self.product_uom_id.compare(self.qty_producing, self.product_qty)

    def _plc_check_not_consumed(self, controller):
        """What is added by hand may well be consumed before; what the PLC doses may not."""
        if self._plc_whole_is_entered():
            return
        open_moves = self.move_raw_ids._plc_open()
        for move in open_moves.filtered(lambda move: move.picked and move.quantity):
            if move._plc_equipment(controller):
                raise NotQueueable(
                    self.env._(
                        "%s is entered as consumed, and the PLC would dose it again: close the order, or start it over",
                        move.product_id.display_name,
                    )
                )

    def _plc_check_something_to_dose(self, lines):
        """An order may be raised without its components, over RPC."""
        if not any(line["planned_qty"] for line in lines if line["code"]):
            raise NotQueueable(
                self.env._("nothing is left to dose for it: its components were not raised with it. Correct their quantities")
            )

    def _plc_reason_made(self):
        """Why an order that is begun and not closed gets no other batch; "" while a batch is open."""
        if self.plc_batch_ids.filtered("active"):
            return ""
        return self.env._(
            "its batches have made it: %(made)s of %(quantity)s %(unit)s. Close it, or raise its quantity",
            made=format_number(self.env, self.qty_produced, "g"),
            quantity=format_number(self.env, self.product_qty, "g"),
            unit=self.product_uom_id.name,
        )
