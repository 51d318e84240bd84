import { tour } from "./patient";

const row = ".o_form_view [name=table_ids] .o_data_row:contains(7025)";

// "edit …" takes one line only
const enter = (text) => async ({ edit }) => edit(text);
const table = [
    "Area\tName\tOffset",
    "weighing\tSlot number\t0",
    "weighing\tOrder name\t1",
    "weighing\tProduct number\t9",
    "weighing\tWeighed\t10",
    "weighing\tEvent flag\t20",
].join("\n");

// A programmer's table: one number is changed in it, then it is pasted from a spreadsheet
tour("plc_register_table", () => [
    { trigger: ".o_notebook .nav-link[name=table]", run: "click" },
    { trigger: `${row}:contains(Planned quantity)` },
    { trigger: `${row} td[name=scale]`, run: "click" },
    { trigger: "[name=table_ids] .o_selected_row [name=scale] input", run: "edit 10" },
    { trigger: ".o_form_view [name=name] input", run: "click" },
    { trigger: ".o_form_button_save", run: "click" },
    { trigger: ".o_form_saved" },
    { trigger: "button[name=action_open_paste]", run: "click" },
    { trigger: ".modal [name=text] textarea", run: enter("Area,Role,Offset\nRecipe,Spare,1") },
    { trigger: ".modal button[name=action_read]", run: "click" },
    { content: "a row without a role", trigger: ".modal .o_data_row:contains(There is no role)" },
    { trigger: ".modal button[name=action_back]", run: "click" },
    { trigger: ".modal [name=text] textarea", run: enter(table) },
    { trigger: ".modal button[name=action_read]", run: "click" },
    { trigger: ".modal [name=effect]:contains(none is removed)" },
    { trigger: ".modal button[name=action_apply]", run: "click" },
    { trigger: ".o_notification:contains(The layout has the table now.)" },
    { trigger: "body:not(:has(.modal)) [name=table_ids] .o_data_row:contains(Event flag):contains(9020)" },
]);
