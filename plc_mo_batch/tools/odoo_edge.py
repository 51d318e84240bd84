"""Everything in the addon that the next version of Odoo may break: here, and nowhere else (tests/house/test_odoo_edge.py).

Odoo 20 gives system parameters typed getters, moves the consumption policy of a BoM, and forbids models to roll back; private
methods come and go with every version. To port the addon, start here: fix these functions, then those ``PRIVATE_METHODS`` that
the test reports as missing.
"""

from odoo.exceptions import AccessDenied
from odoo.http import request

# Odoo's private names that the addon calls or overrides, by the model that has them
PRIVATE_METHODS = {
    "base": (
        "_fields",
        "_field_to_sql",
        "_filtered_access",
        "_get_records_action",
        "_has_field_access",
        "_ids",
        "_origin",
        "_prefetch_ids",
        "_read_group",
        "_recompute_recordset",
        "_search",
        "_table",
        "_update_field_translations",
    ),
    "bus.bus": ("_sendone",),
    "ir.actions.act_window": ("_for_xml_id",),
    "ir.actions.report": ("_render_qweb_html", "_render_qweb_pdf"),
    "ir.attachment": ("_check_access",),
    "ir.default": ("_get_model_defaults",),
    "ir.model": ("_get",),
    "ir.model.data": ("_update_xmlids",),
    "ir.cron": ("_commit_progress", "_reschedule_later", "_trigger"),
    "ir.qweb": ("_render",),
    "ir.websocket": ("_build_bus_channel_list",),
    "mrp.production": (
        "_action_cancel",
        "_cal_price",
        "_check_company",
        "_check_sn_uniqueness",
        "_get_bom_values",
        "_get_move_raw_values",
        "_link_bom",
        "_pre_action_split_merge_hook",
        "_prepare_finished_extra_vals",
        "_split_productions",
        "_update_raw_moves",
    ),
    "mrp.workorder": ("_cal_cost", "_get_duration_expected", "_prepare_timeline_vals", "_should_estimate_cost"),
    "product.product": ("_update_uom",),
    "product.template": (
        "_compute_template_field_from_variant_field",
        "_get_weight_uom_id_from_ir_config_parameter",
        "_set_product_variant_field",
    ),
    "res.lang": ("_get_data",),
    "res.users": ("_assert_can_auth", "_check_credentials"),
    "stock.location": ("_child_of",),
    "stock.lot": ("_get_next_serial",),
    "stock.move": (
        "_action_confirm",
        "_action_done",
        "_prepare_move_line_vals",
        "_recompute_state",
        "_set_quantity_done",
        "_should_bypass_set_qty_producing",
        "_split",
    ),
    "stock.quant": ("_compute_inventory_diff_quantity", "_compute_is_outdated", "_get_quants_by_products_locations"),
    "uom.uom": ("_compute_quantity", "_has_common_reference"),
}
# of modules that may not be there, by their field that says so (model, field)
OPTIONAL_METHODS = {
    ("stock.move", "value"): {
        "account.move": ("_post",),
        "stock.move": (
            "_get_account_move_line_vals",
            "_get_value_from_extra",
            "_get_valued_qty",
            "_set_value",
            "_should_create_account_move",
        ),
    },
    ("mrp.production", "extra_cost"): {"mrp.production": ("_post_labour",)},
}
# of a field's description, which has no model
PRIVATE_FIELD_METHODS = ("_description_selection", "_description_string", "_modules")


def get_parameter(env, key):
    """A system parameter's value as text, for any user; ``""`` if it does not exist."""
    return env["ir.config_parameter"].sudo().get_param(key) or ""


def set_parameter(env, key, value):
    """Store a system parameter, for any user.

    :param value: False deletes it: a switch that is off does not exist
    """
    env["ir.config_parameter"].sudo().set_param(key, value)


def is_neutralized(env):
    """Rule 10: this is a copy of a plant's database, which must never talk to a PLC."""
    return bool(get_parameter(env, "database.is_neutralized"))


class WrongPassword(AccessDenied):
    """:param user: whose it should be"""

    def __init__(self, user):
        super().__init__()
        self.user = user


def check_passwords(given):
    """Whether passwords are the users', as at a login: LDAP and others count as there, and so do failures. All of them are one
    try: who knows one of two could guess the other for ever, if each right one began the count anew.

    :param given: pairs of a user and a password
    :raise WrongPassword: if one is not
    :raise AccessDenied: after too many wrong ones, with a sentence for people
    """
    first = given[0][0]
    with first.with_user(first)._assert_can_auth(user=first.id):
        for user, password in given:
            _check_password(user.with_user(user), password)


def _check_password(user, password):
    session = request.session if request else None
    token = session and session.session_token
    credential = {"type": "password", "login": user.login, "password": password}
    try:
        user._check_credentials(credential, {"interactive": True})
    except AccessDenied as error:
        raise WrongPassword(user) from error
    if session and session.uid != user.id and session.session_token != token:
        # Odoo has stored the password in a newer form, and takes the session for the user's
        session.session_token = token
        user.env.registry.clear_cache()


def consumption_of(order):
    """How an order's BoM treats deviations: flexible, warning or strict."""
    return order.consumption


def is_valued(env):
    """Whether Odoo values stock moves."""
    return "value" in env["stock.move"]._fields


def commit(env):
    """Commit what a scheduled action has done so far, in the way that Odoo's worker expects: it records the progress."""
    env["ir.cron"]._commit_progress()


def rollback(env):
    """Roll back the transaction of a scheduled action; the next piece of work begins a new one."""
    env.cr.rollback()
