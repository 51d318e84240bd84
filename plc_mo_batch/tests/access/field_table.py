"""Who may read and change each field: those of the addon's models, and those that it adds to Odoo's.

A new field needs its place here. Plain data; test_security_fields.py and test_security_companies.py try each cell.
"""

from ..generated import Block
from .test_security_methods import MANAGERS, NOBODY, OPERATORS, PLANNERS, SETTINGS
from .test_security_models import MODELS

SET = "set"  # as the model: whoever may read it reads, whoever may write to it writes
SHOWN = "shown"  # read as the model, changed by nobody
FOR_OPERATORS = "for operators"  # read by them, changed by nobody
FOR_MANAGERS = "for managers"  # read and written by them
ADMINISTERED = "administered"  # read as the model, changed by whoever may change settings
SYSTEM = "system"  # for whoever may change settings
NEVER = "never"  # the addon alone

ENGINEERS = {"engineer"}  # they manage bills of materials and products, not PLCs
EVERYBODY = {"internal", *PLANNERS, *ENGINEERS}
# Odoo's models: who may read, and who may write to records of their own company
ODOO = {
    "mrp.bom.line": (PLANNERS, ENGINEERS),
    "mrp.production": (PLANNERS, PLANNERS),
    "mrp.workcenter.productivity": (PLANNERS, PLANNERS),
    "mrp.workorder": (PLANNERS, PLANNERS),
    "product.product": (EVERYBODY, SETTINGS),
    "product.template": (EVERYBODY, SETTINGS),
    "res.config.settings": (SETTINGS, SETTINGS),
    "stock.location": (EVERYBODY, SETTINGS),
    "stock.move": (PLANNERS, PLANNERS),
}

