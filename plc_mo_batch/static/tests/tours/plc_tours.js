import { edit, waitFor } from "@odoo/hoot-dom";
import { tour } from "./patient";

const select = (text) => ({
    content: `select the batch ${text}`,
    trigger: `.o_data_row:contains(${text}) .o_list_record_selector input`,
    run: "click",
});

// On the PLC's form: fill now
tour("plc_fill", () => [
    { trigger: ".o_form_view button[name=action_fill_now]", run: "click" },
    { trigger: ".o_notification:contains(queue is being filled)" },
]);

// From the queue into the running batch and its journal
tour("plc_watch", () => [
    { trigger: ".o_switch_view.o_kanban", run: "click" },
    { trigger: ".o_kanban_group:contains(Running) .o_kanban_record .o_field_widget[name=progress]:contains(50)" },
    { trigger: ".o_kanban_group:contains(Running) .o_kanban_record", run: "click" },
    { trigger: ".o_statusbar_status .o_arrow_button_current:contains(Running)" },
    { content: "nothing to cancel any more", trigger: ".o_form_view:not(:has(button[name=action_open_cancel]))" },
    { content: "no deviation before it ended", trigger: "[name=line_ids] .o_data_row:first:not(:contains(-))" },
    { trigger: "button[name=action_view_journal]", run: "click" },
    { trigger: ".o_list_view .o_data_row:contains(The PLC took job)" },
]);

// Several at once, with a reason; the button is there exactly when it may be used
tour("plc_cancel", () => [
    select("Running"),
    { trigger: ".o_selection_container:not(:has(button[name=action_open_cancel]))" },
    { content: "unselect it", ...select("Running") },
    { trigger: ".o_list_view:not(:has(.o_selection_container))" },
    { trigger: ".o_data_row:contains(Queued):first .o_list_record_selector input", run: "click" },
    { trigger: ".o_data_row:contains(Queued):last .o_list_record_selector input", run: "click" },
    { trigger: ".o_selection_container button[name=action_open_cancel]", run: "click" },
    { trigger: ".modal:contains(cancelled at once) button[name=action_confirm]", run: "click" },
    { content: "not without a reason", trigger: ".modal .o_field_invalid[name=reason]" },
    { trigger: ".modal [name=reason] input", run: "click" },
    { trigger: ".o_select_menu_item:contains(Material missing)", run: "click" },
    { trigger: ".modal [name=note] input", run: "edit Silo 102 is empty." },
    { trigger: ".modal button[name=action_confirm]", run: "click" },
    { trigger: "body:not(:has(.modal)) .o_list_view:not(:has(.o_selection_container)) .o_data_row:contains(Running)" },
]);

// A write-back that failed
tour("plc_retry", () => [
    { trigger: ".o_form_view .alert:contains(write-back failed)" },
    { trigger: "button[name=action_retry]", run: "click" },
    { trigger: "a[name=journal]", run: "click" },
    { trigger: "[name=journal_ids] .o_data_row:contains(Write-back requested)" },
]);

// A newcomer: from the empty board to a finished batch, in at most ten clicks, and two for each silo that he fills in by hand
const MOST_CLICKS = 10;
let clicks = 0;

