"""The screens that dev/screenshots takes: a line for each. Whoever adds a screen adds a line."""

from typing import NamedTuple


class Screen(NamedTuple):
    """A screen of the web client, as somebody sees it.

    :param name: of the file in docs/images; ``-dark`` and ``-tablet`` are added for the other looks
    :param path: behind ``/odoo/`` (``../`` leads out of the web client), with ids of the stage (``workshop.stage``) in braces
    :param shows: CSS selector of what must be there
    :param login: operator, manager or admin, as the stage made them
    :param clicks: CSS selectors, or texts after an ``=``, clicked one after the other before the picture is taken; a pair of
        selector and text: typed there
    :param height: of the window, but for a tablet, which has the height that it has; 0: as usual
    :param act: 2: only once the stage has played its second act; these come last
    """

    name: str
    path: str
    shows: str
    login: str = "operator"
    clicks: tuple = ()
    height: int = 0
    act: int = 1


# tags of a PLC's tool: two of roles that Odoo knows, one that it does not, one in another slot
PASTED = "Name;Type;Address\nPlanned quantity;REAL;7025\nOrder name;STRING[20];7001\nSpare;INT;7090\nArmed job;UDINT;7179"

SCREENS = [
    Screen("board", "plc-board", ".o_plc_board .o_plc_batch", height=1560),
    Screen("wall", "plc-board", ".o_plc_wall .o_plc_batch", clicks=(".o_plc_to_wall",), height=810),
    Screen("queue", "plc-batches", ".o_list_view .o_data_row"),
    Screen(
        "queue-selected",
        "plc-batches",
        ".o_selection_container",
        clicks=tuple(f".o_data_row:nth-of-type({row}) .o_list_record_selector input" for row in (4, 5)),
    ),
    Screen("queue-by-state", "plc-batches", ".o_kanban_view .o_kanban_record", clicks=(".o_switch_view.o_kanban",)),
    Screen("batch-running", "plc-batches/{running}", ".o_form_view .o_data_row"),
    Screen("batch-dosing", "plc-batches/{running}", "[name=curves] canvas", clicks=("a[name=dosing]",)),
    Screen("batch-part", "plc-batches/{part}", ".o_form_view .o_data_row"),
    Screen("batch-failed", "plc-batches/{failed}", ".o_form_view .o_data_row"),
    Screen("batch-review", "plc-batches/{review}", ".o_form_view .o_data_row"),
    Screen("batch-done", "plc-history/{done}", ".o_form_view .o_data_row"),
    Screen("batch-frozen", "plc-history/{done}", "[name=frozen_ids] .o_data_row", clicks=("a[name=frozen]",)),
    Screen("batch-cancelled", "plc-history/{cancelled}", ".o_form_view .o_data_row"),
    Screen("cancel", "plc-batches/{offered}", ".modal .o_form_view", clicks=("button[name=action_open_cancel]",)),
    Screen("disposition", "plc-batches/{failed}", ".modal .o_form_view", clicks=("button[name=action_open_disposition]",)),
    Screen("review", "plc-batches/{review}", ".modal .o_form_view", clicks=("button[name=action_open_review]",)),
    Screen("history", "plc-history", ".o_list_view .o_data_row"),
    Screen("history-calendar", "plc-history", ".o_calendar_view .fc-event", clicks=(".o_switch_view.o_calendar",)),
    Screen("history-pivot", "plc-history", ".o_pivot td", clicks=(".o_switch_view.o_pivot",)),
    Screen("history-graph", "plc-history", ".o_graph_canvas_container canvas", clicks=(".o_switch_view.o_graph",)),
    Screen("report", "../report/html/plc_mo_batch.report_mo_batch/{done}", ".page h2"),
    Screen("report-cancelled", "../report/html/plc_mo_batch.report_mo_batch/{cancelled}", ".page h2"),
    Screen("deviations", "plc-deviations", ".o_pivot td"),
    Screen("doses", "plc-doses", ".o_pivot td"),
    Screen("silo-dosing", "plc-silo-dosing", ".o_list_view .o_data_row"),
    Screen(
        "silo-band",
        "plc-silo-dosing",
        "[name=band] canvas",
        clicks=(":is(.o_data_row:first-of-type td[name=equipment_id], .o_kanban_record)",),
    ),
    Screen("silo-dosing-print", "../report/html/plc_mo_batch.report_plc_dosing_silo/{dosing}", ".page svg"),
    Screen("output", "plc-output", ".o_graph_canvas_container canvas"),
    Screen("output-pivot", "plc-output", ".o_pivot td", clicks=(".o_switch_view.o_pivot",)),
    Screen("output-calendar", "plc-output", ".o_calendar_view .fc-event", clicks=(".o_switch_view.o_calendar",)),
    Screen("shift", "plc-shift", ".o_form_view [name=until]"),
    Screen("shift-report", "../report/html/plc_mo_batch.report_plc_shift/{shift}", ".o_plc_shift svg", height=1560),
    Screen("shift-mails", "plc-shift-mails", ".o_list_view .o_data_row"),
    Screen("recall", "plc-recall", ".o_form_view [name=subject]"),
    Screen("recall-batch", "plc-history/{done}", ".o_form_view [name=forward_ids]", clicks=("button[name=action_plc_recall]",)),
    Screen("journal", "plc-journal", ".o_list_view .o_data_row"),
    Screen("failures", "plc-failures", ".o_list_view .o_data_row"),
    Screen("failure", "plc-failures/{failure}", ".o_form_view [name=text]"),
    Screen("resolve", "plc-failures/{failure}", ".modal .o_form_view", clicks=("button[name=action_open_resolve]",)),
    Screen("weighings", "plc-weighings", ".o_list_view .o_data_row"),
    Screen("weighing", "plc-weighings/{weighing}", ".modal .o_form_view", clicks=("button[name=action_open_assign]",)),
    Screen("plcs", "plc-controllers", ".o_list_view .o_data_row", "manager"),
    Screen("plcs-kanban", "plc-controllers", ".o_kanban_record .badge", "manager", clicks=(".o_switch_view.o_kanban",)),
    Screen("plc", "plc-controllers/{mill}", ".o_form_view .o_data_row", "manager", height=1600),
    Screen(
        "plc-alarms",
        "plc-controllers/{silent}",
        ".o_form_view [name=silent_minutes]",
        "manager",
        clicks=("a[name=health]",),
        height=1400,
    ),
    Screen(
        "plc-reports",
        "plc-controllers/{mill}",
        ".o_form_view [name=shift_mail]",
        "manager",
        clicks=("a[name=papers]",),
        height=1400,
    ),
    Screen("commissioning", "plc.commissioning/{commissioning}", ".o_form_view .o_data_row", "manager"),
    Screen("alarms", "plc-alarms", ".o_list_view .o_data_row"),
    Screen("alarm", "plc-alarms/{alarm}", ".o_form_view"),
    Screen(
        "in-the-plc-now", "plc-controllers/{mill}", "button[name=action_refresh]", clicks=("button[name=action_view_snapshot]",)
    ),
    Screen("silos", "plc-equipment", ".o_list_view .o_data_row", "manager"),
    Screen("silo", "plc-equipment/{silo}", ".o_form_view button[name=action_open_fill]", "manager"),
    Screen(
        "silo-fill",
        "plc-equipment/{silo}",
        ".o_form_view .alert-warning",
        clicks=("button[name=action_open_fill]", ("[name=weight] input", "99000"), "button[name=action_confirm]"),
    ),
    Screen("silo-fill-empty", "plc-silo-fill", ".o_form_view button[name=action_confirm]"),
    Screen("hand-adds", "plc-hand-adds", ".o_form_view [name=line_ids] .o_data_row"),
    Screen("silo-change", "plc-equipment/{silo}", ".modal .o_form_view", clicks=("button[name=action_open_change]",)),
    Screen("layouts", "plc-layouts", ".o_list_view .o_data_row", "manager"),
    Screen("layout", "plc-layouts/{layout}", ".o_form_view", "manager"),
    Screen("layout-table", "plc-layouts/{layout}", "[name=table_ids] .o_data_row", "manager", clicks=("a[name=table]",)),
    Screen(
        "layout-paste",
        "plc-layouts/{layout}",
        ".modal .o_data_row",
        "manager",
        clicks=(
            "a[name=table]",
            "button[name=action_open_paste]",
            (".modal [name=text] textarea", PASTED),
            ".modal button[name=action_read]",
        ),
    ),
    Screen("layout-print", "../report/html/plc_mo_batch.report_plc_register_table/{layout}", ".page h2", "manager"),
    Screen(
        "layout-generate",
        "plc-controllers/{mill}",
        ".modal .o_form_view",
        "manager",
        clicks=("button[name=action_generate_layout]",),
    ),
    Screen("order", "mrp.production/{order}", ".o_form_view .o_data_row"),
    Screen("order-plc", "mrp.production/{order}", ".o_form_view [name=plc_batch_ids] .o_data_row", clicks=("a[name=plc]",)),
    Screen("order-parts", "mrp.production/{shared}", ".o_form_view [name=plc_batch_ids] .o_data_row", clicks=("a[name=plc]",)),
    Screen("orders", "action-mrp.mrp_production_action", ".o_list_view .o_data_row"),
    Screen("order-refused", "mrp.production/{refused}", ".o_form_view .o_data_row"),
    Screen(
        "orders-refused",
        "plc-board",
        ".o_list_view .o_data_row",
        clicks=(".o_plc_all_attention", "button[name=action_view_refused_orders]"),
    ),
    Screen("setup", "plc-setup", ".o_form_view [name=action_test]", "manager"),
    Screen(
        "setup-silos",
        "plc-setup",
        ".o_form_view [name=line_ids] .o_data_row",
        "manager",
        clicks=(
            "button[name=action_use_simulator]",
            ("[name=port] input", "{port}"),
            "button[name=action_test]",
            "button[name=action_suggest]",
        ),
    ),
    Screen("settings", "action-mrp.action_mrp_configuration", ".o_form_view [name=plc_enabled]", "admin", height=2780),
    Screen(
        "weighed-twice",
        "plc-board",
        ".o_plc_board [name=action_count_again]",
        height=1560,
        clicks=(".o_plc_all_attention",),
        act=2,
    ),
    Screen("weight", "plc-batches/{weight}", ".modal .o_form_view", clicks=("=Enter Weight",), act=2),
    Screen("batch-fell", "plc-batches/{fell}", "button[name=action_add_fallen]", act=2),
    Screen("amounts", "plc-batches/{fell}", ".modal .o_form_view", clicks=("=Enter Amounts",), act=2),
    Screen(
        "sign",
        "plc-batches/{failed}",
        ".modal [name=second_password]",
        clicks=("button[name=action_open_disposition]", ".modal button[name=action_confirm]"),
        act=2,
    ),
    Screen(
        "plc-signatures",
        "plc-controllers/{mill}",
        "[name=signature_rule_ids] .o_data_row",
        "manager",
        clicks=("=Electronic Signatures",),
        act=2,
    ),  # fmt: skip
    Screen("booked", "plc-batches/{booked}", ".modal .o_form_view", "manager", clicks=("=Mark as Booked by Hand",), act=2),
]
