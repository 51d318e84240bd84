"""The two worlds in which everything is tried: manufacturing alone, and a plant that sells, buys and keeps books.

What installs itself comes by itself (``mrp_account`` wherever manufacturing meets accounting); the rest is named.
"""

import inspect
from dataclasses import dataclass

from workshop.host import Failure

ACCOUNTS = (  # of locations with that usage
    ("production", "Production", "100102", "asset_current"),
    ("inventory", "Stock Differences", "600102", "expense"),
)


def keep_books(env):
    """Stock is valued perpetually at average cost, and what goes into production or is lost is posted. Without accounts for these
    Odoo computes values and posts nothing."""
    companies = env["res.company"].search([("chart_template", "!=", False)])
    if not companies:
        raise RuntimeError("Odoo has loaded no chart of accounts.")
    companies.write({"cost_method": "average", "inventory_valuation": "real_time"})
    for company in companies:
        for usage, name, code, kind in ACCOUNTS:
            values = {"name": name, "code": code, "account_type": kind, "company_ids": company.ids}
            account = env["account.account"].with_company(company).create(values)
            env["stock.location"].search([("usage", "=", usage), ("company_id", "=", company.id)]).valuation_account_id = account


@dataclass(frozen=True)
class World:
    """
    :ivar modules: of Odoo's own
    :ivar template: in the name of the database that is the template
    :ivar after: Python for Odoo's shell, once they are installed
    :ivar key: of what makes another template of it
    """

    name: str
    modules: tuple
    template: str
    title: str
    takes: str
    after: str = ""
    key: str = ""


# all of Odoo Community that builds on mrp, but for shops (website, point of sale); and what a plant has beside it
PLANTS_MODULES = (
    "mrp",
    "mrp_account",
    "mrp_landed_costs",
    "mrp_product_expiry",
    "mrp_repair",
    "mrp_subcontracting",
    "mrp_subcontracting_dropshipping",
    "project_mrp",
    "purchase_mrp",
    "sale_mrp",
    "sale_mrp_margin",
    "maintenance",
    "stock_picking_batch",
)
BARE = World("bare", ("mrp",), "mrp", "mrp", "about a minute")
PLANT = World(
    "plant",
    PLANTS_MODULES,
    "plant",
    "all that a plant has of Odoo",
    "some minutes",
    after="from workshop.worlds import keep_books; keep_books(env); env.cr.commit()\n",
    key=f"{PLANTS_MODULES}{ACCOUNTS}{inspect.getsource(keep_books)}",
)
WORLDS = {world.name: world for world in (BARE, PLANT)}


def take_world(arguments):
    """``--world NAME`` among the arguments of a command.

    :return: the world, or None where none is named; the other arguments
    :raise Failure:
    """
    if "--world" not in arguments:
        return None, arguments
    at = arguments.index("--world")
    name = "".join(arguments[at + 1 : at + 2])
    if name not in WORLDS:
        raise Failure(f"--world is one of {', '.join(WORLDS)}")
    return WORLDS[name], (*arguments[:at], *arguments[at + 2 :])
