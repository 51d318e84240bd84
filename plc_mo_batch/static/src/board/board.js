import { _t } from "@web/core/l10n/translation";
import { browser } from "@web/core/browser/browser";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { rpc } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useBus, useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Component, onWillDestroy, onWillStart, useEffect, useExternalListener, useRef, useState, useSubEnv } from "@odoo/owl";

import { BoardStore } from "./board_store";
import { Connection } from "./connection";
import { listen } from "./fill_told";
import { useKeptFocus } from "./kept_focus";
import { Lane } from "./lane";
import { BoardButtons, TimeAgo, TimeUntil } from "./parts";
import { Tiles } from "./tiles";

const WALL_TYPE = [1 / 48, 1 / 15]; // of the screen's height, at least and at most: smaller is not read from three metres
const TURN_SECONDS = 15; // for which a page of a wall screen is shown
const FIRST = 6; // so many matters that need attention are shown at once, and all that are urgent
const MOST_LANES = 12; // so many PLCs are shown each whole; more of them as tiles
const SCHEMES = ["auto", "light", "dark"];

const SEVERITIES = {
    danger: { icon: "fa-exclamation-circle", word: _t("Act now") },
    warning: { icon: "fa-exclamation-triangle", word: _t("Check") },
    info: { icon: "fa-info-circle", word: _t("Note") },
};

/** Its header is dark because Odoo served it so. The cookie may say otherwise by now: web_dark_mode sets it anew at each answer. */
const isPageDark = () => Boolean(document.querySelector("link[href*='assets_web_dark']"));

