import { tour } from "./patient";

// These are walked in each size and language (test_every_device.py): no text of a screen is in them.

/** What a list shows as a row, with this cell to click, and a small screen as a card. */
const row = (text, cell = "") => `.o_data_row:contains(${text}) ${cell}, .o_kanban_record:contains(${text})`;

/** A button of the form's header, which a small screen hides in a menu. */
const header = (name) => [
    { isActive: ["mobile"], trigger: ".o_statusbar_buttons .dropdown-toggle, .o_statusbar_buttons .oi-ellipsis-v", run: "click" },
    { isActive: ["mobile"], trigger: `.o-dropdown--menu button[name=${name}]`, run: "click" },
    { isActive: ["desktop"], trigger: `.o_statusbar_buttons button[name=${name}]`, run: "click" },
];

/** Another view; a small screen has a menu of them. */
const view = (kind) => [
    { isActive: ["mobile"], trigger: ".o_cp_switch_buttons .dropdown-toggle, .o_cp_switch_buttons button", run: "click" },
    { isActive: ["mobile"], trigger: `.o-dropdown--menu .o_switch_view.o_${kind}, .o-dropdown--menu .dropdown-item:has(.oi-view-${kind}, .fa-${kind})`, run: "click" },
    { isActive: ["desktop"], trigger: `.o_switch_view.o_${kind}`, run: "click" },
];

/** Nothing sticks out to the side. */
const fits = () => ({
    content: "no scrolling to the side",
    trigger: "body",
    run() {
        const { scrollWidth, clientWidth } = document.documentElement;
        if (scrollWidth > clientWidth) {
            throw new Error(`the page is ${scrollWidth} px wide, the screen ${clientWidth}`);
        }
    },
});

// A batch that is closed: how its doses grew, and its frozen report
tour("plc_device_batch", () => [
    { trigger: ".o_notebook .nav-link[name=dosing]", run: "click" },
    { trigger: "[name=curves] canvas[aria-label*='600']" },
    { trigger: ".o_notebook .nav-link[name=frozen]", run: "click" },
    { trigger: "[name=frozen_ids] .o_data_row [name=content], [name=frozen_ids] .o_kanban_record [name=content]" },
    fits(),
]);

// Shift reports that were mailed
tour("plc_device_shift_mails", () => [
    { trigger: row("Chief") },
    fits(),
    { isActive: ["desktop"], trigger: ".o_data_row button[name=action_download]", run: "click" },
    { isActive: ["mobile"], trigger: row("Chief"), run: "click" },
    { trigger: "body:not(:has(.modal)) .o_action" },
]);

// A silo's doses, as a band
tour("plc_device_silo", () => [
    { trigger: row("Test wheat", "[name=equipment_id]"), run: "click" },
    { trigger: ".o_form_view [name=band] canvas[aria-label]" },
    fits(),
    { isActive: ["mobile"], trigger: ".o-form-buttonbox .dropdown-toggle, .oe_button_box .o_button_more, button[name=action_view_doses]", run: "click" },
    { isActive: ["mobile"], trigger: "button[name=action_view_doses]", run: "click" },
    { isActive: ["desktop"], trigger: "button[name=action_view_doses]", run: "click" },
    { trigger: ".o_list_view .o_data_row, .o_kanban_record" },
]);

// What was made, in the calendar
tour("plc_device_output", () => [
    { trigger: ".o_graph_view canvas" },
    ...view("calendar"),
    { trigger: ".o_calendar_view .fc-event, .o_calendar_view .fc-dayGridMonth-view .fc-daygrid-day" },
    fits(),
]);

// All that a fault is looked for in, as a file
tour("plc_device_diagnostics", () => [
    { trigger: ".o_notebook .nav-link[name=papers]", run: "click" },
    { trigger: "button[name=action_download_diagnostics]", run: "click" },
    { trigger: "body:not(:has(.modal)) .o_form_view" },
]);

// Hold one batch, then abort it; resume another
tour("plc_device_commands", () => [
    { trigger: row("ONE", "[name=product_id]"), run: "click" },
    { trigger: ".o_form_view .o_field_widget[name=state]" },
    ...header("action_hold"),
    { trigger: ".o_form_view .o_field_widget[name=command]" },
    ...header("action_abort"),
    { trigger: ".modal .btn-primary", run: "click" },
    { trigger: "body:not(:has(.modal)) .o_form_view .o_field_widget[name=command]" },
    { trigger: ".o_back_button, .breadcrumb-item a", run: "click" },
    { trigger: row("TWO", "[name=product_id]"), run: "click" },
    { trigger: ".o_form_view .o_field_widget[name=on_hold]" },
    ...header("action_resume"),
    { trigger: ".o_form_view .o_field_widget[name=command]" },
    fits(),
]);

// Two companies at once: each has its lane on the board
tour("plc_device_companies", () => [
    { trigger: ".o_plc_board:has(.o_plc_lane:contains(Test PLC)):has(.o_plc_lane:contains(Other PLC))" },
    fits(),
]);

// One of them
tour("plc_device_company", () => [
    { trigger: ".o_plc_board:has(.o_plc_lane:contains(Other PLC)):not(:has(.o_plc_lane:contains(Test PLC)))" },
]);

/** Nothing of it is cut off, and nothing in it scrolls by itself. */
const whole = (selector) => ({
    content: `${selector} is whole`,
    trigger: selector,
    run() {
        for (const found of document.querySelectorAll(selector)) {
            if (found.scrollHeight > found.clientHeight + 1 || found.scrollWidth > found.clientWidth + 1) {
                throw new Error(`cut: ${found.textContent}`);
            }
        }
    },
});

// What needs attention: the first of it, and all of it; the page alone scrolls
tour("plc_device_attention", () => [
    { trigger: ".o_plc_attention:has(.o_plc_alert:nth-child(6)):not(:has(.o_plc_alert:nth-child(7)))" },
    whole(".o_plc_attention"),
    whole(".o_plc_attention .o_plc_message"),
    { trigger: ".o_plc_attention .o_plc_all_attention", run: "click" },
    { trigger: ".o_plc_attention .o_plc_alert:nth-child(9)" },
    whole(".o_plc_attention"),
    whole(".o_plc_attention .o_plc_message"),
    fits(),
    { trigger: ".o_plc_attention .o_plc_all_attention", run: "click" },
    { trigger: ".o_plc_attention:not(:has(.o_plc_alert:nth-child(7)))" },
]);

// A PLC that lost its memory: one row, one dialog, and what it did in the shift is drawn below
tour("plc_device_undecided", () => [
    { trigger: ".o_plc_lane .o_plc_shift_picture svg" },
    { trigger: ".o_plc_attention .o_plc_alert:only-of-type button[name=action_open_undecided]", run: "click" },
    { trigger: ".modal [name=batch_ids] .o_data_row:contains(THREE), .modal [name=batch_ids] .o_kanban_record:contains(THREE)" },
    { trigger: ".modal [name=decision] input[data-value=give_up]", run: "click" },
    fits(),
    { trigger: ".modal button[name=action_confirm]", run: "click" },
    { trigger: "body:not(:has(.modal)) .o_plc_board:not(:has(button[name=action_open_undecided]))" },
]);
