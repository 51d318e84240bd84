"""Silos as stock locations with lots, two of them with one product: how they are made, and what must be left in them, lot by lot,
by the mill's own ledger.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from workshop.balance import dosed_of_lots
from workshop.torture.books import ENDS, STEP, Verdict, rows

WHEAT, SISTER, SOYBEAN, MOLASSES = 103, 107, 104, 114
OF_LOTS = {WHEAT: "product_wheat_pollard", SISTER: "product_wheat_pollard", SOYBEAN: "product_soybean_meal"}
KG_OF_A_BATCH = {WHEAT: 600.0, SISTER: 600.0, SOYBEAN: 352.25}
LOT_KG = 1733.4  # no multiple of any dose: a dose may be of two lots
SILOS_HELP = "silos are stock locations with lots, two have one product and run empty (default: unless --bare)"
STORE_KG = 1_000_000.0  # of each product, of the lot that lies in the store besides
IN_BIN = 1500.0  # kg that really lie in silo 103, until it is filled again: so the mill changes over in the middle of a dose
BINS = {"bins": [(WHEAT, IN_BIN)], "sisters": [(WHEAT, SISTER)], "refill": 400.0}  # options of the simulator


@dataclass
class Place:
    """A silo: id of its location, names of the lots that were filled in, the oldest first, with kg; and by name their ids."""

    location: int
    fills: list
    lots: dict


def set_up_silos(env, controllers, batches):
    """
    :param batches: about how many each PLC makes
    :return: by PLC, by code, what a :class:`Place` is made of; and by product id (location, lot) of what lies in the store
    """
    wheat = env.ref(f"plc_mo_batch.{OF_LOTS[WHEAT]}")
    store = controllers.picking_type_ids[:1].warehouse_id.lot_stock_id
    in_store = {}
    for name in sorted(set(OF_LOTS.values())):
        product = env.ref(f"plc_mo_batch.{name}")
        _begin_anew(product)
        lot = _new_lot(product, f"{product.default_code} store")
        env["stock.quant"]._update_available_quantity(product, store, STORE_KG, lot_id=lot)
        in_store[product.id] = [store.id, lot.id]
    places = []
    for controller in controllers:
        silos = {item.code: item for item in controller.equipment_ids}
        silos[SISTER].product_ids = wheat
        controller.ambiguous_policy = "order"
        controller.action_make_silo_locations()
        places.append({code: _fill(silos[code], _lots(silos[code], batches)) for code in OF_LOTS})
    return places, in_store


def _begin_anew(product):
    """What lies there without a lot is counted away."""
    quants = product.env["stock.quant"].search([("product_id", "=", product.id), ("location_id.usage", "=", "internal")])
    quants.with_context(inventory_mode=True).inventory_quantity_auto_apply = 0.0
    product.tracking = "lot"


def _new_lot(product, name):
    return product.env["stock.lot"].create({"name": name, "product_id": product.id})


def _lots(silo, batches):
    """(lot, kg), half as much again as is needed."""
    product = silo.product_ids
    count = int(1.5 * batches * KG_OF_A_BATCH[silo.code] / LOT_KG) + 2
    return [(_new_lot(product, f"{silo.controller_id.id}-{silo.code}-{number:03}"), LOT_KG) for number in range(count)]


def _fill(silo, lots):
    """All of it in one transfer; the lines of a transfer came in one after the other."""
    from odoo.addons.plc_mo_batch.models.batch.silo_layers import Layer
    from odoo.addons.plc_mo_batch.models.booking.posting import transfer
    from odoo.addons.plc_mo_batch.models.booking.silo_fill import Store

    store = Store(silo)
    for lot, kg in lots:
        silo.env["stock.quant"]._update_available_quantity(lot.product_id, store.location, kg, lot_id=lot)
    layers = [Layer(store.location.id, lot.id, 0, 0, kg) for lot, kg in lots]
    transfer(store.warehouse.int_type_id, store.location, silo.location_id, silo.product_ids, layers, "torture")
    return [silo.location_id.id, [[lot.name, kg] for lot, kg in lots], {lot.name: lot.id for lot, _kg in lots}]


# Compared


def compare_silos(cursor, places, records):
    """What is left of each lot in each silo is what the mill's ledger left of it.

    :param places: :class:`Place` by code
    :param records: all of the ledger since they were filled
    """
    verdict = Verdict()
    expected, found = left_of_lots(places, records), stock_of_lots(cursor, places)
    for code, lot in sorted({*expected, *found}):
        kg, by_ledger = found[code, lot], expected[code, lot]
        if abs(kg - by_ledger) > STEP * max(1, len(records)):
            kind = verdict.lost if kg > by_ledger else verdict.doubled
            kind.append(f"silo {code} holds {kg:.2f} kg of lot {lot} by the books, {by_ledger:.2f} kg by the mill's ledger")
    return verdict


def left_of_lots(places, records):
    """kg by code and lot."""
    fills = {code: place.fills for code, place in places.items()}
    ended = [record for record in records if record["event"] in (*ENDS, "booked")]
    dosed = dosed_of_lots(fills, [line for record in ended for line in record["lines"] if line["code"] in fills])
    left = Counter({(code, lot): kg for code, filled in fills.items() for lot, kg in filled})
    left.subtract(dosed)
    return left


def stock_of_lots(cursor, places):
    """kg by code and lot, by the books."""
    codes = {place.location: code for code, place in places.items()}
    stock = rows(
        cursor,
        """
        SELECT quant.location_id, lot.name, sum(quant.quantity)::float8 AS kg
          FROM stock_quant quant LEFT JOIN stock_lot lot ON lot.id = quant.lot_id
         WHERE quant.location_id = ANY(%s) GROUP BY 1, 2
        """,
        list(codes),
    )
    return Counter({(codes[row["location_id"]], row["name"] or "(none)"): row["kg"] for row in stock})


def booked_from_silos(cursor, places, orders):
    """What left the silos on these orders, as a record of a ledger: one, or none."""
    codes = {place.location: code for code, place in places.items()}
    found = rows(
        cursor,
        """
        SELECT item.location_id, sum(item.quantity)::float8 AS kg
          FROM stock_move_line item JOIN stock_move move ON move.id = item.move_id
         WHERE item.state = 'done' AND item.location_id = ANY(%s) AND move.raw_material_production_id = ANY(%s) GROUP BY 1
        """,
        list(codes),
        orders,
    )
    return (
        [{"event": "booked", "lines": [{"code": codes[row["location_id"]], "kg": row["kg"]} for row in found]}] if found else []
    )


# What people look up, and enter


class Shelf:
    """From where somebody takes what she books by hand: of a silo, what lies there by the books, the oldest first.

    :param call: the external API
    :param controller: id of the PLC
    :param places: :class:`Place` by code
    """

    def __init__(self, call, controller, places):
        self.call = call
        self.controller = controller
        self.places = places

    def booked(self, order):
        """kg by code that left the silos on an order."""
        codes = {place.location: code for code, place in self.places.items()}
        domain = [("move_id.raw_material_production_id", "=", order), ("state", "=", "done"), ("location_id", "in", list(codes))]
        kg = Counter()
        for item in self.call("stock.move.line", "search_read", domain, ["location_id", "quantity"]):
            kg[codes[item["location_id"][0]]] += item["quantity"]
        return kg

    def layers(self, code, kg):
        """[{location_id, lot_id, quantity}], as the screen of the silo shows its content."""
        domain = [("controller_id", "=", self.controller), ("code", "=", code)]
        [silo] = self.call("plc.equipment", "search_read", domain, ["level_lots"])
        place, held, found = self.places[code], _read_content(silo["level_lots"] or ""), []
        for lot, _kg in place.fills:
            part = round(min(kg, max(0.0, held.get(lot, 0.0))), 2)
            if part > 0:
                found.append([lot, part])
            kg = round(kg - part, 2)
        if kg > 0:
            found.append([place.fills[-1][0], kg])
        return [{"location_id": place.location, "lot_id": place.lots[lot], "quantity": part} for lot, part in found]


def _read_content(text):
    """kg by lot."""
    held = {}
    for part in text.split(", "):
        lot, _space, kg = part.rpartition(" ")
        with suppress(ValueError):
            held[lot] = float(kg.replace(",", ""))
    return held


def details(layers, product, unit):
    """Commands that have a move take just these."""
    return [(5, 0, 0), *((0, 0, {**layer, "product_id": product, "product_uom_id": unit, "picked": True}) for layer in layers)]
