"""The doors to an order: everything that people may do to it in Odoo, and how it is done. docs/doors.md has what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from odoo import fields
from odoo.fields import Command

WHOLE, PART, RAISED, LOWERED = 1000.0, 400.0, 1700.0, 500.0
VIEWS = "only looks"


@dataclass(frozen=True)
class Door:
    """
    :param open: what a person does; called with the test case
    :param asks: how much is asked for afterwards, of all orders together
    :param operations: the order has a work order
    :param by_hand: it closes the order with what the person entered
    :param back: the way back, where the order says that something stands in the way
    """

    label: str
    open: Callable
    asks: float = WHOLE
    operations: bool = False
    by_hand: bool = False
    back: Callable | None = None


DOORS: dict[str, Door] = {}


def door(label, **options):
    def register(function):
        DOORS[function.__name__] = Door(label, function, **options)
        return function

    return register


# Merged, split


@door("Merge with another order", asks=2 * WHOLE)
def merge(case):
    case.rpc(case.order | case.another_order(), "action_merge")


@door("Split")
def split(case):
    case.rpc(case.order, "action_split")
    split_wizard_of_before(case)


@door("Split: the wizard was opened before")
def split_wizard_of_before(case):
    case.split(case.as_person("mrp.production.split").create({"production_id": case.order.id}))


@door("Split several", asks=2 * WHOLE)
def split_several(case):
    action = case.rpc(case.order | case.another_order(), "action_split")
    for wizard in case.as_person("mrp.production.split.multi").browse(action["res_id"]).production_ids:
        case.split(wizard)


# Closed


@door("Produce 400, create a backorder", by_hand=True)
def backorder(case):
    wizard = case.close_with(PART)
    case.rpc(wizard, "action_backorder")


@door("Produce 400, the operation type always makes a backorder", by_hand=True)
def backorder_always(case):
    case.order.picking_type_id.create_backorder = "always"
    case.close_with(PART)


@door("Produce 400, backorder asked for over RPC", by_hand=True)
def backorder_rpc(case):
    case.type_produced(PART)
    case.rpc(case.order, "button_mark_done", skip_backorder=True, skip_consumption=True, mo_ids_to_backorder=case.order.ids)


@door("Produce 400, no backorder", asks=PART, by_hand=True)
def close_short(case):
    wizard = case.close_with(PART)
    case.rpc(wizard, "action_close_mo")


@door("Produce All", by_hand=True)
def produce_all(case):
    case.rpc(case.order, "button_mark_done", skip_consumption=True)


@door("Cancel", asks=0.0)
def cancel(case):
    case.rpc(case.order, "action_cancel")


@door("Delete", asks=0.0)
def delete(case):
    case.rpc(case.order, "unlink")


# The quantity


@door("Change the quantity: 1700", asks=RAISED)
def raise_quantity(case):
    case.change_quantity(RAISED)


@door("Change the quantity: 500", asks=LOWERED)
def lower_quantity(case):
    case.change_quantity(LOWERED)


@door("Write the quantity over RPC: 1700, components stay", asks=RAISED)
def write_quantity(case):
    case.rpc(case.order, "write", {"product_qty": RAISED})


@door("Write the unit over RPC: the same in grams")
def write_unit(case):
    case.rpc(case.order, "write", {"product_uom_id": case.env.ref("uom.product_uom_gram").id, "product_qty": WHOLE * 1000})


@door("A sale raises what it ordered by 700", asks=RAISED)
def sale_raises(case):
    case.procure(RAISED - WHOLE)


@door("A reordering rule wants 1700", asks=RAISED)
def reordering_rule(case):
    case.reorder(RAISED)


@door("The scheduler reserves and orders")
def scheduler(case):
    case.order.move_raw_ids._trigger_scheduler()
    case.env["stock.move"].search([("raw_material_production_id", "=", case.order.id)])._action_assign()


# What is entered


def start_over(case):
    """The button of the order's form."""
    case.order.action_plc_start_over()


@door("Enter 400 as produced", back=start_over)
def type_produced(case):
    case.type_produced(PART)


@door("Enter 400 as produced, and set it back to 0")
def type_and_back(case):
    case.type_produced(PART)
    case.type_produced(0.0)


