import { deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { Component, markup, useEffect, useState } from "@odoo/owl";

/** How long ago something was, ticking. */
export class TimeAgo extends Component {
    static template = "plc_mo_batch.TimeAgo";
    static props = { time: String };

    setup() {
        this.store = useState(this.env.plcBoard.store);
    }

    get time() {
        return deserializeDateTime(this.props.time);
    }

    get title() {
        return this.time.toLocaleString(luxon.DateTime.DATETIME_MED_WITH_SECONDS);
    }

    get text() {
        const time = luxon.DateTime.min(this.time, this.store.now.minus({ seconds: 1 })); // clocks differ: never "in 0 s"
        return time.toRelative({ base: this.store.now, style: "short" });
    }
}

/** How long until something is, ticking; what is due is due now. */
export class TimeUntil extends TimeAgo {
    get text() {
        return this.time > this.store.now ? this.time.toRelative({ base: this.store.now, style: "short" }) : _t("now");
    }
}

/** What a PLC did since the shift began, from left to right; ``of`` changes when there is something new to draw. */
export class ShiftPicture extends Component {
    static template = "plc_mo_batch.ShiftPicture";
    static props = { plc: Number, of: String };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ drawn: "" });
        useEffect(
            () => {
                this.draw();
            },
            () => [this.props.of]
        );
    }

    async draw() {
        try {
            const [{ shift_picture: drawn }] = await this.orm.silent.read("plc.controller", [this.props.plc], ["shift_picture"]);
            this.state.drawn = markup(drawn || "");
        } catch {
            // the board says that it is not live; the next change has it drawn again
        }
    }

    async openReport() {
        return this.action.doAction(await this.orm.call("plc.controller", "action_open_shift_report", [[this.props.plc]]));
    }
}

/** What the server lets the user do about a batch or a PLC. */
export class BoardButtons extends Component {
    static template = "plc_mo_batch.BoardButtons";
    static props = { model: String, id: Number, plc: Number, of: String, buttons: Array };

    setup() {
        this.state = useState(this.env.plcBoard.state);
    }

    isBusy(button) {
        return this.state.busy === `${this.props.model} ${this.props.id} ${button.method}`;
    }

    press(button) {
        return this.env.plcBoard.press(this.props.model, this.props.id, button, this.props.plc);
    }
}
