"""One word for one thing: models, fields, values and external ids get their new names."""

from odoo.addons.plc_mo_batch.tools.renaming import Renames, Renaming

TOLERANT = ("plc.controller", "plc.equipment", "plc.allowance")  # models that have tolerances
SHOWS_LAYOUT = (
    "mo.batch.event",
    "plc.controller",
    "plc.event",
    "plc.failure",
    "plc.register.area",
    "plc.register.field",
    "plc.setup",
    "plc.snapshot",
    "plc.weighing",
)
ORDER = {"hold": "withhold", "line": "requeue"}

RENAMES = Renames(
    models={
        "mo.batch.event": "mo.batch.journal",
        "mo.batch.settle": "mo.batch.disposition",
        "plc.allowance": "plc.tolerance",
        "plc.register.map": "plc.register.layout",
    },
    dropped=("mo.batch.settle",),
    fields={
        **{(model, "map_id"): "layout_id" for model in SHOWS_LAYOUT},
        **{(model, "hold_percent"): "review_percent" for model in TOLERANT},
        **{(model, "hold_kg"): "review_kg" for model in TOLERANT},
        ("mo.batch", "event_ids"): "journal_ids",
        ("mo.batch", "event_count"): "journal_count",
        ("mo.batch", "failure_ids"): "equipment_failure_ids",
        ("mo.batch", "failure_booked"): "disposition_booked",
        ("mo.batch", "failure_booking"): "disposition_material",
        ("mo.batch", "failure_decision"): "disposition_order",
        ("mo.batch", "held"): "on_hold",
        ("mo.batch", "is_action_settle_allowed"): "is_action_disposition_allowed",
        ("mo.batch", "is_action_take_out_allowed"): "is_action_give_up_allowed",
        ("mrp.production", "plc_hold"): "plc_withheld",
        ("plc.controller", "event_ids"): "journal_ids",
        ("plc.controller", "recent_event_ids"): "recent_journal_ids",
        ("plc.controller", "failure_booking"): "disposition_material",
        ("plc.controller", "failure_policy"): "disposition_policy",
        ("res.config.settings", "default_failure_policy"): "default_disposition_policy",
    },
    values={
        ("mo.batch", "cancel_order_action"): ORDER,
        ("mo.batch", "failure_decision"): {"hold": "withhold"},
        ("mo.batch", "tolerance_state"): {"hold": "review"},
        ("mo.batch.cancel", "order_action"): ORDER,
        ("mo.batch.line", "tolerance_state"): {"hold": "review"},
        ("mo.batch.review.line", "tolerance_state"): {"hold": "review"},
        ("mo.batch.settle", "order_action"): {"hold": "withhold"},
        ("mrp.production", "plc_state"): {"held": "withheld"},
        ("plc.controller", "failure_policy"): {"hold": "withhold"},
        ("res.config.settings", "default_failure_policy"): {"hold": "withhold"},
    },
    methods={
        "action_open_settle": "action_open_disposition",
        "action_plc_back_in_line": "action_plc_requeue",
        "action_settle": "action_set_disposition",
        "action_take_out": "action_give_up",
    },
    filters={"plc_held": "plc_withheld"},
)


def migrate(cr, version):
    Renaming(cr, "plc_mo_batch", RENAMES).run()
    cr.execute(
        """
        UPDATE mo_batch SET attention_key = regexp_replace(attention_key, '^older( |$)', 'database_behind\\1')
         WHERE attention_key ~ '^older( |$)'
        """
    )
