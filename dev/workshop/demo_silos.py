"""The silos of the demo mill: stock locations that were filled lot by lot. Two of them hold maize, and the mill changes over from
the first to the second in the middle of a dose, as less lies in it than the books say; another one runs low. These two have a
level sensor, and that of the first shows what lies there.

Pure: it is given somebody who calls Odoo from outside.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from math import ceil

from workshop.balance import ENDS, HALF_A_STEP, dosed_of_lots

MAIZE, SISTER = 101, 113  # barley is in 112 alone then
MAIZE_FILLS = (400.0, 300.0)  # enough for two orders, by the books
MAIZE_IN_BIN = 600.0  # what really lies there: in the middle of the second one it is empty
LOW = 103  # falls below its limit while the orders are made
LOW_KG, LOW_FILLS = 1000.0, (900.0, 1700.0)
CAPACITY = 3000.0
SENSED = {MAIZE: MAIZE_IN_BIN, LOW: sum(LOW_FILLS)}  # what the sensors show to begin with
SENSOR_LIMIT = 50.0  # kg: less than what the books do not know of the maize
SIMULATOR = {  # its options
    "bin": f"{MAIZE}:{MAIZE_IN_BIN:g}",
    "sister": f"{MAIZE}:{SISTER}",
    "level": [f"{code}:{kg:g}" for code, kg in SENSED.items()],
}
LEVEL_BASE, LEVEL_ROWS = 9700, 20  # where the simulator shows them


@dataclass
class SiloRow:
    """kg of a lot in a silo: filled in, dosed by the mill's ledger, dosed by the batches, booked, and left in stock."""

    silo: str
    lot: str
    filled: float = 0.0
    dosed: float = 0.0
    batch: float = 0.0
    booked: float = 0.0
    left: float = 0.0
    problems: list = field(default_factory=list)


