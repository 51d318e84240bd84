import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

const CHANNEL = "plc_board";
const SECONDS = 120; // for which somebody waits to hear what came of a fill; the board shows it in any case

let listeners = 0; // boards, and people who wait for a fill: Odoo's bus does not count them

/** Hear what is told of the PLCs that the user may see. */
export function listen(bus, receive) {
    bus.subscribe(CHANNEL, receive);
    if (!listeners++) {
        bus.addChannel(CHANNEL);
    }
    return () => {
        bus.unsubscribe(CHANNEL, receive);
        if (!--listeners) {
            bus.deleteChannel(CHANNEL);
        }
    };
}

/** What came of a fill, in a sentence. */
function tell(plc, fill) {
    if (fill.busy) {
        return _t("%(plc)s: nothing was queued, as it still has %(busy)s batches.", { plc, ...fill });
    }
    if (fill.refused) {
        return _t("%(plc)s: %(queued)s queued, %(refused)s refused: %(first)s", { plc, ...fill });
    }
    return _t("%(plc)s: %(queued)s queued.", { plc, ...fill });
}

/** A fill was requested: say that it begins, and then what came of it. */
function fillAsked({ services }, { params }) {
    const { bus_service: bus, notification } = services;
    const waiting = new Map(params.plcs);
    const receive = ({ plc, fill }) => {
        if (fill && waiting.has(plc)) {
            const kind = fill.refused ? "warning" : fill.queued ? "success" : "info";
            notification.add(tell(waiting.get(plc), fill), { type: kind, sticky: Boolean(fill.refused) });
            waiting.delete(plc);
            waiting.size || leave();
        }
    };
    const stop = listen(bus, receive);
    const leave = () => {
        browser.clearTimeout(timer);
        stop();
    };
    const timer = browser.setTimeout(leave, 1000 * SECONDS);
    notification.add(params.message, { type: "info" });
    return params.next;
}

registry.category("actions").add("plc_mo_batch.fill_asked", fillAsked);
