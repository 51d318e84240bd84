import { registry } from "@web/core/registry";
import { calendarView } from "@web/views/calendar/calendar_view";

/** Odoo veils what is past. In a history all is: here it is as readable as what is to come is elsewhere. */
registry.category("views").add("mo_batch_calendar", {
    ...calendarView,
    props: (props, view) => ({
        ...calendarView.props(props, view),
        className: `${props.className || ""} o_plc_history`,
    }),
});
