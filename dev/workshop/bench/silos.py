"""``make bench``, third part: what lots and silos as stock locations cost; merged into ``bench.json``.

Write-back and fill of 10 orders of 15 components, all tracked by lot, from silos that are stock locations and hold two lots each,
beside the same orders without lots and locations. Interleaved in one database; medians.
"""

import tempfile
from pathlib import Path
from statistics import median

from workshop.bench.mill import Mill, configure, database
from workshop.bench.writeback import ORDERS, ROUNDS, fill, ours, publish

TARGETS = {"silos_writeback_ratio": 1.2, "silos_fill_ratio": 1.1}
OLD, NEW = 5000.0, 1e7  # kg of the two lots: the first is used up on the way


class SiloMill(Mill):
    """One that knows what lies where, and of which lot."""

    def _product(self, name):
        return {**super()._product(f"{name}, by lot"), "tracking": "lot" if name.startswith("Component") else "none"}

    def new_plc(self, port=2, **values):
        return super().new_plc(port, **values)

    def put_in_stock(self):
        with self.env() as env:
            controller = env["plc.controller"].browse(self.controller)
            controller.action_make_silo_locations()
            places = {silo.product_ids: silo.location_id for silo in controller.equipment_ids}
            for product in env["product.product"].browse(self.components):
                place = places.get(product, env.ref("stock.warehouse0").lot_stock_id)
                for name, kilograms in (("OLD", OLD), ("NEW", NEW)):
                    lot = env["stock.lot"].create({"name": name, "product_id": product.id})
                    env["stock.quant"]._update_available_quantity(product, place, kilograms, lot_id=lot)


def measure():
    """All figures by key."""
    configure()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as name:
        mills = {"plain": Mill(name), "silos": SiloMill(name)}
        with mills["plain"].env() as env:
            env["plc.controller"].browse(mill.controller for mill in mills.values()).enabled = True
        for mill in mills.values():
            mill.put_in_stock()
        written = compared(mills, ours)
        for mill in mills.values():
            mill.new_orders(ORDERS)
        filled = compared(mills, fill)
    return figures("writeback", written) | figures("fill", filled)


def compared(mills, measure_one):
    """Name of a mill -> medians of its seconds and queries, after a round that warms up."""
    found = {name: ([], []) for name in mills}
    for _round in range(ROUNDS + 1):
        for name, mill in mills.items():
            measure_one(mill, *found[name])
    return {name: (median(times[1:]), median(counts[1:])) for name, (times, counts) in found.items()}


def figures(what, found):
    (plain, plain_queries), (silos, silo_queries) = found["plain"], found["silos"]
    return {
        f"silos_{what}_s": silos,
        f"silos_{what}_plain_s": plain,
        f"silos_{what}_queries": silo_queries,
        f"silos_{what}_plain_queries": plain_queries,
        f"silos_{what}_ratio": silos / plain,
    }


if __name__ == "__main__":
    publish(measure(), TARGETS)
