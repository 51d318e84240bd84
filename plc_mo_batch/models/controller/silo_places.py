"""Which silo's stock location something lies in."""


class SiloPlaces:
    """A stock location belongs to the nearest silo's location at or above it: what lies in a silo below the store is not in a
    silo that is said to be the store. Those of archived silos count, too. One query, however many.

    :param locations: stock locations of silos
    """

    def __init__(self, locations):
        silos = locations.env["plc.equipment"].sudo().with_context(active_test=False)
        below = silos.search([("location_id", "child_of", locations.ids)]) if locations else silos
        self._known = {location.id: location for location in locations}
        self._others = set((below.location_id - locations).ids)
        self._above = {int(above) for location in below.location_id for above in location.parent_path.split("/")[:-2]}
        self.silos = below.filtered(lambda silo: silo.location_id in locations)  # more than one may be said to be the same place

    def is_own(self, silo):
        """No other silo is said to be the same location or one in it. If one is, the location is more than a silo, as the store
        is, and what the silo holds is what lies there of its products."""
        others = self.silos.filtered("active") - silo.sudo()
        return silo.location_id.id not in self._above and silo.location_id not in others.location_id

    def of(self, location):
        """That of ``locations`` in which it lies; None: in none of them."""
        for above in reversed(location.parent_path.split("/")[:-1]):
            if int(above) in self._others:
                return None
            if int(above) in self._known:
                return self._known[int(above)]
        return None
