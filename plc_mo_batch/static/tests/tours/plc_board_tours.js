import { waitFor, waitUntil } from "@odoo/hoot-dom";
import { tour } from "./patient";

const fetches = () => performance.getEntriesByType("resource").filter((entry) => entry.name.includes("get_board")).length;

let seen = {};

/** The percentage has changed since the last look, and the board was not asked for meanwhile. */
function riseByItself() {
    const now = { percent: document.querySelector(".o_plc_percent")?.textContent, fetches: fetches() };
    const before = seen;
    if (now.percent !== before.percent || now.fetches !== before.fetches) {
        seen = now;
    }
    return before.percent && now.percent && now.percent !== before.percent && now.fetches === before.fetches;
}

/** The row of a slot. */
const slot = (number) => `.o_plc_queue .o_plc_slot:has(.o_plc_number:contains(/^${number}$/))`;

/** What a PLC takes its time for. */
const eventually = (content, shown) => ({ content, trigger: "body", run: () => waitFor(shown, { timeout: 240000 }) });

const answer = (trigger, content) => ({ content, trigger: `.modal ${trigger}`, run: "click" });

const reason = (label) => [
    { content: "the reason", trigger: ".modal .o_field_widget[name=reason] input", run: "click" },
    { trigger: `.o_select_menu_item:contains(${label})`, run: "click" },
];

tour("plc_board_cancel", () => [
    { content: "the board shows the queue", trigger: `${slot(1)}:contains(Queued)` },
    { content: "cancel the second batch", trigger: `${slot(2)} button[name=action_open_cancel]`, run: "click" },
    { content: "what it does is said first", trigger: ".modal .alert-info:contains(has not been offered to the PLC)" },
    ...reason("Material missing"),
    { content: "a word on it", trigger: ".modal [name=note] input", run: "edit no maize" },
    answer("button[name=action_confirm]", "cancel it"),
    { content: "the slot is free", trigger: ".o_plc_queue .o_plc_slot:contains(Slot 2 is free)" },
    { content: "and it is among the finished ones", trigger: ".o_plc_finished .o_plc_slot:contains(Cancelled)" },
    { content: "nothing is left open", trigger: "body:not(:has(.modal))" },
]);

tour("plc_board_retry", () => [
    { content: "what is wrong is said on top", trigger: ".o_plc_attention .o_plc_danger:contains(Act now)" },
    { content: "why", trigger: ".o_plc_attention .o_plc_message:contains(no lot is known)" },
    { content: "retry", trigger: ".o_plc_attention button[name=action_retry]", run: "click" },
    { content: "it is tried at once, not at the next try", trigger: ".o_plc_attention .o_plc_alert:not(:has(.fa-repeat + time))" },
    { content: "an operator cannot switch the PLC off", trigger: ".o_plc_lane:not(:has(button[name=action_switch_off]))" },
]);

tour("plc_board_switch", () => [
    { content: "switch the PLC off", trigger: ".o_plc_lane button[name=action_switch_off]", run: "click" },
    answer(".modal-footer button:contains(Back)", "think again"),
    { content: "it is still on", trigger: ".o_plc_lane:not(:has(.o_plc_connection:contains(Switched off)))" },
    { content: "switch it off after all", trigger: ".o_plc_lane button[name=action_switch_off]", run: "click" },
    answer(".modal-footer button:contains(Switch Off)", "yes"),
    { content: "it is off", trigger: ".o_plc_lane .o_plc_connection:contains(Switched off)" },
    { content: "nothing can be started", trigger: ".o_plc_lane:not(:has(button[name=action_exchange_now]))" },
    { content: "switch it on", trigger: ".o_plc_lane button[name=action_switch_on]", run: "click" },
    { content: "it is on", trigger: ".o_plc_lane:has(button[name=action_exchange_now])" },
    { content: "dark, whatever the device says", trigger: ".o_plc_scheme", run: "click" },
    { trigger: ".o_plc_board:not(.o_plc_dark)" },
    { trigger: ".o_plc_scheme", run: "click" },
    { trigger: ".o_plc_board.o_plc_dark" },
    { content: "to the wall", trigger: ".o_plc_to_wall", run: "click" },
    { content: "nothing but the board", trigger: "body.o_plc_wall_screen .o_plc_board.o_plc_wall" },
    { content: "and back", trigger: ".o_plc_to_wall", run: "click" },
    { content: "the batch itself", trigger: `${slot(1)} .o_plc_link`, run: "click" },
    { content: "its form", trigger: ".o_form_view .o_field_widget[name=state]" },
    { content: "back to the board", trigger: ".breadcrumb a:contains(Board), .o_back_button", run: "click" },
    { trigger: ".o_plc_board" },
]);