@door("Enter 400 as produced over RPC", back=start_over)
def write_produced(case):
    case.rpc(case.order, "write", {"qty_producing": PART})


@door("Enter 250 of a dosed component as consumed", back=start_over)
def consume_dosed(case):
    case.rpc(case.move(case.wheat), "write", {"quantity": 250.0, "picked": True})


@door("Enter a component added by hand as consumed")
def consume_hand_add(case):
    case.rpc(case.move(case.salt), "write", {"picked": True})


@door("Clear the lots")
def clear_lots(case):
    case.rpc(case.order, "action_clear_lot_producing_ids")


@door("Generate a lot")
def generate_lot(case):
    case.rpc(case.order, "action_generate_serial")


# The recipe


@door("Add a component")
def add_component(case):
    values = {"product_id": case.vitamin.id, "product_uom_qty": 5.0, "product_uom": case.kg.id}
    case.rpc(case.order, "write", {"move_raw_ids": [Command.create(values)]})


@door("Remove a component")
def remove_component(case):
    case.rpc(case.order, "write", {"move_raw_ids": [Command.delete(case.move(case.soy).id)]})


@door("Change a component")
def change_component(case):
    case.rpc(case.move(case.wheat), "write", {"product_uom_qty": 450.0})


@door("Add a by-product")
def add_byproduct(case):
    values = {"product_id": case.vitamin.id, "product_uom_qty": 5.0, "product_uom": case.kg.id}
    case.rpc(case.order, "write", {"move_byproduct_ids": [Command.create(values)]})


@door("Update BoM")
def update_bom(case):
    case.order.bom_id.bom_line_ids[0].product_qty = 450.0
    case.rpc(case.order, "action_update_bom")


# Begun and planned


@door("Start")
def start(case):
    case.rpc(case.order, "action_start")


@door("Confirm again")
def confirm_again(case):
    case.rpc(case.order, "action_confirm")


@door("Check availability")
def assign(case):
    case.rpc(case.order, "action_assign")


@door("Unreserve")
def unreserve(case):
    case.rpc(case.order, "do_unreserve")


@door("Unlock")
def unlock(case):
    case.rpc(case.order, "action_toggle_is_locked")


@door("Reschedule")
def reschedule(case):
    case.rpc(case.order, "write", {"date_start": fields.Datetime.now() + timedelta(days=7)})


@door("Plan and unplan", operations=True)
def plan(case):
    case.rpc(case.order, "button_plan")
    case.rpc(case.order, "button_unplan")


@door("Start the work order", operations=True)
def start_work_order(case):
    case.rpc(case.order.workorder_ids, "button_start")


@door("Start the work order, and pause it", operations=True)
def pause_work_order(case):
    start_work_order(case)
    case.rpc(case.order.workorder_ids, "button_pending")


@door("Finish the work order", operations=True, back=start_over)
def finish_work_order(case):
    case.rpc(case.order.workorder_ids, "button_finish")


@door("Cancel the work order", operations=True, back=start_over)
def cancel_work_order(case):
    case.rpc(case.order.workorder_ids, "action_cancel")


@door("Delete the work order", operations=True)
def delete_work_order(case):
    case.rpc(case.order.workorder_ids, "unlink")


# Elsewhere


@door("Scrap 10 of a component")
def scrap(case):
    values = {"product_id": case.wheat.id, "scrap_qty": 10.0, "production_id": case.order.id, "product_uom_id": case.kg.id}
    case.rpc(case.as_person("stock.scrap").create(values), "action_validate")
    case.scrapped += 10.0


@door("Unbuild", asks=0.0)
def unbuild(case):
    values = {"product_id": case.feed.id, "mo_id": case.order.id, "product_qty": WHOLE, "product_uom_id": case.kg.id}
    case.rpc(case.as_person("mrp.unbuild").create(values), "action_unbuild")


def back_to_the_mill(case):
    case.order.picking_type_id = case.picking_type


@door("Another operation type, of no PLC", back=back_to_the_mill)
def other_type(case):
    case.rpc(case.order, "write", {"picking_type_id": case.other_type.id})


@door("Archive product and BoM")
def archive(case):
    case.order.bom_id.active = case.order.product_id.active = False


