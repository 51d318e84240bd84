import { _t } from "@web/core/l10n/translation";
import { deserializeDateTime } from "@web/core/l10n/dates";
import { formatFloat } from "@web/views/fields/formatters";
import { useService } from "@web/core/utils/hooks";
import { Component, useState } from "@odoo/owl";

import { progress } from "./board_store";
import { BoardButtons, ShiftPicture, TimeAgo } from "./parts";

const DRAWN_SECONDS = 300; // the batch that runs grows in the picture of the shift, too
const EPSILON = 0.005; // half of what is shown

const CONNECTIONS = {
    online: { kind: "ok", icon: "fa-check-circle", word: _t("Connected") },
    offline: { kind: "danger", icon: "fa-times-circle", word: _t("No connection") },
    stale: { kind: "danger", icon: "fa-clock-o", word: _t("No recent exchange: check that Odoo's tasks are running") },
    off: { kind: "muted", icon: "fa-power-off", word: _t("Switched off") },
    new: { kind: "warning", icon: "fa-question-circle", word: _t("Never contacted") },
};

const STATES = {
    queued: { kind: "muted", icon: "fa-hourglass-start" },
    sending: { kind: "run", icon: "fa-upload" },
    offered: { kind: "run", icon: "fa-inbox" },
    running: { kind: "run", icon: "fa-play-circle" },
    cancelling: { kind: "warning", icon: "fa-undo" },
    completed: { kind: "ok", icon: "fa-check" },
    failed: { kind: "danger", icon: "fa-times-circle" },
    done: { kind: "ok", icon: "fa-check-circle" },
    cancelled: { kind: "muted", icon: "fa-ban" },
};

const TOLERANCES = {
    within: { kind: "ok", icon: "fa-check" },
    warn: { kind: "warning", icon: "fa-exclamation-triangle" },
    review: { kind: "danger", icon: "fa-exclamation-circle" },
};

const SILOS = {
    ok: { kind: "ok", icon: "fa-check" },
    low: { kind: "warning", icon: "fa-exclamation-triangle" },
    short: { kind: "danger", icon: "fa-exclamation-circle" },
};

/** How a PLC is connected: a PLC that was not heard for long is no longer online, whatever it was. */
export function connectionOf({ connection, last_contact: time, stale_after: seconds }, now) {
    const isStale = Boolean(time && seconds) && now.diff(deserializeDateTime(time)).as("seconds") > seconds;
    return CONNECTIONS[connection === "online" && isStale ? "stale" : connection];
}

/** The batch that the PLC makes: a bar for each component. */
class BatchCard extends Component {
    static template = "plc_mo_batch.BatchCard";
    static components = { BoardButtons, TimeAgo };
    static props = { batch: Object, plc: Number };

    get progress() {
        return Math.floor(progress(this.props.batch));
    }

    get state() {
        return STATES[this.props.batch.state];
    }

    quantity(value) {
        return formatFloat(value, { digits: [16, 2] });
    }

    get placeText() {
        const { slot, order, planned, unit } = this.props.batch;
        return _t("Slot %(slot)s · %(order)s · %(planned)s %(unit)s", { slot, order, planned: this.quantity(planned), unit });
    }

    get commandText() {
        return _t("%s requested; the PLC has not acted on it yet.", this.props.batch.command);
    }

    /** What a screen reader says of the bar. */
    spoken(line) {
        const { actual, planned } = line;
        return _t("%(actual)s of %(planned)s %(unit)s", { actual: this.quantity(actual), planned: this.quantity(planned), unit: line.unit });
    }

    filled(line) {
        return line.planned ? Math.min(100, (100 * line.actual) / line.planned) : line.actual ? 100 : 0;
    }

    /** While it doses only too much is certain: what is short of the plan may still come. */
    kind(line) {
        const over = line.actual - line.planned - EPSILON;
        if (over > line.limits.review) {
            return "danger";
        }
        if (over > line.limits.tolerance) {
            return "warning";
        }
        return this.filled(line) >= 100 ? "ok" : "run";
    }

    /** Said in a word, too, where too much is in. */
    over(line) {
        const word = { danger: _t("far out of tolerance"), warning: _t("out of tolerance") }[this.kind(line)];
        return word ? `+${this.quantity(line.actual - line.planned)} ${word}` : "";
    }

    get byHand() {
        return _t("%s components added by hand", this.props.batch.lines.filter((line) => line.by_hand).length);
    }
}

