"""``odoo plc_simulator``: a feed mill's PLC for trying the addon without a plant or a database."""

import argparse
import importlib.util
import logging
import signal
import sys
import threading
from pathlib import Path

from odoo.cli import Command


def load_simulator():
    """Import the addon's simulator package. Odoo loads this file outside the addon, and a command must not import its models."""
    folder = Path(__file__).resolve().parent.parent / "simulator"
    name = "plc_mo_batch_simulator"
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    package = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(package)
    return package


def number_and_kg(text):
    """(product number or equipment code, kg) from an argument such as 202:3.05."""
    number, _colon, kg = text.partition(":")
    return int(number), float(kg)


def two_codes(text):
    """(equipment code, equipment code) from an argument such as 101:104."""
    code, _colon, other = text.partition(":")
    return int(code), int(other)


class PlcSimulator(Command):
    """Simulate a feed mill's PLC on a socket, with Modbus TCP or another protocol, until Ctrl-C or SIGTERM.

    It serves the register layouts "Feed mill, job numbers" and "Feed mill, flags" (recipes from 7000 on, feedback from 6000
    on, a slot every 100 registers), and "ISA-88, float32" (1000, 3000, 110). Equipment failures stand from 8000 on, manual
    weighings from 9000 on, the clock of "ISA-88, float32" from 9500 on, levels of silos from 9700 on. It shows UTC.

    Its silos never run empty, unless --bin says what is in one. Then a dose may be cut short: the program changes over to the
    silo that --sister names, or stands still until the bin is filled again, or the batch fails.
    """

    name = "plc_simulator"

    def run(self, args):
        """Serve until a signal comes; the exit code is then 0, or 1 if the port cannot be used."""
        options = self._parse(args)
        logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
        stopped = threading.Event()
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, lambda *_args: stopped.set())
        simulator = self._start(options)
        mill = simulator.mill
        print(
            f"PLC simulator listening on {simulator.host}:{simulator.port} "
            f"(protocol {options['protocol']}, layout {mill.layout}, handshake {mill.handshake}, {len(mill.slots)} slots)",
            flush=True,
        )
        stopped.wait()
        simulator.stop()
        if not options.get("memory_file"):
            simulator.lose_memory()  # the ledger must say what the running job had dosed

    def _start(self, options):
        try:
            return load_simulator().Simulator(**options).start()
        except ImportError as exc:
            sys.exit(f"The simulator needs the Python package {exc.name}: install the addon's requirements.txt.")
        except (ValueError, OSError) as exc:
            sys.exit(f"The PLC simulator could not start: {exc}")

    def _parse(self, args):
        parser = self.parser
        parser.formatter_class = argparse.ArgumentDefaultsHelpFormatter
        add = parser.add_argument
        add("--host", default="127.0.0.1", help="address to listen on")
        add("--port", type=int, default=5020, help="port to listen on, 0 for a free one")
        add("--layout", default="mill", choices=["mill", "isa88"], help="the feed mill's, or the one in ISA-88 terms")
        add(
            "--handshake",
            default="job-numbers",
            choices=["job-numbers", "flags"],
            help="as in the register layout; isa88 has job numbers only",
        )
        add("--slots", type=int, default=10, help="number of slots")
        of_layout = {"default": argparse.SUPPRESS}
        add("--recipe-base", type=int, **of_layout, help="first register of the recipes (default: the layout's)")
        add("--feedback-base", type=int, **of_layout, help="first register of the feedback (default: the layout's)")
        add("--stride", type=int, **of_layout, help="registers from one slot to the next (default: the layout's)")
        add(
            "--word-order",
            **of_layout,
            choices=["high", "low"],
            help="which word of a number comes first (default: the layout's)",
        )
        add(
            "--protocol",
            default="modbus",
            choices=["modbus", "fins", "s7", "opcua"],
            help="fins: the registers are the memory D, over UDP and TCP on the same port; s7: data block 1; opcua: the array "
            "variable ns=2;s=MoBatch.Words",
        )
        add("--device-id", type=int, default=1, help="Modbus unit that answers")
        add("--speed", type=float, default=1.0, help="seconds of plant time in a second: a batch takes four minutes")
        add("--error", type=float, default=0.5, help="standard deviation of a dose from its target, in percent")
        add("--seed", type=int, default=argparse.SUPPRESS, help="makes the doses repeatable")
        add("--weight", default="with", choices=["with", "late", "never"], help="when the finished weight comes")
        add("--failures", type=int, default=0, help="so many jobs, from the first on, have a piece of equipment fail")
        add(
            "--weigh",
            dest="weighings",
            metavar="NUMBER:KG",
            type=number_and_kg,
            action="append",
            default=argparse.SUPPRESS,
            help="people weigh so much of the product with this number, for the first job; again: for the next one",
        )
        add(
            "--level",
            dest="levels",
            metavar="CODE:KG",
            type=number_and_kg,
            action="append",
            default=argparse.SUPPRESS,
            help="what the sensor of the silo with this code shows to begin with; what is dosed leaves it; again: another silo",
        )
        add(
            "--bin",
            dest="bins",
            metavar="CODE:KG",
            type=number_and_kg,
            action="append",
            default=argparse.SUPPRESS,
            help="so much is in the silo with this code at the start, and it runs empty; again: another silo",
        )
        add(
            "--sister",
            dest="sisters",
            metavar="CODE:CODE",
            type=two_codes,
            action="append",
            default=argparse.SUPPRESS,
            help="change over to the second silo when the first is empty, if the layout has a line for it; again: from another",
        )
        add(
            "--when-empty",
            default="hold",
            choices=["hold", "fail"],
            help="what becomes of a batch whose bin is empty, if there is none to change over to",
        )
        add("--refill", type=float, default=0.0, help="seconds of plant time until an empty bin is filled again; 0: never")
        add("--clock-offset", type=float, default=0.0, help="seconds by which its clock is ahead of UTC; behind: negative")
        add(
            "--ledger",
            dest="ledger_file",
            metavar="FILE",
            default=argparse.SUPPRESS,
            help="append what was really dosed to this file, a JSON line for each job taken or ended",
        )
        add(
            "--memory",
            dest="memory_file",
            metavar="FILE",
            default=argparse.SUPPRESS,
            help="keep registers and running job in this file",
        )
        add("--verbose", action="store_true", default=argparse.SUPPRESS, help="log each step of the mill")
        return vars(parser.parse_args(args))