@door("Copy")
def copy(case):
    case.rpc(case.order, "copy")


@door("Change several in the list", asks=2 * WHOLE)
def mass_edit(case):
    case.rpc(case.order | case.another_order(), "write", {"priority": "1"})


@door("Write the state over RPC: draft")
def write_draft(case):
    case.rpc(case.order, "write", {"state": "draft"})
    case.order.action_confirm()


@door("Write the state over RPC: confirmed")
def write_confirmed(case):
    case.rpc(case.order, "write", {"state": "confirmed"})


@door("Write the state over RPC: cancelled", asks=0.0)
def write_cancelled(case):
    case.rpc(case.order, "write", {"state": "cancel"})


# What Odoo's methods do: the door that they are, or that they only look. A method that is not here makes a test fail.
METHODS = {
    "mrp.production": {
        "action_assign": "assign",
        "action_cancel": "cancel",
        "action_clear_lot_producing_ids": "clear_lots",
        "action_confirm": "confirm_again",
        "action_generate_bom": VIEWS,
        "action_generate_serial": "generate_lot",
        "action_merge": "merge",
        "action_open_label_layout": VIEWS,
        "action_open_label_type": VIEWS,
        "action_open_project": VIEWS,
        "action_plan_with_components_availability": "plan",
        "action_product_forecast_report": VIEWS,
        "action_see_move_scrap": VIEWS,
        "action_split": "split",
        "action_split_subcontracting": "split",
        "action_start": "start",
        "action_toggle_is_locked": "unlock",
        "action_update_bom": "update_bom",
        "action_view_analytic_accounts": VIEWS,
        "action_view_mo_delivery": VIEWS,
        "action_view_move_wip": VIEWS,
        "action_view_mrp_production_backorders": VIEWS,
        "action_view_mrp_production_childs": VIEWS,
        "action_view_mrp_production_sources": VIEWS,
        "action_view_mrp_production_unbuilds": VIEWS,
        "action_view_purchase_orders": VIEWS,
        "action_view_reception_report": VIEWS,
        "action_view_repair_orders": VIEWS,
        "action_view_sale_orders": VIEWS,
        "action_view_serial_numbers": VIEWS,
        "button_mark_done": "produce_all",
        "button_plan": "plan",
        "button_scrap": VIEWS,
        "button_unbuild": VIEWS,
        "button_unplan": "plan",
        "copy_data": "copy",
        "create": "copy",
        "default_get": VIEWS,
        "do_unreserve": "unreserve",
        "get_empty_list_help": VIEWS,
        "pre_button_mark_done": "produce_all",
        "set_qty_producing": "type_produced",
        "unlink": "delete",
        "write": "write_quantity",
    },
    "mrp.workorder": {
        "action_cancel": "cancel_work_order",
        "action_mark_as_done": "finish_work_order",
        "action_open_wizard": VIEWS,
        "action_replan": "plan",
        "action_see_move_scrap": VIEWS,
        "button_finish": "finish_work_order",
        "button_pending": "pause_work_order",
        "button_scrap": VIEWS,
        "button_start": "start_work_order",
        "button_unblock": "start_work_order",
        "create": "start_work_order",
        "end_all": "pause_work_order",
        "end_previous": "pause_work_order",
        "get_duration": VIEWS,
        "get_working_duration": VIEWS,
        "set_state": "finish_work_order",
        "unlink": "delete_work_order",
        "write": "finish_work_order",
    },
    "change.production.qty": {"change_prod_qty": "raise_quantity", "default_get": VIEWS},
    "mrp.consumption.warning": {
        "action_cancel": VIEWS,
        "action_confirm": "produce_all",
        "action_set_qty": "produce_all",
    },
    "mrp.production.backorder": {"action_backorder": "backorder", "action_close_mo": "close_short"},
    "mrp.production.serials": {"action_apply": "generate_lot", "action_generate_serial_numbers": VIEWS},
    "mrp.production.split": {
        "action_prepare_split": VIEWS,
        "action_return_to_list": VIEWS,
        "action_split": "split_wizard_of_before",
    },
    "mrp.production.split.multi": {},
    "mrp.unbuild": {
        "action_unbuild": "unbuild",
        "action_validate": "unbuild",
        "create": "unbuild",
    },
}
