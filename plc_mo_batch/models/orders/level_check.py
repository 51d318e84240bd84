"""Whether what lies in the silos suffices for a recipe: Task 1 asks before it queues an order."""

from odoo.tools import float_compare

from ...tools.translate import format_number
from ..batch.silo_levels import SiloLevels
from .not_queueable import NotQueueable


class LevelCheck:
    """The book levels of a PLC's silos while its queue is filled, less what the orders take that are queued already. The PLC's
    policy says what comes of an order that they do not suffice for. Nothing is looked up where it says that this is ignored.
    """

    def __init__(self, controller):
        self.env = controller.env
        self.policy = controller.level_policy
        silos = controller.equipment_ids if self.policy != "ignore" else controller.equipment_ids.browse()
        self._levels = SiloLevels(silos)
        self._silos = {silo.id: (silo, silo.location_id) for silo in silos.sudo() if silo in self._levels}
        self._free = {}  # (silo, product) -> weight that nothing takes of what was queued before
        self._queued = {}  # (place, product) -> weight, of what is queued since

    def shortages(self, lines):
        """What the silos lack for a recipe, as sentences.

        :param lines: values of the lines of a batch
        :raise NotQueueable: with them, if the policy leaves such an order out
        """
        lacking = [self._sentence(silo, *what) for silo, *what in self._wanted(lines) if self._lacks(silo, *what)]
        if lacking and self.policy == "leave":
            raise NotQueueable(" ".join(lacking))
        return lacking

    def take(self, lines):
        """The order of these lines is queued."""
        for silo, product, weight in self._wanted(lines):
            self._take(silo, product, weight)

    def put_back(self, lines):
        """The order of these lines is not queued after all."""
        for silo, product, weight in self._wanted(lines):
            self._take(silo, product, -weight)

    def _wanted(self, lines):
        """(silo, product, weight), once for each, of the silos that are stock locations. The first stands for those that share
        one."""
        wanted, first = {}, {}
        for line in lines:
            silo, place = self._silos.get(line["equipment_id"], (None, None))
            if silo:
                key = first.setdefault(place, silo), line["product_id"]
                wanted[key] = wanted.get(key, 0.0) + line["planned_qty"]
        products = self.env["product.product"]
        return [(silo, products.browse(product), weight) for (silo, product), weight in wanted.items()]

    def _take(self, silo, product, weight):
        key = silo.location_id, product
        self._queued[key] = self._queued.get(key, 0.0) + weight

    def _taken(self, silo, product):
        return self._levels.owed(silo, product) + self._queued.get((silo.location_id, product), 0.0)

    def _left(self, silo, product):
        if (silo, product) not in self._free:
            self._free[silo, product] = self._levels.weight(silo, product) - self._levels.owed(silo, product)
        return self._free[silo, product] - self._queued.get((silo.location_id, product), 0.0)

    def _lacks(self, silo, product, weight):
        return float_compare(self._left(silo, product), weight, precision_digits=2) < 0

    def _sentence(self, silo, product, weight):
        taken = self._taken(silo, product)
        said = {
            "silo": self._levels.name(silo),
            "held": format_number(self.env, self._levels.weight(silo, product), ".2f"),
            "taken": format_number(self.env, taken, ".2f"),
            "weight": format_number(self.env, weight, ".2f"),
            "unit": silo.controller_id.uom_id.name,
            "product": product.display_name,
        }
        if not taken:
            return self.env._(
                "%(silo)s holds %(held)s %(unit)s of %(product)s by the books, and the recipe takes %(weight)s %(unit)s.", **said
            )
        return self.env._(
            "%(silo)s holds %(held)s %(unit)s of %(product)s by the books, %(taken)s %(unit)s of them for what is queued before, "
            "and the recipe takes %(weight)s %(unit)s.",
            **said,
        )
