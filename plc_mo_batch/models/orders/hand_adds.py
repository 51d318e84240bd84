from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .not_queueable import NotQueueable

ADDED = [("hand", "By hand"), ("plc", "By the PLC")]


class ProductTemplate(models.Model):
    _inherit = "product.template"

    plc_added = fields.Selection(
        ADDED,
        string="Added to a Batch",
        help="By hand: where no silo holds the product, people add it. By the PLC: an order is not queued while no silo holds "
        "it. Empty: nobody said, and how much of it may be added by hand is limited on the PLC.",
    )


class MrpBomLine(models.Model):
    _inherit = "mrp.bom.line"

    plc_added = fields.Selection(
        ADDED,
        string="Added to a Batch",
        help="By hand: people add the component, whatever silo holds it. By the PLC: an order is not queued while no silo holds "
        "it. Empty: as the product says.",
    )

    @api.constrains("plc_added", "plc_equipment_id")
    def _check_plc_added(self):
        for line in self:
            if line.plc_added == "hand" and line.plc_equipment_id:
                raise ValidationError(
                    self.env._(
                        "%(product)s is either dosed from %(equipment)s or added by hand.",
                        product=line.product_id.display_name,
                        equipment=line.plc_equipment_id.name,
                    )
                )


class StockMove(models.Model):
    _inherit = "stock.move"

    # Business methods: hand-adds

    def _plc_added(self):
        """How people said that the component gets into a batch, on the BoM line or else on the product; False: nobody said."""
        return self.bom_line_id.plc_added or self.product_id.plc_added

    def _plc_is_unsaid(self, controller):
        """No silo holds it, and nobody said that it is added by hand."""
        silos = controller.equipment_ids.with_context(active_test=False)
        return self._plc_added() != "hand" and self.product_id not in silos.product_ids

    def _plc_check_in_no_silo(self, controller):
        """
        :raise NotQueueable: if the component, which is in no silo, must not be added by hand
        """
        added = self._plc_added()
        if added == "plc" or added != "hand" and controller.missing_policy == "refuse":
            raise NotQueueable(self.env._("%s is not in any silo or tank", self.product_id.display_name))


class MrpProduction(models.Model):
    _inherit = "mrp.production"

    def _plc_check_unsaid(self, controller, values):
        """What happens to be in no silo is no hand-add: the silo may have been forgotten.

        :param values: of the batch that would be made
        :raise NotQueueable: if more of it than the PLC's limit allows would be added by hand
        """
        unsaid = [line for _command, _id, line in values["line_ids"] if line.get("unsaid")]
        weights = [self._plc_known_weight(line, controller) for line in unsaid]
        if controller._allows_unsaid(sum(weights), values["planned_qty"]):
            return
        products = self.env["product.product"].browse([line["product_id"] for line in unsaid])
        raise NotQueueable(
            self.env._(
                "%(products)s would be added by hand, and nobody said so: %(told)s. Enter the silo that holds it, or say on the "
                "product or the BoM line that it is added by hand",
                products=", ".join(products.mapped("display_name")),
                told=controller._told_unsaid(sum(weights), values["planned_qty"]),
            )
        )

    def _plc_known_weight(self, line, controller):
        """The weight of a component; 0 if that of its unit is not known: no PLC could have weighed it."""
        product, uom = self.env["product.product"].browse(line["product_id"]), self.env["uom.uom"].browse(line["uom_id"])
        try:
            return product._plc_to_weight(line["planned_qty"], uom, controller.uom_id)
        except UserError:
            return 0.0


class MoBatchLine(models.Model):
    _inherit = "mo.batch.line"

    unsaid = fields.Boolean(
        string="Nobody Said by Hand", readonly=True, help="It is added by hand only because no silo held it when it was queued."
    )

    def _is_unsaid(self):
        """It is added by hand, and nobody said so until now."""
        return self.unsaid and not self.code and (self.move_id._plc_added() or self.product_id.plc_added) != "hand"


class MoBatch(models.Model):
    _inherit = "mo.batch"

    def _unsaid_hand_adds(self):
        """Hand-adds that nobody said are any, if they are more than the PLC's limit allows: a plan is no reason to book them."""
        lines = self.line_ids.filtered(lambda line: line._is_unsaid())
        weight = sum(line._consumed_weight() for line in lines)
        return lines.browse() if self.controller_id._allows_unsaid(weight, self.planned_qty) else lines

    def _unsaid_asked(self):
        """A sentence on those among them that a person must enter."""
        lines = self._unsaid_hand_adds().filtered(lambda line: not line.typed and not line._is_weight_believed())
        if not lines:
            return []
        told = self.controller_id._told_unsaid(sum(line._consumed_weight() for line in lines), self.planned_qty)
        names = ", ".join(lines.product_id.mapped("display_name"))
        return [self.env._("Nobody said that these are added by hand: %(names)s (%(told)s).", names=names, told=told)]

    def _tell_unsaid(self):
        """Once the batch has finished: the responsible user hears of hand-adds that somebody may have forgotten to put into a
        silo."""
        if sentences := self._unsaid_asked():
            self._journal("anomaly", " ".join(sentences))
            self._tell_responsible(self.env._("Hand-adds that nobody announced"), " ".join(sentences))