class Silos:
    """
    :param rpc: as the administrator
    :param plc: id of the PLC
    :param plan: the components of the orders, as ``product_id`` and ``product_uom_qty``
    """

    def __init__(self, rpc, plc, plan):
        self._call = rpc.call
        self._plc = plc
        self._need = Counter()
        for move in plan:
            self._need[move["product_id"][0]] += move["product_uom_qty"]
        self.fills = defaultdict(list)  # code -> (lot, kg), the oldest first

    def set_up(self):
        """Lots, stock locations, stock in them, the two of maize, and the sensors."""
        self._show_sensors()
        self._show_lots_and_places()
        self._put_maize_in_two()
        self._call("plc.controller", "action_make_silo_locations", [self._plc])
        self._silos = self._call(
            "plc.equipment", "search_read", [("controller_id", "=", self._plc)], FIELDS, order="sequence, code"
        )
        products = sorted({product for silo in self._silos for product in silo["product_ids"]})
        lots = self._give_lots(products)
        for silo in self._silos:
            self._fill(silo, lots[silo["product_ids"][0]])

    def _show_lots_and_places(self):
        names = ("group_user", "group_production_lot", "group_stock_multi_locations")
        domain = [("model", "=", "res.groups"), ("name", "in", names)]
        groups = {each["name"]: each["res_id"] for each in self._call("ir.model.data", "search_read", domain, ["name", "res_id"])}
        implied = [(4, groups[name]) for name in names[1:]]
        self._call("res.groups", "write", [groups[names[0]]], {"implied_ids": implied})

    def _show_sensors(self):
        """The PLC's layout gets an area for them, in the memory and the type of what its feedback shows."""
        [plc] = self._call("plc.controller", "read", [self._plc], ["layout_id"])
        feedback = [("layout_id", "=", plc["layout_id"][0]), ("kind", "=", "feedback")]
        [beside] = self._call("plc.register.area", "search_read", feedback, ["registers", "bank", "node"])
        in_kg = [("area_id", "=", beside.pop("id")), ("role", "=", "line_quantity")]
        [kg, *_others] = self._call("plc.register.field", "search_read", in_kg, ["type", "scale"])
        rows = {"repeat": LEVEL_ROWS, "step": 3}
        names = [
            (0, 0, {"name": "Silo", "role": "line_code", "offset": 0, **rows}),
            (0, 0, {"name": "Level", "role": "line_quantity", "offset": 1, "type": kg["type"], "scale": kg["scale"], **rows}),
        ]
        area = {"kind": "level", "base": LEVEL_BASE, **beside, "field_ids": names}
        self._call("plc.register.layout", "write", plc["layout_id"][:1], {"area_ids": [(0, 0, area)]})
        self._call("plc.controller", "write", [self._plc], {"sensor_limit_kg": SENSOR_LIMIT, "level_seconds": 1})
        self._call("plc.controller", "action_vouch", [self._plc])  # what was proven of the rest of the layout still holds

    def _put_maize_in_two(self):
        """What the BoM lines say of the silo does not count any more."""
        codes = [("controller_id", "=", self._plc), ("code", "in", (MAIZE, SISTER))]
        maize, sister = self._call("plc.equipment", "search_read", codes, ["product_ids"], order="code")
        self._call("plc.equipment", "write", [sister["id"]], {"product_ids": [(6, 0, maize["product_ids"])]})
        named = self._call("mrp.bom.line", "search", [("plc_equipment_id.controller_id", "=", self._plc)])
        self._call("mrp.bom.line", "write", named, {"plc_equipment_id": False})

    def _give_lots(self, products):
        """What lies in the store is of two lots of each.

        :return: names of the lots, by product
        """
        of_products = [("product_id", "in", products), ("location_id.usage", "=", "internal"), ("quantity", ">", 0)]
        stock = self._call("stock.quant", "search_read", of_products, ["product_id", "location_id", "quantity"])
        for quant in stock:
            self._call("stock.quant", "write", [quant["id"]], {"inventory_quantity_auto_apply": 0.0}, context=COUNTING)
        self._call("product.product", "write", products, {"tracking": "lot"})
        codes = self._call("product.product", "read", products, ["default_code"])
        names = {product["id"]: [f"{product['default_code']}/{number}" for number in (1, 2)] for product in codes}
        for quant in stock:
            for name in names[quant["product_id"][0]]:
                lot = self._call("stock.lot", "create", {"name": name, "product_id": quant["product_id"][0]})
                place = {"product_id": quant["product_id"][0], "location_id": quant["location_id"][0], "lot_id": lot}
                counted = {**place, "inventory_quantity_auto_apply": quant["quantity"] / 2}
                self._call("stock.quant", "create", counted, context=COUNTING)
        return names

    def _fill(self, silo, lots):
        need = self._need[silo["product_ids"][0]]
        amounts = {MAIZE: MAIZE_FILLS, LOW: LOW_FILLS}.get(silo["code"], (_hundreds(0.4 * need), _hundreds(need)))
        limits = {"capacity_kg": CAPACITY, "low_kg": LOW_KG if silo["code"] == LOW else 0.0}
        self._call("plc.equipment", "write", [silo["id"]], limits)
        for lot, kg in zip(lots, amounts, strict=True):
            self._call("plc.equipment", "api_fill", [silo["id"]], kg, lot=lot)
            self.fills[silo["code"]].append((lot, kg))

    def refill(self):
        """What the forklift does before more orders come. Not to the first silo of maize: its bin in the mill stays empty."""
        for silo in self._silos:
            if silo["code"] != MAIZE:
                product, place = silo["product_ids"][0], silo["location_id"][0]
                names = [("name", "=", self.fills[silo["code"]][-1][0]), ("product_id", "=", product)]
                [lot] = self._call("stock.lot", "search", names)
                counted = {"product_id": product, "location_id": place, "lot_id": lot, "inventory_quantity_auto_apply": CAPACITY}
                self._call("stock.quant", "create", counted, context=COUNTING)

    # Compared

    def unread(self):
        """Sentences on sensors that were not read, or cannot be believed."""
        silos = self._call("plc.equipment", "search_read", [("controller_id", "=", self._plc)], SENSOR)
        read = {silo["code"]: silo for silo in silos if silo["sensor_at"] and not silo["sensor_problem"]}
        wrong = [code for code, kg in SENSED.items() if code not in read or not 0 <= read[code]["sensor_level"] < kg]
        return [f"the sensor of silo {code} does not show what was dosed" for code in wrong]

    def rows(self, ledger, batches):
        """
        :param ledger: the simulator's records
        :param batches: their ids
        :return: a :class:`SiloRow` for each silo and lot
        """
        rows = {
            (silo["code"], lot): SiloRow(silo["name"], lot, filled=kg)
            for silo in self._silos
            for lot, kg in self.fills[silo["code"]]
        }
        for name, found in self._columns(ledger, batches).items():
            for key, kg in found.items():
                row = rows.setdefault(key, SiloRow(str(key[0]), key[1] or "no lot", problems=["was never filled in there"]))
                setattr(row, name, kg)
        for row in rows.values():
            _expect(row)
        return list(rows.values())

    def _columns(self, ledger, batches):
        codes = {silo["location_id"][0]: silo["code"] for silo in self._silos if silo["location_id"]}
        doses = [line for record in ledger if record["event"] in ENDS for line in record["lines"]]
        return {
            "dosed": dosed_of_lots(self.fills, doses),
            "batch": self._of_batches(codes, batches),
            "booked": self._booked(codes),
            "left": self._left(codes),
        }

    def _of_batches(self, codes, batches):
        lines = self._call("mo.batch.line", "search_read", [("batch_id", "in", batches)], ["layers"])
        layers = [layer for line in lines for layer in line["layers"] or ()]
        lots = self._call("stock.lot", "read", sorted({lot for _place, lot, *_rest in layers if lot}), ["name"])
        names = {lot["id"]: lot["name"] for lot in lots}
        return _summed((codes.get(place), names.get(lot, ""), kg) for place, lot, _package, _owner, kg in layers)

    def _booked(self, codes):
        domain = [("location_id", "in", list(codes)), ("location_dest_id.usage", "=", "production"), ("state", "=", "done")]
        items = self._call("stock.move.line", "search_read", domain, ["location_id", "lot_id", "quantity"])
        return _summed((codes[item["location_id"][0]], item["lot_id"] and item["lot_id"][1], item["quantity"]) for item in items)

    def _left(self, codes):
        domain = [("location_id", "in", list(codes)), ("quantity", "!=", 0)]
        quants = self._call("stock.quant", "search_read", domain, ["location_id", "lot_id", "quantity"])
        return _summed((codes[each["location_id"][0]], each["lot_id"] and each["lot_id"][1], each["quantity"]) for each in quants)


