"""The flow "one word, socket to stock move", counted: ``dev/flow [-v]``, about a minute.

The real tasks run on a database of their own, with a simulated PLC, under a profile hook that sees the addon's functions and no
others (lambdas and comprehensions belong to the function that they stand in). Counted are functions, files, and in the order in
which functions are first called (thread by thread, as their turns differ) the changes from one file to another; a return is a
change to a file that was left before.

- the exchange that reads a finished batch, the write-back that books it, and the exchange of an idle PLC: whatever is entered;
- the path of one word: what a reader follows from the socket to the stock move. Its milestones are the moments at which a dosed
  quantity is first there: returned from the wire as words, returned as a number, written on the batch's line; returned in the
  write-back, written on the stock move; that move posted. Between two of them the path goes as the value does: up from the one
  call to the caller that they share, and down to the other. Between threads and over the database it begins anew: where the
  thread's file goes on, and at the task.

-v prints the functions too.
"""

import argparse
import sys
import tempfile
import threading
from collections import namedtuple
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path

from odoo.models import BaseModel

from workshop.bench.mill import Mill, configure, database
from workshop.paths import ROOT

ADDON = f"{ROOT / 'plc_mo_batch'}/"
PEER = f"{ADDON}simulator/"  # not ours to follow: the PLC
BATCH_SECONDS = 300.0  # of plant time; enough for each step of a batch
MAX_LOOKS = 20
SCALE = 100  # of the layout's quantities
NEAR = 0.001  # kg
DEEP, LONG = 6, 500  # how far a value is looked for in what a function returns
DONE_IN = "stock/models/stock_move.py"

Station = namedtuple("Station", "file function")


# Counting


class Figures:
    """How much of the addon these stations are.

    :param stations: in the order in which they are passed
    """

    def __init__(self, stations):
        self.stations = stations
        files = [station.file for station in stations]
        changes = [new for old, new in zip(files, files[1:], strict=False) if new != old]
        self.files = len(set(files))
        self.changes = len(changes)
        self.returns = self.changes - (self.files - 1)

    def line(self, title, word="functions"):
        return f"{title}: {len(self.stations)} {word}, {self.files} files, {self.changes} changes, {self.returns} returns"

    def listing(self):
        """A line for each run of stations in one file."""
        lines, last = [], ""
        for station in self.stations:
            if station.file == last:
                lines[-1] += f", {station.function}"
            else:
                lines.append(f"    {station.file}: {station.function}")
            last = station.file
        return "\n".join(lines)


def station_of(code):
    """Where a function stands; None for one that is not the addon's, or has no name."""
    if not code.co_filename.startswith(ADDON) or code.co_filename.startswith(PEER) or code.co_name.startswith("<"):
        return None
    return Station(code.co_filename.removeprefix(ADDON), getattr(code, "co_qualname", code.co_name))


class Watch:
    """A profile hook for one task. ``stacks`` has the frames on the stack at each milestone, by its name.

    :param milestones: name -> what tells from a profile event (frame, event, argument) whether it is reached
    """

    def __init__(self, milestones):
        self._called = {}  # thread -> its stations, in the order of their first call
        self.stacks = {}
        self._milestones = milestones

    def stations(self):
        """Those that were passed, in the order of their first call, thread by thread."""
        return list({station: None for called in self._called.values() for station in called})

    @contextmanager
    def on(self):
        threading.setprofile(self._hook)
        sys.setprofile(self._hook)
        try:
            yield self
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _hook(self, frame, event, argument):
        station = event == "call" and station_of(frame.f_code)
        if station:
            self._called.setdefault(threading.get_ident(), {}).setdefault(station)
        for name, is_reached in self._milestones.items():
            if name not in self.stacks and is_reached(frame, event, argument):
                self.stacks[name] = stack_of(frame)


def stack_of(frame):
    """The addon's frames that lie under ``frame`` (it is one of them, if it is the addon's), outermost first."""
    frames = []
    while frame:
        if station_of(frame.f_code):
            frames.insert(0, frame)
        frame = frame.f_back
    return frames


# One value


class Value:
    """A dosed quantity that stands out, and the milestones on its way."""

    def __init__(self, kilograms):
        self.kilograms = kilograms
        self._words = divmod(round(kilograms * SCALE), 65536)

    def milestones_of_reading(self):
        return {
            "words": lambda frame, event, value: returns(frame, event) and self._is_in_words(value),
            "number": lambda frame, event, value: returns(frame, event) and self.is_in(value),
            "line": lambda frame, event, _value: self._is_written(frame, event, "mo.batch.line", "actual_qty"),
        }

    def milestones_of_booking(self):
        return {
            "read": lambda frame, event, value: returns(frame, event) and self.is_in(value),
            "move": lambda frame, event, _value: self._is_written(frame, event, "stock.move", "quantity"),
            "posted": lambda frame, event, _value: self._is_posted(frame, event),
        }

    def is_in(self, value, depth=DEEP):
        """Whether plain data holds it; records are not looked into."""
        if isinstance(value, float):
            return abs(value - self.kilograms) < NEAR
        if not depth or isinstance(value, (str, bytes)):
            return False
        if isinstance(value, dict):
            value = list(value.values())
        elif is_dataclass(value):
            value = [getattr(value, field.name) for field in fields(value)]
        if isinstance(value, (list, tuple, set, frozenset)) and len(value) <= LONG:
            return any(self.is_in(each, depth - 1) for each in value)
        return False

    def _is_in_words(self, value):
        return isinstance(value, (list, tuple)) and self._words in zip(value, value[1:], strict=False)

    def _is_written(self, frame, event, model, field):
        if event != "call" or frame.f_code is not BaseModel.write.__code__:
            return False
        written, values = frame.f_locals["self"], frame.f_locals["vals"]
        return written._name == model and field in values and self.is_in(values[field])

    def _is_posted(self, frame, event):
        code = frame.f_code
        if event != "call" or code.co_name != "_action_done" or not code.co_filename.endswith(DONE_IN):
            return False
        return any(self.is_in(move.quantity) for move in frame.f_locals["self"])


