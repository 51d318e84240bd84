"""``make torture``: a cycle is killed at each commit and each request to the PLC, and must come out right each time.

A cycle: ten orders are queued, handed to the simulated PLC, made, read back, booked and closed. Or three (--cycle few), all
of whose points take some hours. Or two (--cycle events), of which the PLC tells what people weighed by hand, some of it twice
the same, and what failed. Its boundaries, the commits and the requests, are numbered; 137b is the moment before
boundary 137, 137a after it, 137d while it is under way. At each such point something is killed (see --kind), it comes back,
and the cycle goes on to its end, with a scripted person where the design asks for one. Then the books are compared: the
mill's own ledger with Odoo's stock. First of all sabotage shows that this finds faults.
"""

import argparse
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from workshop.paths import LOGS
from workshop.plant import PROTOCOLS, free_port
from workshop.torture.books import Verdict, say
from workshop.torture.boundaries import COMMIT, REQUEST, Point
from workshop.torture.cycle import Cycle
from workshop.torture.sabotage import SABOTAGES
from workshop.torture.silos import SILOS_HELP
from workshop.torture.world import KINDS, WORKS, World

HANDSHAKES = ("job-numbers", "flags")
MEMORY = "/dev/shm"  # the mill's files lie there: they survive its process, which is what is killed, and cost no disk
SABOTAGED_LIVES = 3
MISSED_AT_MOST = 0.25  # of the points: a cycle may have fewer boundaries than the one that was counted, a short one by some
PROGRESS = 60.0  # seconds between two lines that tell how far it is


def _lot(kind, point):
    """From 0 to 1, and drawn from the point's name alone: what was tried is a fair sample at any time, and shares complete each
    other and a stopped run can be gone on with though each run's cycle has a few boundaries more or less."""
    return random.Random(f"{kind}/{point}").random()  # nosec B311 # no secret


