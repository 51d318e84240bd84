"""What people may not do to an order while a PLC makes it, in one table.

From the moment the PLC has taken a batch, Odoo knows its order as *In Progress*. By itself it then neither merges nor splits
it, and a sale or a reordering rule makes another order instead of raising this one. ``DOORS`` has what Odoo leaves open
besides, from the first word sent until the batch is booked. Everything else people may do: docs/doors.md has what comes of it.
"""

from ...plc.sentences import _lt

# Each sentence names the order, its batch and the batch's state, and says what to do instead.
DOORS = {
    "merge": _lt(
        "Order %(order)s cannot be merged: its batch %(batch)s is %(state)s, so the PLC may make it, and would make the merged "
        "order once more. Cancel the batch first, or wait until it is booked and merge the others."
    ),
    "split": _lt(
        "Order %(order)s cannot be split: its batch %(batch)s is %(state)s, and the PLC has the recipe for all of it. Cancel the "
        "batch first, or wait until it is booked."
    ),
    "backorder": _lt(
        "Order %(order)s cannot be closed with a backorder: its batch %(batch)s is %(state)s, and the backorder would be made "
        "once more. Wait until the batch is booked: what it falls short of, the PLC's policy leaves to a backorder."
    ),
    "step_back": _lt(
        "Order %(order)s cannot go back to an earlier state: its batch %(batch)s is %(state)s. Cancel the batch first, or wait "
        "until it is booked."
    ),
    "unit": _lt(
        "The unit of order %(order)s or of a product in it cannot be changed: batch %(batch)s is %(state)s, and quantities would "
        "keep their figures in another unit. Wait until the order is closed, or cancel its batches first."
    ),
    "unit_of_order": _lt(
        "The unit of order %(order)s cannot be changed once it is confirmed: its moves would keep their figures in the old unit. "
        "Cancel it and make a new order; PLC %(plc)s will take that one."
    ),
    "delete": _lt(
        "Order %(order)s cannot be deleted: batch %(batch)s (%(state)s) belongs to it, and what a PLC was given is kept. Cancel "
        "the order instead."
    ),
}
STEPS_BACK = ("draft", "confirmed")  # Odoo itself never leads an order in progress back there
