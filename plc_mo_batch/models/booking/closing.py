"""Odoo's questions and refusals when an order is closed: nobody is there to answer, so each is answered here or told by name."""

from odoo.exceptions import UserError

# Known questions -> why nobody needs to be asked. Other apps ask others (`unanswered`).
ANSWERS = {
    "skip_consumption": True,  # less or more than the BoM: the PLC's policy has decided (_gate_before_booking)
    "skip_backorder": True,  # less than planned: the PLC's policy decides (_is_short)
    "skip_redirection": True,  # where to go afterwards
    "skip_expired": True,  # a lot has expired: the material is gone (ExpiredLots remarks it)
}


def unanswered(order, action):
    """The error for a question of another app. Closing the order by hand would answer it, and book the plan: never that.

    :param action: what ``button_mark_done`` returned instead of closing the order
    """
    env, action = order.env, action if isinstance(action, dict) else {}
    model = action.get("res_model")
    about = [env[model]._description, model] if model in env else [model, action.get("tag"), action.get("type")]
    about = [each for each in about if each] or ["?"]
    return UserError(
        env._(
            "Odoo asks “%(question)s” (%(about)s) before it closes order %(order)s. Open the order and settle what it asks "
            "about, or switch the question off in the settings of the app that asks it; the batch is then booked by itself. "
            "Do not close the order: it does not have the quantities of the batch yet.",
            question=action.get("name") or about[0],
            about=", ".join(about),
            order=order.display_name,
        )
    )


def refused(orders, error):
    """The error with the way out, for what Odoo refuses when it closes ``orders``."""
    for order in orders:
        for check, way_out in _checks(order):
            if _refuses(check):
                return UserError(_with_way_out(order, error, way_out))
    if len(orders) > 1:
        return error  # they are tried one by one next
    return UserError(_with_way_out(orders, error, orders.env._("Correct on the order what it names.")))


def _checks(order):
    """What Odoo checks before it closes an order, with the way out."""
    company = order.env._("Have all that it names belong to the company of the order, or take others.")
    serials = order.env._("On the order, take the serial numbers that are used up off the component, and reserve others.")
    return (order._check_company, company), (order._check_sn_uniqueness, serials)


def _refuses(check):
    try:
        check()
    except UserError:
        return True
    return False


def _with_way_out(order, error, way_out):
    sentence = str(error).strip()
    return order.env._(
        "Odoo does not close order %(order)s: %(sentence)s %(way_out)s The batch is then booked by itself.",
        order=order.display_name,
        sentence=sentence if sentence.endswith((".", "!", "?")) else f"{sentence}.",
        way_out=way_out,
    )
