import { _t } from "@web/core/l10n/translation";
import { browser } from "@web/core/browser/browser";
import { groupBy } from "@web/core/utils/arrays";
import { Component, useState } from "@odoo/owl";

import { progress } from "./board_store";
import { Lane, connectionOf } from "./lane";

const OPENED = "plc_board.opened"; // ids of the PLCs that this browser shows whole
const WORST = ["danger", "warning", "info"];

/** A PLC in a few words, where there are too many to show each whole: what it makes, how far that is, and whether it needs somebody. */
export class Tile extends Component {
    static template = "plc_mo_batch.Tile";
    static props = { lane: Object, severity: String, opened: Boolean, toggle: Function };

    setup() {
        this.store = useState(this.env.plcBoard.store);
    }

    get connection() {
        return connectionOf(this.props.lane, this.store.now);
    }

    get running() {
        return this.props.lane.batches.find((batch) => batch.state === "running");
    }

    get percent() {
        return Math.floor(progress(this.running));
    }

    get text() {
        const { batches, waiting } = this.props.lane;
        if (this.running) {
            return this.running.product;
        }
        if (batches.length) {
            return batches[0].state_label;
        }
        return waiting.orders ? _t("%s orders wait", waiting.orders) : _t("Nothing to do");
    }

    get queueText() {
        const { batches } = this.props.lane;
        return batches.length ? _t("%s in the queue", batches.length) : "";
    }

    get mark() {
        return { danger: "fa-exclamation-circle", warning: "fa-exclamation-triangle", info: "fa-info-circle" }[this.props.severity];
    }

    get kind() {
        return this.props.severity === "info" || !this.props.severity ? this.connection.kind : this.props.severity;
    }
}

/** Many PLCs: those of each warehouse together, a tile each; who touches one sees it whole beneath. */
export class Tiles extends Component {
    static template = "plc_mo_batch.Tiles";
    static components = { Lane, Tile };
    static props = {};

    setup() {
        this.store = useState(this.env.plcBoard.store);
        this.state = useState({ opened: this.remembered() });
        this.toggle = this.toggle.bind(this);
    }

    remembered() {
        try {
            return JSON.parse(browser.localStorage.getItem(OPENED)) || [];
        } catch {
            return []; // whatever wrote that: the tiles are all there is to see then
        }
    }

    toggle(id) {
        const { opened } = this.state;
        this.state.opened = opened.includes(id) ? opened.filter((one) => one !== id) : [...opened, id];
        browser.localStorage.setItem(OPENED, JSON.stringify(this.state.opened));
    }

    isOpened(lane) {
        return this.state.opened.includes(lane.id);
    }

    /** The worst of what needs attention at each PLC. */
    get severities() {
        const worst = {};
        for (const { plc, severity } of this.store.attention) {
            if (!(plc in worst) || WORST.indexOf(severity) < WORST.indexOf(worst[plc])) {
                worst[plc] = severity;
            }
        }
        return worst;
    }

    get groups() {
        const groups = groupBy(this.store.lanes, (lane) => lane.group);
        return Object.entries(groups).map(([name, lanes]) => ({ name, lanes, text: this.sumUp(lanes) }));
    }

    sumUp(lanes) {
        const running = lanes.filter((lane) => lane.batches.some((batch) => batch.state === "running")).length;
        return _t("%(plcs)s PLCs, %(running)s running", { plcs: lanes.length, running });
    }
}
