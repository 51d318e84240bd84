from ..orders.silo_outlook import SiloOutlook


class Gauges:
    """The levels of the silos that are stock locations, as JSON values: a handful of queries for all PLCs, one if no silo is a
    location.

    :param controllers: the PLCs on the board
    """

    def __init__(self, controllers):
        self.env = controllers.env
        located = [("controller_id", "in", controllers.ids), ("location_id", "!=", False)]
        self.silos = self.env["plc.equipment"].search(located)

    def items(self):
        """By id of the PLC."""
        outlook = SiloOutlook(self.silos)
        labels = dict(self.silos._fields["level_state"]._description_selection(self.env))
        found = {}
        for silo in self.silos:
            found.setdefault(silo.controller_id.id, []).append(self._gauge(silo, outlook, labels))
        return found

    def _gauge(self, silo, outlook, labels):
        level, state = outlook.levels.weight(silo), silo._level_state(outlook)
        suffices, wanted = outlook.enough(silo)
        products = silo.sudo().product_ids.with_context(display_default_code=False)
        return {
            "id": silo.id,
            "name": silo.name,
            "product": ", ".join(products.mapped("display_name")),
            "level": level,
            "unit": silo.controller_id.uom_id.name or "",
            "capacity": silo.capacity_kg,
            "percent": silo._percent(level),
            "lots": outlook.levels.told(silo),
            "sensor": silo.sensor_told or "",
            "sensor_off": bool(silo._sensor_differs(level) or silo.sensor_problem),
            "outlook": silo._told_outlook(suffices, wanted),
            "wanted": wanted,
            "state": state,
            "state_label": labels[state],
        }