tour("plc_board_why", () => [
    { content: "one cannot be queued", trigger: ".o_plc_idle:contains(1 of them cannot be queued)" },
    { trigger: ".o_plc_idle .o_plc_link:contains(Show why)", run: "click" },
    { content: "that one, and none of another PLC's", trigger: ".o_list_view:has(.o_data_row):not(:has(.o_data_row ~ .o_data_row))" },
]);

tour("plc_board_empty", () => [
    { content: "no PLC: how to get one", trigger: ".o_plc_empty:contains(No PLC yet)" },
    { trigger: ".o_plc_empty button:contains(Set Up a PLC)", run: "click" },
    { trigger: ".o_action_manager:not(:has(.o_plc_board))" },
]);

// On a real server, whose tasks run and whose PLC is a simulated one (tests/test_board_live.py)
tour("plc_board_live", () => [
    { content: "it is live", trigger: ".o_plc_top:contains(Live):not(:contains(Not live))" },
    { content: "orders wait", trigger: ".o_plc_idle:contains(orders are waiting)" },
    { content: "fill now", trigger: ".o_plc_idle button[name=action_fill_now]", run: "click" },
    eventually("the queue comes without a reload", `${slot(10)}`),
    eventually("the PLC answers", ".o_plc_connection:contains(Connected)"),
    eventually("the first batch runs", ".o_plc_now .o_plc_batch:contains(Running)"),
    {
        content: "its quantities rise while one looks, without anything being fetched",
        trigger: ".o_plc_percent",
        run: () => waitUntil(riseByItself, { timeout: 230000 }),
    },
    { content: "the last one is cancelled with a reason", trigger: `${slot(10)} button[name=action_open_cancel]`, run: "click" },
    { trigger: ".modal .alert-info:contains(its recipe is withdrawn first)" },
    ...reason("Plan changed"),
    answer("button[name=action_confirm]", "cancel it"),
    eventually("withdrawn from the PLC", ".o_plc_queue .o_plc_slot:contains(Slot 10 is free)"),
    { content: "and among the finished ones", trigger: ".o_plc_finished .o_plc_slot:contains(Cancelled)" },
    eventually("a batch is done", ".o_plc_finished .o_plc_slot:contains(Within), .o_plc_finished .o_plc_slot:contains(Done)"),
    {
        content: "and the shift counts it",
        trigger: ".o_plc_finished .o_plc_big:contains(done)",
        run: () => (window.plcBoardSeen = true),
    },
]);

tour("plc_board_tiles", () => [
    { content: "each PLC is a tile", trigger: ".o_plc_group:has(h2:contains(YourCompany)):contains(14 PLCs, 1 running)" },
    { content: "none is shown whole", trigger: ".o_plc_board:not(:has(.o_plc_lane))" },
    { content: "the one that needs somebody says so", trigger: ".o_plc_tile:contains(Feed mill) .fa-exclamation-circle" },
    { content: "what it makes", trigger: ".o_plc_tile:contains(Feed mill) .o_plc_tile_what:contains(0 %)" },
    { content: "touch it", trigger: ".o_plc_tile:contains(Feed mill)", run: "click" },
    { content: "it is shown whole", trigger: ".o_plc_lane h2:contains(Feed mill)" },
    { content: "it alone", trigger: ".o_plc_tile[aria-expanded=true]:contains(Feed mill)" },
    { content: "another one", trigger: ".o_plc_tile:contains(Mixer 05)", run: "click" },
    { content: "is shown beside it", trigger: ".o_plc_lanes:has(.o_plc_lane h2:contains(Mixer 05)) .o_plc_lane h2:contains(Feed mill)" },
    { content: "touch it again", trigger: ".o_plc_tile:contains(Mixer 05)", run: "click" },
    { content: "it is a tile again", trigger: ".o_plc_board:not(:has(.o_plc_lane h2:contains(Mixer 05)))" },
]);
