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


class SiloBins:
    """The stock locations of all silos that are in use. Asked for once, however many components are booked."""

    def __init__(self, env):
        self._env = env
        self._ids = None

    def hold(self, place, location):
        """Whether ``place`` lies in a silo's location in which ``location`` does not lie."""
        between = _with_those_above(place) - _with_those_above(location)
        return bool(between) and not between.isdisjoint(self._all())

    def _all(self):
        if self._ids is None:
            silos = self._env["plc.equipment"].sudo().search_fetch([("location_id", "!=", False)], ["location_id"])
            self._ids = set(silos.location_id.ids)
        return self._ids


def _with_those_above(location):
    return {int(each) for each in location.parent_path.split("/")[:-1]}
