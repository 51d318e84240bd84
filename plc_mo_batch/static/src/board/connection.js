// Seconds. In an object, as a test that has no patience changes them.
export const PATIENCE = {
    first: 10, // in which the connection may be made
    ask: 20, // of silence, after which the bus is asked for a sign of life
    deaf: 35, // of silence, after which what is shown counts as old
    mend: 20, // between two attempts to connect anew
    answer: 20, // for which the server may take
    poll: 10, // between two looks of a board that is not told of changes
};

/**
 * Whether the board hears of what changes. What Odoo says of its websocket is not enough: it counts as connected while the
 * browser is offline, and for a quarter of an hour after a cable was pulled out or while the server hangs. A PLC that works is
 * heard of every second; where nothing happens the bus is asked for a sign of life, and without one the board is not live. It
 * then asks by itself, as HTTP may work where the websocket does not.
 */
export class Connection {
    isCut = false;
    opened = Date.now();
    heard = Date.now();
    asked = 0;
    mended = Date.now();
    polled = Date.now();

    /**
     * @param {Object} bus Odoo's bus_service
     * @param {Object} worker Odoo's worker_service, in which the websocket lives
     * @param {Function} ask has the server send a sign of life over the bus
     * @param {Function} poll loads the board
     */
    constructor(bus, worker, ask, poll) {
        Object.assign(this, { bus, worker, ask, poll });
    }

    get isLive() {
        return this.bus.workerState === "CONNECTED" && !this.isCut && !this.isOlder(this.heard, PATIENCE.deaf);
    }

    get isNew() {
        return !this.isOlder(this.opened, PATIENCE.first);
    }

    isOlder(time, seconds) {
        return Date.now() - time > 1000 * seconds;
    }

    /** What was read then is as new as polling makes it. */
    isFresh(read) {
        return !this.isOlder(read, 2 * PATIENCE.poll);
    }

    hear() {
        this.heard = Date.now();
    }

    connect() {
        this.isCut = false;
        this.hear();
    }

    cut() {
        this.isCut = true;
    }

    /** To be called every second. */
    tick() {
        if (this.isOlder(this.heard, PATIENCE.ask) && this.isOlder(this.asked, PATIENCE.ask / 4)) {
            this.asked = Date.now();
            this.ask();
        }
        if (!this.isLive && this.isOlder(this.mended, PATIENCE.mend)) {
            this.mended = Date.now();
            this.worker.send("BUS:STOP"); // a websocket that is stuck would not be replaced
            this.bus.start();
        }
        if (!this.isLive && !this.isNew && this.isOlder(this.polled, PATIENCE.poll)) {
            this.polled = Date.now();
            this.poll();
        }
    }
}

/** A promise that is broken when the server takes too long. */
export function inTime(promise) {
    const late = new Promise((_resolve, reject) => {
        setTimeout(() => reject(new Error("The server does not answer.")), 1000 * PATIENCE.answer);
    });
    return Promise.race([promise, late]);
}
