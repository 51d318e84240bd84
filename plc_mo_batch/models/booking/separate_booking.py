from odoo.exceptions import UserError

from ...plc.reconcile import DONE, FAILED
from . import posting
from .expired_lots import ExpiredLots
from .negative_stock import NegativeStock
from .order_value import OrderValue
from .shared_order import SharedOrder
from .work_time import WorkTime


class SeparateBooking:
    """What is posted apart from the quantities that close an order: the waste of a failed batch, late weighings, and what
    a batch that was booked had dosed besides.

    :param batch: locked by the caller, who rolls back if a method raises
    """

    def __init__(self, batch):
        self.batch = batch.with_company(batch.company_id)  # prices are a company's
        self.env = self.batch.env

    def book_failed(self):
        """Book the material of a failed batch as its disposition says. The batch is marked in the same transaction, so that a
        crash afterwards cannot book it twice.

        :raise UserError: if the dosed product or its lot is not known, or its unit would lose part of the quantity
        """
        for line in self.batch.line_ids.filtered(lambda line: line._wasted_qty()):
            self._check_product(line)
            self._book_wasted(line, line._in_unit(line._wasted_qty(), line.product_id.uom_id))
        WorkTime(self.batch).record()
        self.batch.disposition_booked = True
        self.batch._journal("state", self.env._("The consumption of the failed batch is booked."))

    def book_difference(self, booked):
        """Book by how much more was dosed than was booked when the order was closed, as a user entered it.

        :param booked: by line, in the line's unit
        :raise UserError: as :meth:`book_failed`
        """
        for line in self.batch.line_ids:
            more = line.actual_qty - booked.get(line, 0.0)
            if more > 0:
                self._check_product(line)
                quantity = line._in_unit(more, line.product_id.uom_id)
                self._book_wasted(line, quantity) if self.batch.state == FAILED else self.book_late(line, quantity)

    def _check_product(self, line):
        line._find_product()
        if not line.product_id:
            raise UserError(
                self.env._("Set exactly one product on the equipment with code %s: the PLC dosed from it.", line.code)
            )

    def _book_wasted(self, line, quantity):
        """:param quantity: in the unit of the line's product"""
        if self.batch.disposition_material == "consume":
            self.book_late(line, quantity)
        else:
            before = self._moves()
            posting.Component(line).scrap(quantity)
            self._remark_used(self._moves() - before)

    def book_late(self, line, quantity, lot=None):
        """Post consumption on the order, although it may be closed: the material is gone. A product carries its value.

        :param quantity: in the unit of the line's product
        :param lot: if it is known
        :raise UserError: if the lot is not known
        """
        before = self._moves()
        move = posting.Component(line.with_env(self.env), lot and lot.with_env(self.env)).consume(quantity)
        OrderValue(self.batch.production_id).add_late(move, self.batch)
        if self.batch.state == DONE:
            SharedOrder(self.batch).link_late(move)
        self._remark_used(self._moves() - before)

    def _remark_used(self, moves):
        ExpiredLots(self.batch).remark_used(self.batch, moves)
        NegativeStock(self.batch).remark_used(self.batch, moves)

    def _moves(self):
        """What is consumed or scrapped of the order."""
        order = self.batch.production_id
        return order.move_raw_ids | self.env["stock.scrap"].search([("production_id", "=", order.id)]).move_ids
