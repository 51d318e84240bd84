"""Which silos dose the components of a batch, and how much each."""

from odoo.exceptions import UserError
from odoo.tools import float_round

from ...plc.doses import LEAST, MOST, STEP, Scale, Silo, choose, round_all
from ...tools.translate import format_number
from ..batch.silo_levels import SiloLevels
from .not_queueable import NotQueueable


class Recipe:
    """The lines of the batch that makes a share of an order, as they are frozen.

    :param share: a :class:`~.mrp_production_share.Share`
    """

    def __init__(self, order, controller, layout, share):
        self.order = order
        self.env = order.env
        self.controller = controller
        self.layout = layout
        self.share = share
        self.frozen = share.batch.line_ids.filtered("code")  # a batch that is frozen again keeps its silos
        # what is handed over keeps them in use or not
        self.kept = self.frozen.equipment_id if share.batch.state not in (False, "queued") else self.frozen.equipment_id.browse()

    def lines(self):
        """
        :return: values of the lines, in the order of the components
        :raise NotQueueable: naming the obstacle
        """
        moves = self.order.move_raw_ids._plc_open()
        silos = {move: move._plc_silos(self.controller, self.kept) for move in moves}
        lines = [
            {"sequence": sequence, **move._prepare_plc_line(self.controller, silos[move][:1], self.share)}
            for sequence, move in enumerate(moves, start=1)
        ]
        self._choose_silos(lines, {move.id: found for move, found in silos.items() if len(found) > 1})
        self._check_scales(lines)
        return lines

    # Several silos of one product

    def _choose_silos(self, lines, silos):
        """Have lines with several silos name that, or those two, which have enough."""
        groups = {}
        for line in lines:
            if line["move_id"] in silos:
                groups.setdefault(line["product_id"], []).append(line)
        for same in groups.values():
            self._choose_for(same, silos[same[0]["move_id"]], lines)

    def _choose_for(self, same, silos, lines):
        """:param same: the lines of one product: it is one dosing, whatever the order has it for"""
        dose, codes = sum(line["planned_qty"] for line in same), self.layout.codes
        silos = silos.filtered(lambda silo: None in codes or silo.code in codes) or silos
        levels = self._levels(self.env["product.product"].browse(same[0]["product_id"]), silos)
        silos = list(levels)
        choice = [Silo(silo._scale(), levels[silo], silo.location_id.id) for silo in silos]
        parts = choose(dose, choice, self._has_a_line_left(lines))
        for line in same:
            self._dose_from(line, silos[parts[0][0]])
        if len(parts) > 1:
            self._share_with(same, silos[parts[1][0]], parts, lines)

    def _levels(self, product, silos):
        """Silo -> what can be taken out of it, in the order of their use. What is frozen again is taken from where it was."""
        frozen = self.frozen.filtered(lambda line: line.product_id == product and line.equipment_id in silos)
        if not frozen:
            levels = SiloLevels(silos)
            return {silo: levels.free(silo, product) for silo in silos}
        kept = list(frozen.equipment_id)
        taken = {
            silo: sum(frozen.filtered(lambda line, silo=silo: line.equipment_id == silo).mapped("planned_qty")) for silo in kept
        }
        return {**taken, kept[-1]: None}

    def _has_a_line_left(self, lines):
        return len({line["code"] for line in lines if line["code"]}) < len(self.layout.codes)

    def _share_with(self, same, silo, parts, lines):
        """Divide what the first silo doses among its lines, and give the other one a line of its own."""
        whole = sum(line["planned_qty"] for line in same)
        for line in same:
            line["planned_qty"] *= parts[0][1] / whole
        last = same[-1]
        sister = {**last, "move_id": False, "planned_qty": parts[1][1], "move_qty": 0.0, "is_sister": True}
        self._dose_from(sister, silo)
        lines.insert(lines.index(last) + 1, sister)

    def _dose_from(self, line, silo):
        line.update(equipment_id=silo.id, code=silo.code)

    # What can be weighed

    def _check_scales(self, lines):
        """
        :raise NotQueueable: for a dose that its silo cannot weigh, if the PLC's policies do not help
        """
        dosings = self._dosings(lines)
        between = []
        for silo, dosed in dosings.items():
            dosed[:] = [line for line in dosed if line["code"]]
            fault = silo._scale().fault(self._dose(dosed))
            policy = self.controller.step_policy if fault == STEP else self.controller.dose_policy
            if fault and policy == "hand":
                self._add_by_hand(dosed, lines)
            elif fault and policy == "refuse":
                raise NotQueueable(self._told(silo, dosed, fault))
            elif fault:
                between.append(silo)
        if between:
            self._round(dosings, between, lines)

    def _dosings(self, lines):
        """Silo -> the lines that it doses at once, if its scale has limits."""
        dosings = {}
        for line in lines:
            silo = self.env["plc.equipment"].browse(line["equipment_id"] or ())
            if silo._scale() != Scale():
                dosings.setdefault(silo, []).append(line)
        return dosings

    def _dose(self, lines):
        """To the decimal that is stored."""
        digits = self.env["decimal.precision"].precision_get("Product Unit")
        return float_round(sum(line["planned_qty"] for line in lines), precision_digits=digits)

    def _add_by_hand(self, dosed, lines):
        """With them, what another silo would dose of the same component."""
        product, by_hand = dosed[0]["product_id"], self.env["plc.equipment"]
        sisters = [line for line in lines if line.get("is_sister") and line["product_id"] == product]
        for line in [line for line in lines if line["product_id"] == product and line["code"]] if sisters else dosed:
            move = self.env["stock.move"].browse(line["move_id"] or ())
            line.update(move._prepare_plc_line(self.controller, by_hand, self.share) if move else {"code": 0}, unsaid=False)
        for sister in sisters:
            lines.remove(sister)

    def _told(self, silo, lines, fault):
        told = {
            "product": self.env["product.product"].browse(lines[0]["product_id"]).display_name,
            "equipment": silo.name,
            "dose": format_number(self.env, self._dose(lines), "g"),
            "limit": format_number(self.env, {LEAST: silo.least_dose, MOST: silo.most_dose, STEP: silo.dose_step}[fault], "g"),
            "unit": self.controller.uom_id.name,
        }
        if fault == LEAST:
            return self.env._("%(equipment)s cannot dose %(dose)s %(unit)s of %(product)s: its least dose is %(limit)s", **told)
        if fault == MOST:
            return self.env._("%(equipment)s cannot dose %(dose)s %(unit)s of %(product)s: its most dose is %(limit)s", **told)
        return self.env._("%(equipment)s cannot dose %(dose)s %(unit)s of %(product)s: its scale has steps of %(limit)s", **told)

    # The filler

    def _round(self, dosings, between, lines):
        """Round what is between two steps. The filler takes the rest, whichever way it is added."""
        filler = [line for line in lines if line["product_id"] == self.controller.filler_id.id]
        rounded = [silo for silo in between if dosings[silo][0] not in filler]
        if rounded and not filler:
            silo = rounded[0]
            raise NotQueueable(
                self.env._(
                    "%(what)s. It would be rounded, but no component of the order is the filler of %(plc)s, which takes the rest",
                    what=self._told(silo, dosings[silo], STEP),
                    plc=self.controller.name,
                )
            )
        doses = [(self._dose(dosings[silo]), silo._scale()) for silo in rounded]
        *amounts, rest = round_all([*doses, (0.0, Scale())], len(doses))
        for silo, (dose, _scale), amount in zip(rounded, doses, amounts, strict=True):
            self._add_to(dosings[silo], amount - dose)
        if rest:
            self._fill(filler, rest, dosings)

    def _add_to(self, lines, more):
        """To the largest of them: so none falls below 0."""
        line = max(lines, key=lambda line: line["planned_qty"])
        line["planned_qty"] = self._dose([line]) + more

    def _fill(self, filler, rest, dosings):
        """:param rest: in the PLC's unit; it may be less than 0"""
        line = max(filler, key=lambda line: line["planned_qty"])
        if line["code"]:
            self._add_to([line], rest)
        else:
            line["planned_qty"] += self._in_unit_of(line, rest)
        if line["planned_qty"] < 0:
            raise NotQueueable(self.env._("too little of the filler is in it to take what rounding lacks"))
        for silo, dosed in dosings.items():
            fault = line in dosed and silo._scale().fault(self._dose(dosed))
            if fault in (LEAST, MOST):
                raise NotQueueable(self._told(silo, dosed, fault))

    def _in_unit_of(self, line, weight):
        product, uom = self.env["product.product"].browse(line["product_id"]), self.env["uom.uom"].browse(line["uom_id"])
        try:
            return product._plc_from_weight(weight, self.controller.uom_id, uom)
        except UserError as error:
            raise NotQueueable(str(error)) from None
