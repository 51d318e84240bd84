"""The simulator with a :class:`watch.Watch` at its wire. Plain Python: Odoo need not be loaded."""

import functools
import os
import signal
from contextlib import contextmanager

import workshop.addon  # noqa: F401 - makes plc_mo_batch importable
from workshop.torture.events import tell_beside

# isort: split
from plc_mo_batch.simulator import Simulator
from plc_mo_batch.simulator.encoding import words_to_text, words_to_uint32
from plc_mo_batch.simulator.slot import FLAG
from plc_mo_batch.tests import fault_proxy

__all__ = ["DT", "FLAG", "Peer", "fault_proxy", "words_to_text", "words_to_uint32"]

DT = 40.0  # seconds of plant time that pass with each request, where no clock runs: a batch of four minutes takes some seven


class Peer(Simulator):
    """With ``scan_time`` None its plant time passes with each request, so that a cycle is always the same.

    :param tells: of each batch what people add by hand, and a failure (:func:`events.tell_beside`)
    :ivar watch: is shown every write, or None
    :ivar dies: the process is killed once the next request is done, and before it is answered
    """

    watch = None
    dies = False

    def __init__(self, *args, tells=False, **options):
        super().__init__(*args, **options)
        self.dt = DT
        if tells:
            self.dt = 3 * DT  # as a look at two slots is that much shorter
            self.mill._tell_beside = functools.partial(tell_beside, self.mill)

    def _read(self, address, count):
        with self._asked():
            return super()._read(address, count)

    def _write(self, address, values):
        with self._asked():
            if self.watch:
                self.watch.on_write(address, values)
            super()._write(address, values)

    @contextmanager
    def _asked(self):
        """What every request of every protocol comes to."""
        if self.scan_time is None:
            self.step(self.dt)
        yield
        if self.dies:
            os.kill(os.getpid(), signal.SIGKILL)