SENSOR = ["code", "sensor_at", "sensor_level", "sensor_problem"]
FIELDS = ["name", "code", "product_ids", "location_id"]
COUNTING = {"inventory_mode": True}


def _summed(rows):
    found = Counter()
    for code, lot, kg in rows:
        found[code, lot] += kg
    return found


def _hundreds(kg):
    return 100.0 * ceil(kg / 100)


def _expect(row):
    if max(row.dosed, row.batch, row.booked) - min(row.dosed, row.batch, row.booked) > HALF_A_STEP:
        row.problems.append("dosed, batch and stock differ")
    if abs(row.filled - row.booked - row.left) > HALF_A_STEP:
        row.problems.append("what is left is not what was filled in less what was booked")


# What people see

TITLES = {"silo": "Silo", "lot": "Lot"}
NUMBERS = {"filled": "Filled", "dosed": "Dosed", "batch": "Batch", "booked": "Booked", "left": "Left"}


def table(rows, red=str):
    """Lines of text: a heading and a line for each row; rows with problems end with them and go through ``red``."""
    widths = {name: max(len(title), *(len(getattr(row, name)) for row in rows)) for name, title in TITLES.items()}
    titles = [title.ljust(widths[name]) for name, title in TITLES.items()]
    yield "  ".join([*titles, *(f"{title:>9}" for title in NUMBERS.values())])
    for row in rows:
        texts = [getattr(row, name).ljust(widths[name]) for name in TITLES]
        line = "  ".join([*texts, *(f"{getattr(row, name):>9.2f}" for name in NUMBERS)])
        yield red(f"{line}  <-- {', '.join(row.problems)}") if row.problems else line