/** @param {Object[]} silos steps that say what the silos hold; ``byHand``: how many of them are filled in one by one */
const newcomer = (silos, byHand = 0) => [
    {
        trigger: ".o_plc_empty button",
        async run({ click }) {
            document.addEventListener("click", () => clicks++, true);
            await click();
        },
    },
    { trigger: ".o_form_view button[name=action_use_simulator]", run: "click" },
    { trigger: "[name=host] input:value(127.0.0.1)" },
    {
        content: "this simulator listens at another port",
        trigger: "[name=port] input",
        async run({ edit }) {
            await edit(odoo.plcSimulatorPort);
        },
    },
    { trigger: "button[name=action_test]", run: "click" },
    { trigger: ".alert-success:contains(fit the layout)" },
    { content: "what is missing is told", trigger: "[name=missing]:contains(Enter what at least one silo holds)" },
    { content: "until then, it cannot be pressed", trigger: ".o_statusbar_buttons:has(button:disabled:contains(Connect))" },
    ...silos,
    { trigger: "[name=is_checked] input", run: "click" },
    { trigger: "button[name=action_connect]", run: "click" },
    {
        content: "what is in no silo is asked",
        trigger: ".o_form_view:has([name=component_ids] .o_data_row) button[name=action_connect]",
        run: "click",
    },
    { trigger: "button[name=action_fill]", run: "click" },
    { trigger: "body", run: () => waitFor(".o_plc_running, .o_plc_finished .o_plc_slot", { timeout: 240000 }) },
    ...Array(4).fill({
        content: "a busy machine takes longer than the minute that a step may take",
        trigger: "body",
        run: () => waitFor(".o_plc_board .o_plc_finished .o_plc_slot", { timeout: 50000 }).catch(() => {}),
    }),
    {
        content: "a batch is done",
        trigger: "body",
        async run() {
            await waitFor(".o_plc_board .o_plc_finished .o_plc_slot", { timeout: 240000 });
            const most = MOST_CLICKS + 2 * byHand;
            if (!clicks || clicks > most) {
                throw new Error(`${clicks} clicks from the empty board to a finished batch, at most ${most}`);
            }
            console.log(`newcomer: ${clicks} clicks`);
        },
    },
];

tour("plc_newcomer", () =>
    newcomer([
        { trigger: "button[name=action_suggest]", run: "click" },
        { trigger: "[name=line_ids] .o_data_row:first .o_tag" },
    ])
);

// The same where he knows what each silo holds: a click into its row, a word, a click on the product
const holds = ([place, product]) => {
    const row = `[name=line_ids] .o_data_row:eq(${place})`;
    return [
        { trigger: `${row} [name=product_ids]`, run: "click" },
        {
            content: "he types at once: it has the focus",
            trigger: `${row} [name=product_ids] input`,
            run() {
                if (document.activeElement !== this.anchor) {
                    throw new Error(`the focus is on ${document.activeElement.outerHTML.slice(0, 200)}`);
                }
                return edit(product);
            },
        },
        { trigger: `.o-autocomplete--dropdown-item:contains(${product})`, run: "click" },
        { trigger: `${row} .o_tag:contains(${product})` },
    ];
};
tour("plc_newcomer_by_hand", () => newcomer(odoo.plcSilos.flatMap(holds), odoo.plcSilos.length));

// The forklift's tablet: a scanned lot, a weight that the store does not have
tour("plc_silo_fill", () => [
    { trigger: ".o_form_view button[name=action_open_fill]", run: "click" },
    { trigger: ".o_form_view [name=silo_id] input:value(Silo 103)" },
    { content: "what a scanner types", trigger: ".o_form_view [name=scan] input", run: "edit A && press Enter" },
    { trigger: ".o_form_view [name=lot_id] input:value(A)" },
    { trigger: ".o_form_view [name=store_told]:contains(A 1000.00 kg · WH/Stock)" },
    { trigger: ".o_form_view [name=weight] input", run: "edit 1500" },
    { trigger: ".o_form_view button[name=action_confirm]:contains(Fill In)", run: "click" },
    { trigger: ".o_form_view .alert:contains(Was a receipt not entered?)" },
    { trigger: ".o_form_view button[name=action_confirm]:contains(All the Same)", run: "click" },
    { trigger: ".o_notification:contains(1500.00 kg filled in)" },
    { content: "the silo again", trigger: ".o_form_view [name=level]:contains(1,500.00)" },
]);

tour("plc_silo_change", () => [
    { trigger: ".o_form_view button[name=action_open_change]", run: "click" },
    { trigger: ".modal [name=act] .o_radio_item:contains(another product) input", run: "click" },
    { trigger: ".modal .alert:contains(No batch in the queue is dosed from it.)" },
    { trigger: ".modal [name=act] .o_radio_item:contains(It was cleaned) input", run: "click" },
    { trigger: ".modal button[name=action_confirm]", run: "click" },
    { trigger: "body:not(:has(.modal)) .o_form_view" },
]);