/** A PLC: its connection, its slots in order, what it makes, what it made. */
export class Lane extends Component {
    static template = "plc_mo_batch.Lane";
    static components = { BatchCard, BoardButtons, ShiftPicture, TimeAgo };
    static props = { lane: Object };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.store = useState(this.env.plcBoard.store);
    }

    // The PLC

    get connection() {
        return connectionOf(this.props.lane, this.store.now);
    }

    /** Nothing is in its queue, waits for it, or was made in the shift: of many such PLCs a line each is enough. */
    get isQuiet() {
        const { batches, waiting, finished } = this.props.lane;
        return !batches.length && !waiting.orders && !waiting.withheld && !finished.batches.length;
    }

    /** Why it is not connected, unless that stands above already, with what needs attention. */
    get why() {
        const { error } = this.props.lane;
        return error && !this.store.attention.some((item) => item.message === error) ? error : "";
    }

    get buttons() {
        const isEmpty = !this.props.lane.batches.length;
        return this.props.lane.buttons.filter((button) => !isEmpty || button.method !== "action_fill_now");
    }

    get fillButtons() {
        const fill = this.props.lane.buttons.filter((button) => button.method === "action_fill_now");
        return fill.map((button) => ({ ...button, kind: this.props.lane.waiting.orders ? "primary" : "secondary" }));
    }

    // Its batches

    get current() {
        return this.props.lane.batches.filter((batch) => batch.state === "running");
    }

    get next() {
        return this.props.lane.batches.find((batch) => ["queued", "sending", "offered"].includes(batch.state));
    }

    /** Slots in order; what is free between two batches is one row. */
    get rows() {
        const rows = [];
        let free = 1;
        for (const batch of this.props.lane.batches) {
            this.addFree(rows, free, batch.slot - 1);
            rows.push({ key: `batch-${batch.id}`, batch, ...STATES[batch.state] });
            free = batch.slot + 1;
        }
        this.addFree(rows, free, this.props.lane.slots);
        return rows;
    }

    addFree(rows, first, last) {
        if (first <= last) {
            const text = first === last ? _t("Slot %s is free", first) : _t("Slots %(first)s to %(last)s are free", { first, last });
            rows.push({ key: `free-${first}`, text });
        }
    }

    percent(batch) {
        return batch.state === "running" ? `${Math.floor(progress(batch))} %` : "";
    }

    slotText(batch) {
        return _t("Slot %s", batch.slot);
    }

    get nextText() {
        const { slot, product, state_label: state } = this.next;
        return _t("Next is slot %(slot)s: %(product)s (%(state)s).", { slot, product, state });
    }

    get waitingText() {
        const { orders } = this.props.lane.waiting;
        return orders === 1 ? _t("1 order is waiting for this PLC.") : _t("%s orders are waiting for this PLC.", orders);
    }

    get withheldText() {
        const { withheld } = this.props.lane.waiting;
        return withheld === 1 ? _t("1 order is withheld.") : _t("%s orders are withheld.", withheld);
    }

    get refusedText() {
        const { refused } = this.props.lane.waiting;
        return refused === 1 ? _t("1 of them cannot be queued as it is.") : _t("%s of them cannot be queued as they are.", refused);
    }

    // The shift

    get shiftText() {
        return _t("This shift, since %s", this.clock(this.props.lane.finished.since));
    }

    /** What the picture of the shift is of. */
    get drawn() {
        const { finished, batches } = this.props.lane;
        const running = batches.filter((batch) => batch.started).map((batch) => [batch.id, batch.state, batch.on_hold]);
        const closed = finished.batches.map((batch) => batch.id);
        return JSON.stringify([finished.since, closed, running, Math.floor(this.store.now.toSeconds() / DRAWN_SECONDS)]);
    }

    get doneText() {
        const { count, quantity } = this.props.lane.finished;
        return _t("%(count)s done, %(quantity)s %(unit)s", { count, quantity: this.quantity(quantity), unit: this.props.lane.unit });
    }

    // Its silos

    /** Of a PLC that is at rest, those that a person should look at. */
    get silos() {
        const { silos } = this.props.lane;
        return this.isQuiet ? silos.filter((silo) => silo.state !== "ok") : silos;
    }

    level(silo) {
        return SILOS[silo.state];
    }

    levelText(silo) {
        const level = `${this.quantity(silo.level)} ${silo.unit}`;
        return silo.capacity ? _t("%(level)s of %(capacity)s", { level, capacity: this.quantity(silo.capacity) }) : level;
    }

    sensorText(silo) {
        return _t("sensor: %s", silo.sensor);
    }

    outlookText(silo) {
        return silo.wanted ? _t("enough for %s", silo.outlook) : silo.outlook;
    }

    badge(batch) {
        return TOLERANCES[batch.tolerance] && batch.state === "done"
            ? { ...TOLERANCES[batch.tolerance], word: batch.tolerance_label }
            : { ...STATES[batch.state], word: batch.state_label };
    }

    clock(time) {
        return deserializeDateTime(time).toLocaleString(luxon.DateTime.TIME_SIMPLE);
    }

    quantity(value) {
        return formatFloat(value, { digits: [16, 2] });
    }

    // Ways on

    open(model, id) {
        return this.env.plcBoard.open(model, id);
    }

    async openRefused() {
        return this.action.doAction(await this.orm.call("plc.controller", "action_view_refused_orders", [[this.props.lane.id]]));
    }

    openDosing() {
        const additionalContext = { search_default_controller_id: this.props.lane.id };
        return this.action.doAction("plc_mo_batch.plc_dosing_silo_action", { additionalContext });
    }

    openOrders() {
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Manufacturing Orders"),
            res_model: "mrp.production",
            views: [
                [false, "list"],
                [false, "form"],
            ],
            domain: [
                ["picking_type_id", "in", this.props.lane.operation_types],
                ["state", "not in", ["done", "cancel"]],
            ],
        });
    }
}