class Torture:
    def __init__(self, options):
        self.options = options
        self.logs = LOGS / f"torture_{os.getpid()}"
        self.folder = Path(tempfile.mkdtemp(prefix="plc_torture_", dir=MEMORY if os.path.isdir(MEMORY) else None))
        self.name = ", ".join((options.handshake, options.cycle, *([options.protocol] * (options.protocol != "modbus"))))
        self.tried = Counter()
        self.missed = 0
        self.verdict = Verdict()
        self.told = 0.0
        self.asked_to_end = False

    def run(self):
        """:return: the exit code"""
        try:
            return self._run()
        finally:
            shutil.rmtree(self.folder)

    def stop(self, *_signal):
        """At once, and nothing is left; an exception might end in Odoo's cron, which goes on after any."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(143)

    def _run(self):
        begun = time.monotonic()
        options = self.options
        work = WORKS[options.cycle]
        self.world = World(self.folder, options.handshake, options.cycles, work, options.protocol, options.silos)
        say(f"{self.name}: the plant stands after {time.monotonic() - begun:.0f} s")
        try:
            labels = self._count()
            if self.options.sabotage:
                self._sabotage()
            points = self._points(labels)
            say(f"{len(points)} points are to be tried")
            for kind, point in points:
                if self._is_time_over(time.monotonic() - begun):
                    say("the time is over")
                    break
                self._try(kind, point)
                self._tell(len(points), time.monotonic() - begun)
        finally:
            self.world.close()
        return self._close(time.monotonic() - begun)

    def _is_time_over(self, seconds):
        return self.asked_to_end or (self.options.minutes and seconds > 60 * self.options.minutes)

    def end(self, *_signal):
        """After the point that is being tried; then the closing line comes as ever."""
        self.asked_to_end = True

    def _tell(self, points, seconds):
        """How far it is, once in a while."""
        if seconds > self.told + PROGRESS:
            self.told = seconds
            tried = sum(self.tried.values())
            say(f"{seconds / 60:.0f} min: {tried} of {points} points tried, {len(self.verdict.items())} faults")

    def _count(self):
        """Cycles without any kill: the first one warms up, the second one is numbered."""
        for _cycle in range(2):
            cycle = Cycle(self.world)
            begun = time.monotonic()
            verdict = cycle.run()
            if verdict:
                raise SystemExit(f"Even without a kill: {verdict.items()}")
        commits = cycle.labels.count(COMMIT)
        say(
            f"a cycle has {len(cycle.labels)} boundaries: {commits} commits, {len(cycle.labels) - commits} requests; "
            f"{cycle.lives} lives, {time.monotonic() - begun:.1f} s"
        )
        return cycle.labels

    def _sabotage(self):
        """The promise is broken on purpose, in each way that is looked for: unless that is seen, nothing here proves anything."""
        sabotages = SABOTAGES[self.options.cycle] | ({} if self.options.bare else SABOTAGES["value"])
        sabotages |= SABOTAGES["silos"] if self.options.silos else {}
        for name, (spoil, kind) in sabotages.items():
            verdict = Cycle(self.world, sabotage=spoil, max_lives=SABOTAGED_LIVES).run()
            if not getattr(verdict, kind):
                raise SystemExit(f'The sabotage "{name}" was not found: this program is worth nothing.')
            self.world.renew()
        say(f"sabotage: {len(sabotages)} of {len(sabotages)} found ({', '.join(sabotages)})")

    def _points(self, labels):
        if self.options.replay:
            parts = [name.partition("/") for name in self.options.replay]
            return [(kind, Point.parse(point)) for kind, _slash, point in parts]
        points = [
            (kind, Point(boundary, phase))
            for boundary, label in enumerate(labels, 1)
            for kind in self.options.kind
            for phase in KINDS[kind].phases[COMMIT if label == COMMIT else REQUEST]
        ]
        points.sort(key=lambda item: list(KINDS).index(item[0]))  # so that a stride takes as many of each kind
        share, shares = map(int, self.options.share.split("/"))
        points = [item for item in points[self.options.first :: self.options.stride] if int(_lot(*item) * shares) == share - 1]
        return sorted(points, key=lambda item: _lot(*item))[self.options.after :]

    def _try(self, kind, point):
        begun = time.monotonic()
        cycle = Cycle(self.world, point, KINDS[kind](self.world, late=point.boundary % 2))
        try:
            verdict = cycle.run_genuine(free_port()) if self.options.genuine else cycle.run()
        except Exception as error:
            verdict = Verdict(stuck=[f"{type(error).__name__}: {error}"])
        if not cycle.struck:
            self.missed += 1
        self.tried[kind] += 1
        self.verdict.add(verdict)
        if verdict or self.options.verbose:
            acts = f", {len(cycle.acts)} acts of a person" if cycle.acts else ""
            say(f"{kind}/{point} ({cycle.struck}): {cycle.lives} lives{acts}, {time.monotonic() - begun:.1f} s")
        if self.options.verbose:
            for act in cycle.acts:
                say(f"    {act}")
        for kind_of_fault, sentence in verdict.items():
            say(f"    {kind_of_fault.upper()}: {sentence}")
        if verdict:
            chosen = [(name, getattr(self.options, name)) for name in ("cycle", "handshake", "protocol")]
            flags = [*(["--bare"] * self.options.bare), *(["--silos"] if self.options.silos else ["--no-silos"])]
            options = " ".join([*(f"--{name} {value}" for name, value in chosen), *flags])
            say(f"    again: dev/torture {options} --replay {kind}/{point}")
            kept = self.logs / f"{kind}_{point}"
            shutil.copytree(self.folder, kept, ignore=shutil.ignore_patterns("*.socket"))
            say(f"    logs in {kept}")
            self.world.renew()

    def _close(self, seconds):
        tried = sum(self.tried.values())
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.tried.items())
        used = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        say(f"{self.name}: {kinds}; {seconds:.0f} s, of which Odoo and the mill computed {used:.0f}")
        say(f"torture: {tried} points tried ({self.missed} not reached), {self.verdict}")
        if self.missed > MISSED_AT_MOST * tried:
            say("too many of them were not reached: this run proves nothing")
        return int(bool(self.verdict) or not tried or self.missed > MISSED_AT_MOST * tried)


def parse():
    parser = argparse.ArgumentParser(
        prog="dev/torture", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--handshake", default="job-numbers", choices=HANDSHAKES)
    add("--protocol", default="modbus", choices=PROTOCOLS, help="what the PLC speaks (default: %(default)s)")
    add("--cycle", default="orders", choices=WORKS)
    add("--kind", nargs="+", choices=KINDS, help="what to kill; plc-blank: and its memory (default: all of the cycle)")
    add("--stride", type=int, default=1, help="try each n-th point only")
    add("--minutes", type=float, help="stop after that long; what was tried until then is a fair sample")
    add("--first", type=int, default=0, help="leave out that many points at the beginning")
    add("--after", type=int, default=0, help="go on after that many points, which a run that was stopped has tried")
    add("--share", default="1/1", help="i/n: the i-th of n parts of these points, drawn by lot; several may run at once")
    add("--replay", nargs="+", metavar="KIND/POINT", help="these points again, such as odoo/137b")
    add("--cycles", type=int, default=12, help="that a database is good for before it is copied anew (default: %(default)s)")
    add("--genuine", action="store_true", help="with a genuine server process in place of a fork: some 15 s a point")
    add("--no-sabotage", dest="sabotage", action="store_false", help="do not show first that faults would be found")
    add("--bare", action="store_true", help="without accounting, sales and all else that a plant has beside manufacturing")
    add("--silos", action=argparse.BooleanOptionalAction, help=SILOS_HELP)
    add("--verbose", action="store_true", help="a line for each point")
    options = parser.parse_args()
    options.silos = not options.bare if options.silos is None else options.silos
    if options.genuine and options.cycle == "events":
        parser.error("genuine servers know no cycle of events")
    if options.protocol != "modbus" and (options.genuine or options.cycle == "events"):
        parser.error("only over Modbus")
    if (options.protocol, options.handshake) == ("fins", "flags"):
        parser.error("flags are not for FINS over UDP, whose datagrams may come twice")
    options.kind = options.kind or WORKS[options.cycle].kinds
    return options


def main():
    torture = Torture(parse())
    signal.signal(signal.SIGTERM, torture.stop)
    signal.signal(signal.SIGINT, torture.end)
    return torture.run()


if __name__ == "__main__":
    sys.exit(main())