// On the tablet at the mixer: one hand-add after the other, with a scanner that types
tour("plc_hand_adds", () => [
    { isActive: ["desktop"], trigger: ".o_form_view button[name=action_open_scale]", run: "click" },
    { trigger: ".o_form_view [name=line_id] input:value(Test salt)" },
    { trigger: ".o_form_view [name=told]:contains(14.45 kg to go)" },
    { content: "the wrong bag", trigger: ".o_form_view [name=scan] input", run: "edit W1 && press Enter" },
    { trigger: ".o_form_view .alert-danger:contains(Test salt is due)" },
    { content: "the right one", trigger: ".o_form_view [name=scan] input", run: "edit B && press Enter" },
    { trigger: ".o_form_view [name=lot_id] input:value(B)" },
    { trigger: ".o_form_view:not(:has(.alert-danger:visible))" },
    { trigger: ".o_form_view [name=weight] input", run: "edit 14.45" },
    { trigger: ".o_form_view button[name=action_confirm]:contains(Add)", run: "click" },
    { trigger: ".o_notification:contains(Added: 14.45 kg of Test salt, lot B)" },
    { content: "the next one", trigger: ".o_form_view [name=line_id] input:value(Test oil)" },
    { trigger: ".o_form_view [name=bag_ids]:contains(14.45 kg of Test salt)" },
    { isActive: ["mobile"], trigger: ".o_form_view .o_statusbar_buttons .dropdown-toggle", run: "click" },
    { trigger: "button[name=action_all_added]:contains(That Is All)", run: "click" },
    { trigger: ".o_form_view .alert-warning:contains(Is that all?)" },
    { trigger: ".o_form_view button[name=action_all_added]:contains(Yes)", run: "click" },
    { trigger: ".o_notification:contains(Test oil: that was all)" },
    { trigger: ".o_form_view .alert-success:contains(All hand-adds of this batch are entered)" },
]);

// A decision that is signed, by two: nothing with a wrong password, done with the right ones
const sign = (own, second) => [
    { trigger: ".modal [name=password] input", run: `edit ${own}` },
    { trigger: ".modal [name=second_password] input", run: `edit ${second}` },
    { trigger: ".modal button[name=action_sign]", run: "click" },
];

tour("plc_sign", () => [
    { trigger: ".o_form_view button[name=action_give_up]", run: "click" },
    { trigger: ".modal:contains(certainly stopped working) .btn-primary", run: "click" },
    { trigger: ".modal:has([name=batch_ids]) [name=action]:contains(Give Up This Batch)" },
    { trigger: ".modal [name=second_id] input", run: "edit Day" },
    { trigger: ".o-autocomplete--dropdown-item:contains(Day)", run: "click" },
    ...sign("night shift", "wrong"),
    { trigger: ".modal .alert:contains(The password of Day is not right)" },
    { content: "nothing of them is left", trigger: ".modal [name=password] input:value()" },
    { trigger: ".o_statusbar_status .o_arrow_button_current:contains(Running)" },
    ...sign("night shift", "day shift"),
    { trigger: "body:not(:has(.modal)) .o_statusbar_status .o_arrow_button_current:contains(Failed)" },
    { trigger: ".nav-link:contains(Electronic Signatures)", run: "click" },
    { trigger: "[name=signature_ids] .o_data_row:contains(Decided):contains(Night)" },
    { trigger: "[name=signature_ids] .o_data_row:contains(second person):contains(Day)" },
]);

// The list of decisions, on the PLC's page
tour("plc_signature_rules", () => [
    { trigger: ".o_form_view .nav-link:contains(Electronic Signatures)", run: "click" },
    { trigger: "[name=signature_rule_ids] .o_field_x2many_list_row_add a", run: "click" },
    { trigger: "[name=signature_rule_ids] .o_selected_row [name=action] input", run: "click" },
    { trigger: ".o_select_menu_item:contains(Set Disposition)", run: "click" },
    { trigger: "[name=signature_rule_ids] .o_selected_row [name=second_person] input", run: "click" },
    { trigger: ".o_form_button_save", run: "click" },
    { trigger: ".o_form_saved [name=signature_rule_ids] .o_data_row:contains(Set Disposition)" },
]);
