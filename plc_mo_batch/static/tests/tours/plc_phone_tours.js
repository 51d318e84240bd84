import { tour } from "./patient";

const enter = (what, quantity) => [
    { trigger: `.modal [name=line_ids] .o_kanban_record:contains(${what})`, run: "click" },
    { trigger: ".modal .o_form_view [name=quantity] input:focus, .modal [name=quantity] input", run: `edit ${quantity}` },
    { trigger: ".modal:contains(Discard) .o_form_button_save", run: "click" },
    { trigger: `.modal [name=line_ids] .o_kanban_record:contains(${what}):contains(${quantity})` },
];

// Components are cards; a hand-add is entered in one of them
tour("plc_phone_review", () => [
    { trigger: "[name=line_ids] .o_kanban_record:contains(salt):contains(by hand)" },
    { trigger: ".o_statusbar_buttons button[name=action_open_review]", run: "click" },
    { content: "not entered, and no -1", trigger: ".modal [name=line_ids] .o_kanban_record:contains(salt):not(:contains(-1))" },
    ...enter("salt", "14.20"),
    { trigger: ".modal button[name=action_confirm]:visible", run: "click" },
    { trigger: "body:not(:has(.modal)) .o_form_view" },
]);

// What the PLC dosed, entered where its figures are not believed
tour("plc_phone_amounts", () => [
    { trigger: ".o_statusbar_buttons .oi-ellipsis-v", run: "click" },
    { trigger: ".o-dropdown--menu button[name=action_open_amounts]", run: "click" },
    ...enter("wheat", "598.40"),
    ...enter("soy", "353.10"),
    ...enter("molasses", "33.00"),
    { trigger: ".modal [name=reason] input", run: "edit Scale printout" },
    { trigger: ".modal button[name=action_confirm]", run: "click" },
    { trigger: "body:not(:has(.modal)) .o_form_view" },
]);
