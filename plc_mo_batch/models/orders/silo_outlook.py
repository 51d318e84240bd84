"""For how many batches the silos suffice: those in hand, then the orders that wait for the PLC."""

from odoo.exceptions import UserError
from odoo.tools import float_compare

from ..batch.silo_levels import SiloLevels
from .not_queueable import NotQueueable
from .plc_task_fill import ORDER

MOST_ORDERS = 50  # of a PLC that are looked at: nobody plans further by the level


class SiloOutlook:
    """The levels of silos, and what will be taken of them. It takes a handful of queries, however many silos and PLCs there are.

    :param equipment: silos and tanks; those that are no stock locations are left out
    :param is_planned: whether the orders that wait are looked at, too
    """

    def __init__(self, equipment, is_planned=True):
        self.env = equipment.env
        self.levels = SiloLevels(equipment)
        self._planned = {place: [] for place in self.levels.places}  # product -> weight, in the order in which orders are queued
        if is_planned and self.levels.silos:
            self._plan()

    def enough(self, silo):
        """(for how many of them it suffices, in turn; how many take something of it)."""
        left, suffices = self.levels.weight(silo), 0
        wanted = [*self._of_batches(silo), *self._of_orders(silo)]
        for weight in wanted:
            left -= weight
            if float_compare(left, 0.0, precision_digits=2) < 0:
                break
            suffices += 1
        return suffices, len(wanted)

    def lacking(self, silo):
        """What it lacks for the batches in hand; 0.0 if it suffices."""
        lacking = self.levels.owed(silo) - self.levels.weight(silo)
        return lacking if float_compare(lacking, 0.0, precision_digits=2) > 0 and self.levels.doses(silo) else 0.0

    def _of_batches(self, silo):
        """A weight for each batch in hand: a component may be in its recipe several times."""
        found = {}
        for batch, _product, weight in self.levels.doses(silo):
            found[batch] = found.get(batch, 0.0) + weight
        return found.values()

    # Orders that wait

    def _of_orders(self, silo):
        """A weight for each that takes something of it."""
        for doses in self._planned.get(silo.sudo().location_id, ()):
            weights = [weight for product, weight in doses.items() if self.levels.counts(silo, product)]
            if weights:
                yield sum(weights)

    def _plan(self):
        controllers = self.levels.silos.controller_id
        orders = self.env["mrp.production"].sudo()
        waiting = orders._plc_waiting_domain(controllers)
        for order in orders.search(waiting, order=ORDER, limit=MOST_ORDERS * len(controllers)):
            controller = controllers.filtered(lambda plc, kind=order.picking_type_id: kind in plc.picking_type_ids)[:1]
            for place, doses in self._doses(order, controller).items():
                self._planned[place].append(doses)

    def _doses(self, order, controller):
        found = {}
        for move in order.move_raw_ids._plc_open():
            try:
                silo = move._plc_equipment(controller)
                weight = move.product_id._plc_to_weight(move.product_uom_qty, move.product_uom, controller.uom_id)
            except (NotQueueable, UserError):  # the fill tells what is wrong with the order
                continue
            if silo.sudo().location_id in self._planned:
                doses = found.setdefault(silo.sudo().location_id, {})
                doses[move.product_id] = doses.get(move.product_id, 0.0) + weight
        return found