def returns(frame, event):
    """One of the addon's functions hands something on."""
    return event == "return" and station_of(frame.f_code)


def path(*stacks):
    """The stations on the way of a value from the innermost frame of each stack to that of the next one."""
    frames = [stacks[0][-1]]
    for old, new in zip(stacks, stacks[1:], strict=False):
        shared = sum(1 for mine, other in zip(old, new, strict=False) if mine is other)
        if shared:
            up, down = list(reversed(old[shared - 1 :])), new[shared:]
        else:  # another thread: its file goes on
            up, down = list(reversed(old)), _from_file_of(old[0], new)
        frames += up[1:] + down
    stations = [station_of(frame.f_code) for frame in frames]
    return [here for here, before in zip(stations, [None, *stations], strict=False) if here != before]


def _from_file_of(frame, stack):
    files = [each.f_code.co_filename for each in stack]
    name = frame.f_code.co_filename
    return stack[files.index(name) :] if name in files else stack


# The flow


class Flow:
    """One order of three components, from its fill to its closing, then an idle look.

    :param mill: a :class:`Mill`
    :param plc: a :class:`Simulator` that moves only by ``step``
    """

    def __init__(self, mill, plc):
        self.mill = mill
        self.plc = plc
        with mill.env() as env:
            env["plc.controller"].browse(mill.controller).write({"port": plc.port, "settle_time": 0.2, "quiet_time": 0.0})

    def follow(self):
        """The watches on reading, booking and an idle look."""
        self.mill.put_in_stock()
        order = self.mill.new_orders(1)
        self._run("plc.task.fill")
        self._run("plc.task.exchange")
        for _step in range(3):  # taken, dosed, finished
            self.plc.step(BATCH_SECONDS)
        value = Value(self._dosed())
        reading = self._run("plc.task.exchange", value.milestones_of_reading())
        booking = self._run("plc.task.write.back", value.milestones_of_booking())
        self._check_closed(order)
        self._let_go()
        return reading, booking, self._run("plc.task.exchange", {})

    def _run(self, task, milestones=None):
        watch = Watch(milestones or {})
        with self.mill.env() as env:
            if milestones is None:
                env[task]._work()
            else:
                with watch.on():
                    env[task]._work()
        missing = set(milestones or {}) - set(watch.stacks)
        assert not missing, f"{task} did not pass {missing}"
        return watch

    def _dosed(self):
        """What the PLC dosed of the first component, in kg."""
        record = self.plc.mill.ledger[-1]
        assert record["event"] == "finished", record
        return record["lines"][0]["kg"]

    def _check_closed(self, order):
        with self.mill.env() as env:
            state = env["mrp.production"].browse(order).state
            assert state == "done", state

    def _let_go(self):
        """The exchange goes on until nothing is left to say about the batch."""
        for _look in range(MAX_LOOKS):
            self.plc.step(1.0)
            self._run("plc.task.exchange")


def report(reading, booking, idle, verbose):
    """All figures, a line each; with ``verbose`` each function too."""
    one_word = path(*(reading.stacks[name] for name in ("words", "number", "line")))
    booked = booking.stacks
    one_word += [station_of(frame.f_code) for frame in booked["read"]]
    one_word += path(*(booked[name] for name in ("read", "move", "posted")))[1:]
    for title, figures, word in (
        ("the exchange that reads a finished batch", Figures(reading.stations()), "functions"),
        ("the write-back that books it", Figures(booking.stations()), "functions"),
        ("one word, socket to stock move", Figures(one_word), "stations"),
        ("an idle look", Figures(idle.stations()), "functions"),
    ):
        print(figures.line(title, word))
        if verbose:
            print(figures.listing())


def main():
    """Make the plant, follow the flow, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("-v", action="store_true", help="print the functions too")
    verbose = parser.parse_args().v
    configure()
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as name:
        mill = Mill(name, components=3, silos=2)
        from odoo.addons.plc_mo_batch.simulator import Simulator  # found once Odoo is configured

        with Simulator(scan_time=None, seed=1) as plc:
            report(*Flow(mill, plc).follow(), verbose)


if __name__ == "__main__":
    main()
