import { deserializeDateTime } from "@web/core/l10n/dates";

import { inTime } from "./connection";

const GATHER = 150; // milliseconds in which changes are gathered before lanes are loaded anew
const AGAIN = 5000; // milliseconds until a load that failed is tried again
const SEVERITIES = ["danger", "warning", "info"];

/**
 * What the board shows, kept as the server has it: loaded as a whole, then lane by lane when the bus says that one changed;
 * quantities of a live batch come with the message itself. What was read earlier never replaces what was read later.
 */
export class BoardStore {
    lanes = [];
    attention = [];
    manager = false;
    loaded = false;
    failed = false; // the last load failed: what is shown may be old
    read = 0; // when all of it was loaded last, by this machine's clock
    clock = 0; // milliseconds that the server's clock is ahead of this one
    now = luxon.DateTime.now();
    dirty = new Set();
    loading = false;
    closed = false;

    /** @param {Function} fetch ids of PLCs (none: all) -> what ``get_board`` says */
    constructor(fetch) {
        this.fetch = fetch;
    }

    tick() {
        this.now = luxon.DateTime.now().plus(this.clock);
    }

    async load() {
        const asked = Date.now();
        const board = await inTime(this.fetch([]));
        this.clock = deserializeDateTime(board.at.slice(0, 19)).diffNow().milliseconds;
        this.lanes = board.lanes.map((lane) => ({ ...lane, at: board.at }));
        this.attention = board.attention;
        this.manager = board.manager;
        this.loaded = true;
        this.read = asked;
        this.failed = false;
        this.tick();
    }

    async loadLanes(ids) {
        const board = await inTime(this.fetch(ids));
        const fresh = new Map(board.lanes.map((lane) => [lane.id, { ...lane, at: board.at }]));
        this.lanes = this.lanes
            .filter((lane) => !ids.includes(lane.id) || fresh.has(lane.id))
            .map((lane) => fresh.get(lane.id) || lane);
        this.attention = [...this.attention.filter((item) => !ids.includes(item.plc)), ...board.attention].sort(
            (one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity)
        );
        this.failed = false;
    }

    /** Load lanes anew, soon and together; without an id all of it. */
    async refresh(id = 0) {
        this.dirty.add(id);
        if (this.loading) {
            return;
        }
        this.loading = true;
        while (this.dirty.size && !this.closed) {
            await new Promise((resolve) => setTimeout(resolve, this.failed ? AGAIN : GATHER));
            await this.loadDirty();
        }
        this.loading = false;
    }

    async loadDirty() {
        const ids = [...this.dirty];
        this.dirty.clear();
        try {
            await (ids.includes(0) ? this.load() : this.loadLanes(ids));
        } catch {
            this.failed = true; // said on the board; a dialog would hide it, and nobody may stand there to close it
            this.dirty.add(0);
        }
    }

    /** A message of the bus. */
    receive(message) {
        if (!message.plc) {
            return this.refresh();
        }
        const lane = this.lanes.find((lane) => lane.id === message.plc);
        if (!lane || message.at <= lane.at) {
            return;
        }
        if (!message.actual) {
            return this.refresh(message.plc);
        }
        lane.last_contact = message.contact;
        const actual = new Map(message.actual);
        for (const line of lane.batches.flatMap((batch) => batch.lines)) {
            if (actual.has(line.id)) {
                Object.assign(line, { actual: actual.get(line.id), known: true });
            }
        }
    }
}

/** Percent of what the PLC doses that it has dosed, as the server counts it. */
export function progress(batch) {
    const dosed = batch.lines.filter((line) => !line.by_hand);
    const planned = dosed.reduce((sum, line) => sum + line.planned, 0);
    const done = dosed.reduce((sum, line) => sum + Math.min(line.actual, line.planned), 0);
    return planned ? Math.min(100, (100 * done) / planned) : 0;
}