FIELDS = {
    "mo.batch": {
        SHOWN: (
            "acknowledged active alarm_ids armed attempts attention attention_key cancel_note cancel_order_action "
            "cancel_reason cancel_user_id command command_at company_id consumed controller_id curves date_closed date_finished "
            "date_offered date_started date_state deviation_percent deviation_qty disposition_booked disposition_material "
            "disposition_order dosed_qty equipment_failure_ids failure_count finished_weight formula_name frozen_ids "
            "given_up_by_id "
            "hand_adds_needed holds is_action_add_by_hand_allowed is_action_add_fallen_allowed is_action_cancel_allowed "
            "is_action_command_allowed "
            "is_action_decide_allowed is_action_disposition_allowed is_action_enter_amounts_allowed "
            "is_action_enter_hand_adds_allowed is_action_give_up_allowed is_action_go_on_allowed is_action_rebook_allowed "
            "is_action_release_allowed is_action_release_review_allowed is_action_requeue_allowed is_action_reset_allowed "
            "is_action_retry_allowed is_action_send_again_allowed is_action_set_weight_allowed is_action_take_note_allowed "
            "job_number journal_count last_error line_ids name next_try noted on_hold order_changed order_name order_qty "
            "order_version parked part part_count planned_qty produced_qty product_id product_name production_id progress "
            "release remark resent review_needed reviewed shown_amounts shown_before signature_ids slot state taken_before "
            "tolerance_state trouble unread_counts "
            "uom_id waits_since watch_needed weighing_ids weighings_until weight_needed weight_state weight_typed "
            "withdrawn_at"
        ),
        FOR_OPERATORS: "journal_ids",
    },
    "mo.batch.amounts": {
        SET: "batch_id line_ids outcome reason weight",
        SHOWN: "attention controller_id is_over uom_id words_html",
    },
    "mo.batch.amounts.line": {
        SET: "amounts_id code equipment_id fell planned product_names quantity reported",
        SHOWN: "controller_id",
    },
    "mo.batch.booked": {
        SET: "batch_id comment",
    },
    "mo.batch.cancel": {
        SET: "batch_ids note order_action reason",
        SHOWN: "effect",
    },
    "mo.batch.disposition": {
        SET: "batch_ids booking order_action",
        SHOWN: "is_amounts_allowed line_ids",
    },
    "mo.batch.journal": {
        SHOWN: "area batch_id company_id controller_id kind layout_id message slot user_id words words_html wrong_word",
    },
    "mo.batch.line": {
        SHOWN: (
            "actual_qty all_added batch_id carried_qty code company_id consumed_qty controller_id currency_id curve date "
            "deviation_percent "
            "deviation_qty deviation_value dosed_from entry_needed equipment_id fallen_qty is_added_enough is_sister "
            "late layers lot_id lots "
            "made_product_id move_id move_qty planned_qty product_id reported sequence tolerance_state typed typed_qty "
            "unit_cost unsaid uom_id wasted_qty weighed weighed_qty weighing_ids"
        ),
    },
    "mo.batch.review": {
        SET: "batch_id comment line_ids",
        SHOWN: "attention hand_adds_needed review_needed",
    },
    "mo.batch.review.line": {
        SET: "batch_line_id quantity review_id",
        SHOWN: "code deviation_percent deviation_qty dosed_from planned_qty product_id tolerance_state uom_id weighed_qty",
    },
    "mo.batch.sign": {
        SET: "password second_id second_password",
        SHOWN: "action batch_ids problem second_needed user_id",
        NEVER: "request then",
    },
    "mo.batch.frozen": {
        SHOWN: "batch_id company_id content file_name is_whole number sha256",
        NEVER: "seen shown",
    },
    "mo.batch.signature": {
        SHOWN: "action batch_id company_id meaning signature user_id",
    },
    "mo.batch.undecided": {
        SET: "batch_ids decision",
        SHOWN: "effect",
    },
    "mo.batch.weight": {
        SET: "batch_id weight",
        SHOWN: "planned_qty reason uom_id",
    },
    "mrp.bom.line": {
        SET: "plc_added plc_equipment_id",
    },
    "mrp.production": {
        SET: "plc_first plc_withheld",
        SHOWN: "plc_batch_ids plc_batch_count plc_controller_id plc_making plc_part_count plc_plan_count plc_reason plc_state "
        "plc_stopped",
    },
    "mrp.workcenter.productivity": {
        SHOWN: "plc_batch_id",
    },
    "mrp.workorder": {
        SHOWN: "plc_carried_cost",
    },
    "plc.alarm": {
        SHOWN: (
            "acknowledged_by_id batch_id company_id controller_id date_acknowledged date_closed date_escalated date_opened "
            "duration key kind message priority state"
        ),
        NEVER: "mails",
    },
    "plc.api.answer": {
        SHOWN: "answer date digest key user_id",
    },
    "plc.commissioning": {
        SHOWN: "company_id controller_id is_complete layout_name place signature signed_by_id signed_on state step_ids",
    },
    "plc.commissioning.step": {
        SHOWN: "asked before commissioning_id date kind name seen sequence state user_id words",
    },
    "plc.controller": {
        SET: (
            "active alarm_mail alarm_partner_ids ambiguous_policy any_unit backorder_percent backorder_policy batch_limit "
            "baudrate clock_seconds company_id connect_each connect_pause consumption_policy device_id disposition_material "
            "disposition_policy dose_policy enabled equipment_ids escalate_minutes escalate_partner_ids filler_id "
            "freeze_since shift_mail shift_mail_partner_ids "
            "hand_add_check_policy hand_add_policy host lang layout_id level_policy level_seconds login_user lot_policy "
            "maintenance_requests max_age max_batch_qty max_read max_write missing_policy name network no_transaction node "
            "node_unit order_minutes own_network own_node parity park_failing person_minutes picking_type_ids poll_interval "
            "port post_minutes quiet_time rack rack_slot request_pause require_available responsible_id review_kg "
            "review_percent run_minutes security send_minutes sensor_limit_kg sequence serial_device settle_time "
            "signature_rule_ids silent_minutes step_policy stopbits take_minutes timeout tls_ca tls_server_name tls_verify "
            "tolerance_kg tolerance_percent transport tz unsaid_kg unsaid_percent uom_id weighing_grace weight_grace "
            "weight_policy weight_review_kg weight_review_percent weight_tolerance_kg weight_tolerance_percent"
        ),
        SHOWN: (
            "alarm_count alarm_ids batch_ids clock_drift clock_problem clock_read_at clock_status commissioned event_problem "
            "failure_count fill_count has_clock has_events has_levels has_maintenance health health_reason "
            "is_action_exchange_allowed is_action_fill_allowed is_action_switch_allowed is_action_write_back_allowed "
            "last_contact last_error last_job levels_problem online place protocol queue_count shift_picture shown_job "
            "slot_problem twin_warning unconfirmed_write_at watched_since weighing_count write_problem write_problem_at"
        ),
        FOR_OPERATORS: "commissioning_ids journal_ids recent_journal_ids",
        FOR_MANAGERS: "login_password tls_certificate tls_key",
    },
    "plc.counter": {
        SHOWN: "controller_id name value",
    },
    "plc.dosing": {
        SHOWN: (
            "actual_qty batch_id company_id controller_id currency_id date deviation_percent deviation_qty deviation_value "
            "equipment_id made_product_id outside_percent planned_qty product_id spread_percent spread_qty uom_id"
        ),
    },
    "plc.dosing.silo": {
        SHOWN: (
            "band company_id controller_id correction_qty currency_id deviation_value dose_count equipment_id judged_count "
            "mean_percent mean_qty outside_percent planned_qty product_id spread_percent spread_qty suggestion uom_id"
        ),
    },
    "plc.equipment": {
        SET: (
            "active capacity_kg code controller_id dose_step in_use kind least_dose location_id lot_id low_kg most_dose name "
            "product_ids product_number review_kg review_percent sensor_limit_kg sequence tolerance_kg tolerance_percent"
        ),
        SHOWN: (
            "cleaned_at company_id counted_at emptied_at last_fill_id level level_lots level_outlook "
            "level_percent level_state sensor_at sensor_level sensor_problem sensor_told"
        ),
    },
    "plc.failure": {
        SHOWN: (
            "ack_at acknowledged batch_id company_id controller_id date date_invalid equipment_code equipment_id event_key "
            "event_slot flagged layout_id maintenance_request minutes_open problem production_id repeated resolution "
            "resolved_at resolved_by_id state text words words_html"
        ),
    },
    "plc.failure.resolve": {
        SET: "failure_ids notes",
    },
    "plc.layout.constants": {
        SET: "dialect layout_id",
        SHOWN: "constants file file_name",
    },
    "plc.layout.generate": {
        SET: "assign controller_id events line_count lines name slots",
        SHOWN: "can_assign equipment_count words",
    },
    "plc.layout.paste": {
        SET: "is_read layout_id line_ids text",
        SHOWN: "effect",
    },
    "plc.layout.paste.line": {
        SET: "area_id line maximum minimum name offset paste_id repeat role scale step trouble type unit value words",
        SHOWN: "layout_id problem",
    },
    "plc.node.browse": {
        SET: "area_ids begin controller_id message variable_ids wanted",
        SHOWN: "layout_id",
    },
    "plc.node.variable": {
        SET: "access browse_id elements kind node path problem",
    },
    "plc.recall": {
        SET: "batch_id date_since date_until equipment_id lot_id picking_id subject",
        SHOWN: "backward_ids forward_ids line_ids summary traced_at",
    },
    "plc.recall.line": {
        SHOWN: (
            "batch_id date direction equipment_id kind level location_dest_id location_id lot_id move_line_id partner_id "
            "picking_id product_id production_id quantity recall_id reference uom_id"
        ),
    },
    "plc.register.area": {
        SET: "bank base field_ids kind layout_id node registers slots stride",
    },
    "plc.register.field": {
        SET: "area_id maximum minimum name offset repeat role scale step type unit value words",
        SHOWN: "first_address last_address layout_id words_taken",
    },
    "plc.register.layout": {
        SET: (
            "active address_offset area_ids controller_ids copies_on_take drift handshake name notation slots swap_bytes "
            "table_ids text_order weight_contains word_order"
        ),
        SHOWN: "has_clock has_commands has_events has_levels problems protocol table_file table_file_name",
        ADMINISTERED: "company_id",
    },
    "plc.output": {
        SHOWN: (
            "batch_id company_id controller_id date date_started duration_minutes failed_percent hold_minutes idle_kind "
            "idle_minutes made_t outcome planned_t product_id rate right_percent spread_minutes"
        ),
    },
    "plc.shift.mail": {
        SHOWN: "company_id controller_id recipients since until",
    },
    "plc.shift": {
        SET: "controller_ids since until",
    },
    "plc.setup": {
        SET: (
            "company_id component_ids controller_id device_id host is_answering is_checked lang layout_id line_ids manners "
            "message name node own_node picking_type_ids port rack rack_slot step transport"
        ),
        SHOWN: "is_commissioned is_multilingual is_simulator_refused missing order_count protocol",
    },
    "plc.setup.component": {
        SET: "added percent product_id setup_id",
    },
    "plc.setup.line": {
        SET: "code kind name product_ids setup_id",
    },
    "plc.signature.rule": {
        SET: "action controller_id second_person",
        SHOWN: "company_id",
    },
    "plc.silo.change": {
        SET: "act content note product_ids silo_id",
        SHOWN: "effect level_told",
    },
    "plc.hand.add": {
        SET: "bag_id batch_id entered_id line_id lot_id asked_all question scan scan_problem seen weight _barcode_scanned",
        SHOWN: "bag_ids company_id controller_id has_bags line_ids needs_lot product_id production_id slot state told uom_id",
    },
    "plc.silo.fill": {
        SET: "lot_id picking_id product_id question scan scan_problem silo_id weight",
        SHOWN: "company_id level_told needs_lot product_ids store_told uom_id",
    },
    "plc.snapshot": {
        SHOWN: "controller_id layout_id line_ids message taken_at",
    },
    "plc.snapshot.line": {
        SHOWN: ("address area jobs order_name problem product_name quantity slot snapshot_id state weight words words_html"),
    },
    "plc.weighing": {
        SHOWN: (
            "ack_at acknowledged batch_id check_needed checked_by_id company_id controller_id counted_qty date event_key "
            "event_slot flagged label_code layout_id line_id lot_id lot_name needs_person order_name problem product_code "
            "product_id product_number production_id quantity reason repeated slot state uom_id user_id weighed_by_id words "
            "words_html"
        ),
    },
    "plc.weighing.decide": {
        SET: "batch_id line_id reason weighing_ids what",
        SHOWN: "controller_id is_late",
    },
    "product.product": {
        SET: "plc_added plc_number",
    },
    "product.template": {
        SET: "plc_added plc_number",
    },
    "res.config.settings": {
        SYSTEM: (
            "default_ambiguous_policy default_backorder_policy default_consumption_policy default_disposition_policy "
            "default_dose_policy default_hand_add_check_policy default_hand_add_policy default_level_policy "
            "default_lot_policy default_missing_policy default_step_policy default_weight_policy plc_allowed_networks "
            "plc_batch_limit plc_enabled plc_fill_on_confirm plc_journal_days plc_metrics_key plc_parallel_runs plc_refill "
            "plc_shift_hours plc_task_1_enabled plc_task_1_minutes plc_task_2_enabled plc_task_2_minutes plc_task_3_enabled "
            "plc_task_3_minutes plc_task_4_enabled plc_task_4_minutes plc_write_back_tries"
        ),
    },
    "stock.location": {
        SHOWN: "plc_counted_at",
    },
    "stock.move": {
        SHOWN: "plc_batch_id plc_carried plc_carried_value",
    },
}


