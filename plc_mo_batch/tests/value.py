"""Value, where Odoo counts it (``mrp_account``): what went into an order came out of it, to the cent."""

CENT = 0.01


def is_counted(env):
    return "extra_cost" in env["mrp.production"]._fields


def went_in(order):
    """Components, labour, and what a person added to the price."""
    consumed = order.move_raw_ids.filtered(lambda move: move.state == "done" and move.location_dest_id.usage == "production")
    labour = sum(workorder._cal_cost() for workorder in order.workorder_ids)
    return sum(consumed.mapped("value")) + labour + order.extra_cost * order.qty_produced


def came_out(order):
    return sum(order.move_finished_ids.filtered(lambda move: move.state == "done").mapped("value"))


def unbalanced(orders):
    """Of those that are closed and valued at what they cost: a sentence on each that lost or made value."""
    for order in orders:
        if order.state != "done" or not order.qty_produced or order.product_id.cost_method == "standard":
            continue
        value, product = went_in(order), came_out(order)
        moves = order.move_finished_ids.filtered(lambda move: move.state == "done")
        if abs(value - product) > CENT * max(1, len(moves)) / 2 + 1e-6:
            yield f"{order.name}: {value:.2f} went in, {product:.2f} came out"
