"""What goes wrong by itself in a soak: on the wire, in the PLC, with clocks, servers and database sessions."""

import struct

from workshop.soak.score import pick
from workshop.torture.peer import fault_proxy as wire


def foreign_slot(talk):
    """A well-formed answer to another request for as many registers: those of the next slot."""
    if talk.request[7] != 3:
        wire.passed_on(talk)
        return
    address, count = struct.unpack(">HH", talk.request[8:12])
    talk.send(talk.forward(wire.frame(talk.request, struct.pack(">BHH", 3, address + 100, count))))


def torn(talk):
    """The registers of two moments: the first half of the answer is from before, the second from after."""
    first = talk.forward()
    second = talk.forward() if talk.request[7] == 3 else first
    middle = 9 + (len(first) - 9) // 4 * 2
    talk.send(first[:middle] + second[middle:])


def doubled(talk):
    """The request reaches the PLC twice."""
    talk.forward()
    wire.passed_on(talk)


WIRE = [
    wire.lost,
    wire.silence,
    wire.half,
    wire.late,
    wire.slow(0.004),
    wire.reset,
    wire.hung_up,
    wire.hung_up_halfway,
    wire.garbage,
    wire.flipped(1),
    wire.wrong_transaction,
    wire.wrong_unit,
    wire.short,
    wire.long,
    wire.odd,
    wire.left_over,
    wire.wrong_function,
    wire.wrong_address,
    wire.wrong_count,
    wire.nothing_in_it,
    wire.exception(2),
    wire.exception(6),
    wire.other_clients,
    wire.duplicate,
    foreign_slot,
    torn,
    doubled,
]
LEAST_FALL = 1.0  # kg: scales tremble by less
CLOCK = [-3600, -300, -60, 0, 0, 60, 300, 3600]  # seconds that a server's clock is off


class Nature:
    """Plays the faults of a score.

    :param plcs, servers: of the soak
    :param end_session: ends a database session, chosen by a die
    :param stored: what Odoo has stored of an order that a PLC runs: kg by code
    """

    def __init__(self, plcs, servers, end_session, stored):
        self.plcs = plcs
        self.servers = servers
        self.end_session = end_session
        self.stored = stored
        self.about_to_fall = []  # PLCs one of whose counters falls as soon as Odoo would see it
        self.falls = 0

    def play(self, note):
        """:return: a few words on what was done"""
        self._let_fall()
        return getattr(self, f"_{note.what}")(*note.dice)

    def calm_down(self):
        """No more faults."""
        self.about_to_fall.clear()
        for plc in self.plcs:
            plc.proxy.faults.clear()
            with plc.peer.lock:
                plc.peer.mill.resume()
        for server in self.servers:
            server.set_clock(0)

    def _wire(self, which, where, many, _die):
        plc, fault = pick(where, self.plcs), pick(which, WIRE)
        count = 1 + int(4 * many)
        plc.proxy.faults.extend([fault] * count)
        return f"{plc.name}: {count} x {getattr(fault, '__name__', fault)}"

    def _memory(self, where, keep, _die, __die):
        plc = pick(where, self.plcs)
        plc.lose_memory(keep_taken=keep < 0.5)
        return f"{plc.name}: memory lost{', but for the taken jobs' if keep < 0.5 else ''}"

    def _fail(self, where, *_dice):
        plc = pick(where, self.plcs)
        with plc.peer.lock:
            plc.peer.mill.fail_next()
        return f"{plc.name}: a batch fails"

    def _fall(self, where, *_dice):
        plc = pick(where, self.plcs)
        self.about_to_fall.append(plc)
        return f"{plc.name}: a counter will fall"

    def _let_fall(self):
        """A counter begins again at zero, once its component is in and stored: that one fell of which Odoo knows nothing, nobody
        could tell. Until then the mill stands still."""
        for plc in self.about_to_fall[:]:
            with plc.peer.lock:
                mill = plc.peer.mill
                rested = mill.batch.at_rest() if mill.batch else []
                dose = next((line for line in rested if line.target and line.kg > LEAST_FALL), None)
                if not dose:
                    continue
                if self.stored(plc, mill.batch.order).get(dose.code) != dose.kg:
                    mill.pause()
                    continue
                mill.lose_counter(dose.line)
                mill.resume()
            self.about_to_fall.remove(plc)
            self.falls += 1

    def _pause(self, where, stands, *_dice):
        plc = pick(where, self.plcs)
        with plc.peer.lock:
            plc.peer.mill.pause() if stands < 0.4 else plc.peer.mill.resume()
        return f"{plc.name}: {'stands still' if stands < 0.4 else 'goes on'}"

    def _clock(self, where, seconds, *_dice):
        server, offset = pick(where, self.servers), pick(seconds, CLOCK)
        server.set_clock(offset)
        return f"{server.name}: clock off by {offset} s"

    def _end_session(self, which, *_dice):
        return f"database session {self.end_session(which)} ended"

    def _kill_server(self, which, *_dice):
        server = pick(which, self.servers)
        server.kill()
        return f"{server.name}: kill -9"