def rights(model, kind):
    """Who may read, and who may write."""
    reads, writes = ODOO.get(model) or MODELS[model][:2]
    return {
        SET: (reads, writes),
        SHOWN: (reads, NOBODY),
        ADMINISTERED: (reads, SETTINGS),
        FOR_OPERATORS: (OPERATORS, NOBODY),
        FOR_MANAGERS: (MANAGERS, MANAGERS),
        SYSTEM: (SETTINGS, SETTINGS),
        NEVER: (NOBODY, NOBODY),
    }[kind]


def with_engineers(roles):
    """Who manages bills of materials may do what a planner may."""
    return {*roles, *ENGINEERS} if "planner" in roles else {*roles}


def every_field():
    """(model, field, who may read it, who may write it)"""
    for model, kinds in FIELDS.items():
        for kind, names in kinds.items():
            reads, writes = map(with_engineers, rights(model, kind))
            for name in names.split():
                yield model, name, reads, writes


# The page in docs/

BLOCK = Block("security.md", "test_security_fields.py")
WHO = {
    frozenset(NOBODY): "nobody",
    frozenset(SETTINGS): "administrators",
    frozenset(MANAGERS): "managers",
    frozenset(OPERATORS): "operators",
    frozenset(PLANNERS): "manufacturing users",
    frozenset(ENGINEERS): "manufacturing managers",
    frozenset(EVERYBODY): "employees",
}
OTHERS = {
    FOR_OPERATORS: "operators",
    FOR_MANAGERS: "managers",
    SYSTEM: "administrators",
    NEVER: "nobody",
    ADMINISTERED: "written by administrators",
}


def page():
    """How many fields of each kind each model has, and who may read and write its records."""
    lines = ["| model | shown | set | others | read by | written by |", "|---|---|---|---|---|---|"]
    total = {SHOWN: 0, SET: 0, "others": 0}
    for model, kinds in FIELDS.items():
        counts = {kind: len(names.split()) for kind, names in kinds.items()}
        others = ", ".join(f"{OTHERS[kind]}: {count}" for kind, count in counts.items() if kind in OTHERS)
        shown, written = counts.get(SHOWN, 0), counts.get(SET, 0)
        reads, writes = (WHO[frozenset(roles)] for roles in rights(model, SET))
        lines.append(f"| `{model}` | {shown or ''} | {written or ''} | {others} | {reads} | {writes} |")
        total[SHOWN] += shown
        total[SET] += written
        total["others"] += sum(counts.values()) - shown - written
    return "\n".join([*lines, f"| **{sum(total.values())} fields** | {total[SHOWN]} | {total[SET]} | {total['others']} | | |"])