/** The first screen: what are the PLCs doing, what is next, what is wrong, what may I do. */
export class PlcBoard extends Component {
    static template = "plc_mo_batch.Board";
    static components = { BoardButtons, Lane, Layout, Tiles, TimeAgo, TimeUntil };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.dialog = useService("dialog");
        this.bus = useState(useService("bus_service"));
        const [ask, poll] = [() => this.askForEcho(), () => this.store.refresh()];
        this.connection = new Connection(this.bus, useService("worker_service"), ask, poll);
        this.severities = SEVERITIES;
        this.store = useState(
            new BoardStore((ids) => this.orm.silent.call("plc.controller", "get_board", [], { controller_ids: ids }))
        );
        this.state = useState({
            busy: "",
            all: false,
            wall: browser.localStorage.getItem("plc_board.wall") === "1",
            scheme: browser.localStorage.getItem("plc_board.scheme") || "auto",
            systemDark: browser.matchMedia("(prefers-color-scheme: dark)").matches,
        });
        useSubEnv({ plcBoard: { store: this.store, press: this.press.bind(this), open: this.open.bind(this), state: this.state } });
        this.listen();
        this.keepTime();
        this.followScreen();
        onWillStart(() => this.store.load());
    }

    // Live

    listen() {
        const leave = listen(this.bus, (message) => this.receive(message));
        for (const event of ["BUS:CONNECT", "BUS:RECONNECT"]) {
            useBus(this.bus, event, () => {
                this.connection.connect();
                this.store.refresh();
            });
        }
        useBus(this.bus, "BUS:DISCONNECT", () => this.connection.cut());
        onWillDestroy(() => {
            this.store.closed = true;
            leave();
        });
    }

    receive(message) {
        this.connection.hear();
        if (message.echo) {
            return;
        }
        if (!message.plc) {
            this.bus.forceUpdateChannels(); // a PLC that is new has a channel of its own
        }
        this.store.receive(message);
    }

    async askForEcho() {
        try {
            await this.orm.silent.call("plc.controller", "echo_board", [[]]);
        } catch {
            // then nothing is heard, and the board says that it is not live
        }
    }

    keepTime() {
        const tick = () => {
            this.connection.tick();
            this.store.tick();
        };
        const timers = [browser.setInterval(tick, 1000), browser.setInterval(() => this.turn(), 1000 * TURN_SECONDS)];
        onWillDestroy(() => timers.forEach((timer) => browser.clearInterval(timer)));
    }

    get live() {
        if (this.connection.isLive && !this.store.failed) {
            return { kind: "ok", icon: "fa-circle", word: _t("Live") };
        }
        if (this.connection.isNew && !this.store.failed) {
            return { kind: "muted", icon: "fa-circle-o", word: _t("Connecting") };
        }
        const isPolled = !this.store.failed && this.connection.isFresh(this.store.read);
        const seen = isPolled ? this.store.read : Math.max(this.connection.heard, this.store.read);
        const time = luxon.DateTime.fromMillis(seen).toLocaleString(luxon.DateTime.TIME_WITH_SECONDS);
        if (isPolled) {
            return { kind: "warning", icon: "fa-refresh", word: _t("Every 10 seconds: last updated at %s", time), polled: true };
        }
        return { kind: "danger", icon: "fa-chain-broken", word: _t("Not live: last updated at %s", time), old: true };
    }

    // The screen: colours, and the wall

    followScreen() {
        const dark = browser.matchMedia("(prefers-color-scheme: dark)");
        useExternalListener(dark, "change", () => (this.state.systemDark = dark.matches));
        useExternalListener(document, "fullscreenchange", () => document.fullscreenElement || this.setWall(false));
        useExternalListener(window, "keydown", (event) => this.leaveWall(event));
        this.board = useRef("board");
        this.keepFocus = useKeptFocus(this.board);
        this.fitted = "";
        useExternalListener(window, "resize", () => this.fit());
        useEffect(() => this.fit()); // only what changes the layout has it measured again
        useEffect(
            (wall) => {
                document.body.classList.toggle("o_plc_wall_screen", wall);
                return () => document.body.classList.remove("o_plc_wall_screen");
            },
            () => [this.state.wall]
        );
    }

    /** On the wall nobody scrolls: the type is as large as what is shown allows, and what does not fit is shown in turn. */
    fit() {
        const board = this.board.el;
        if (!this.state.wall || !board) {
            board?.style.removeProperty("font-size");
            this.fitted = "";
            return;
        }
        const room = board.parentElement;
        const layout = [room.clientWidth, room.clientHeight, ...this.store.lanes.map((lane) => lane.at)].join();
        if (layout === this.fitted) {
            return;
        }
        this.fitted = layout;
        let [small, large] = WALL_TYPE.map((part) => part * room.clientHeight);
        while (large - small > 0.5) {
            const size = (small + large) / 2;
            board.style.fontSize = `${size}px`;
            const fits = board.scrollHeight <= room.clientHeight && board.scrollWidth <= room.clientWidth;
            [small, large] = fits ? [size, large] : [small, size];
        }
        board.style.fontSize = `${small}px`;
    }

    /** The next page of a wall screen: it begins with the first PLC that was not shown whole. */
    turn() {
        const room = this.board.el?.parentElement;
        if (!this.state.wall || !room || room.scrollHeight <= room.clientHeight) {
            return;
        }
        const { top, bottom } = room.getBoundingClientRect();
        const edge = top + room.querySelector(".o_plc_top").offsetHeight;
        const lanes = [...room.querySelectorAll(".o_plc_lane, .o_plc_tile")].map((lane) => lane.getBoundingClientRect());
        const next = lanes.find((lane) => lane.bottom > bottom + 1);
        const page = next && next.top > edge + 1 ? next.top - edge : bottom - edge; // one that is larger than the page in pieces
        room.scrollTo({ top: next ? room.scrollTop + page : 0, behavior: "smooth" });
    }

    get isDark() {
        const { scheme, systemDark } = this.state;
        return scheme === "auto" ? systemDark || isPageDark() : scheme === "dark";
    }

    get schemeTitle() {
        return { auto: _t("Colors: as this device"), light: _t("Colors: light"), dark: _t("Colors: dark") }[this.state.scheme];
    }

    nextScheme() {
        this.state.scheme = SCHEMES[(SCHEMES.indexOf(this.state.scheme) + 1) % SCHEMES.length];
        browser.localStorage.setItem("plc_board.scheme", this.state.scheme);
    }

    async toggleWall() {
        this.setWall(!this.state.wall);
        try {
            await (this.state.wall ? document.documentElement.requestFullscreen() : document.exitFullscreen());
        } catch {
            // a browser that may not: the board fills its window all the same
        }
    }

    /** Escape, also where the browser was not allowed to fill the screen. */
    leaveWall(event) {
        if (event.key === "Escape" && this.state.wall && !document.querySelector(".modal")) {
            this.toggleWall();
        }
    }

    setWall(wall) {
        this.state.wall = wall;
        browser.localStorage.setItem("plc_board.wall", wall ? "1" : "0");
    }

    // What is shown

    get time() {
        return this.store.now.toLocaleString(luxon.DateTime.TIME_SIMPLE);
    }

    get isCrowded() {
        return this.store.lanes.length > MOST_LANES;
    }

    get summary() {
        const batches = this.store.lanes.flatMap((lane) => lane.batches);
        const running = batches.filter((batch) => batch.state === "running").length;
        return _t("%(running)s running, %(queued)s in the queue", { running, queued: batches.length });
    }

    get wrong() {
        const wrong = this.store.attention.length;
        return wrong === 1 ? _t("1 needs attention") : wrong ? _t("%s need attention", wrong) : "";
    }

    /** What needs attention, most urgent first: all of it, or so much that the PLCs are seen, too. */
    get attention() {
        const { attention } = this.store;
        const urgent = attention.filter(({ severity }) => severity === "danger").length;
        return this.state.all ? attention : attention.slice(0, Math.max(FIRST, urgent));
    }

    get allText() {
        return this.state.all ? _t("Show fewer") : _t("Show all %s", this.store.attention.length);
    }

    batchOf(item) {
        const lane = this.store.lanes.find((lane) => lane.id === item.plc);
        return lane?.batches.find((batch) => batch.id === item.batch);
    }

    // Acting

    /** Do what a button offers, after its question; the server has the last word. */
    async press(model, id, button, plc) {
        if (this.state.busy || (button.question && !(await this.ask(button)))) {
            return;
        }
        this.state.busy = `${model} ${id} ${button.method}`;
        const giveFocusBack = this.keepFocus();
        try {
            const result = await rpc(`/web/dataset/call_button/${model}/${button.method}`, {
                model,
                method: button.method,
                args: [[id]],
                kwargs: { context: user.context },
            });
            await this.follow(result, plc, giveFocusBack);
        } finally {
            this.state.busy = "";
            this.store.refresh(plc);
        }
    }

    follow(result, plc, giveFocusBack) {
        if (!result || !result.type) {
            return;
        }
        if (["display_notification", "plc_mo_batch.fill_asked"].includes(result.tag)) {
            delete result.params.next; // the board follows by itself
        }
        return this.action.doAction(result, {
            onClose: () => {
                giveFocusBack();
                this.store.refresh(plc);
            },
        });
    }

    ask(button) {
        return new Promise((resolve) => {
            this.dialog.add(
                ConfirmationDialog,
                {
                    title: button.label,
                    body: button.question,
                    confirmLabel: button.label,
                    cancelLabel: _t("Back"),
                    confirm: () => resolve(true),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    }

    open(model, id) {
        return this.action.doAction({ type: "ir.actions.act_window", res_model: model, res_id: id, views: [[false, "form"]] });
    }

    setUp() {
        return this.action.doAction("plc_mo_batch.plc_setup_action");
    }
}

registry.category("actions").add("plc_mo_batch.board", PlcBoard);
