"""The simulated PLC in a process of its own that can be killed, with or without its memory."""

import os

from workshop.torture.fork import Fork
from workshop.torture.peer import DT, Peer
from workshop.torture.watch import Watch

PATIENCE = 30.0  # seconds until it has got the request that it is to die of


class Mill:
    """The process. Its plant time passes with each request that it is asked and with :meth:`step`, so that a cycle is always the
    same: what a PLC does while nobody looks is done between two looks.

    :param folder: for its ledger, its memory and what the watch has to report
    :param dsn, controller: of the database that is asked whether what is written into the PLC is committed
    :param tells: of each batch what people add by hand, and a failure
    :param bins: options of the simulator for what is in its silos
    """

    def __init__(self, folder, port, handshake, dsn, controller, tells=False, protocol="modbus", bins=None):
        self.folder = folder
        self.port = port
        self.handshake = handshake
        self.dsn = dsn
        self.controller = controller
        self.tells = tells
        self.protocol = protocol
        self.bins = bins or {}
        self.ledger_file = folder / "ledger.jsonl"
        self.memory_file = folder / "memory.json"
        self.offences = folder / "offences.jsonl"
        self.starts = 0
        self._fork = None

    def start(self, blank=False):
        """:param blank: all its memory is lost; what the running job had dosed goes to the ledger first"""
        self.starts += 1
        self._fork = Fork(lambda line: self._serve(line, blank))
        self._fork.line.hear()

    def kill(self):
        """``kill -9``."""
        if self._fork:
            self._fork.kill()
        self._fork = None

    def kill_at_next_write(self):
        """It dies once it has done what the next request asks for, and before it answers."""
        self._fork.line.ask({"die": True})

    def wait(self):
        """Until it has died. Where the request never came (so busy a machine that Odoo gave it up before), it is killed now."""
        self._fork.ends_within(PATIENCE)
        self.kill()

    @property
    def is_up(self):
        return self._fork is not None

    def forget(self):
        """A new mill, as its database is a new one."""
        self.kill()
        for file in (self.ledger_file, self.memory_file, self.offences):
            file.unlink(missing_ok=True)

    def step(self, scans):
        """Plant time passes while nobody asks it anything.

        :return: (job, order) that runs, or None
        """
        return self._fork.line.ask({"scans": scans})["running"]

    def fill_bins(self):
        """Up to what was in them at first."""
        self._fork.line.ask({"fill": dict(self.bins.get("bins", ()))})

    # In the process

    def _serve(self, line, blank):
        os.fsync = lambda file: None  # the ledger has to survive this process, not the machine
        simulator = self._simulator(blank)
        simulator.start()
        line.tell({"port": simulator.port})
        while True:
            order = line.hear()
            if order.get("die"):
                simulator.dies = True
            for code, kg in order.get("fill", {}).items():
                simulator.mill.bins.contents[int(code)] = kg
            for _scan in range(order.get("scans", 0)):
                simulator.step(DT)
            batch = simulator.mill.batch
            line.tell({"running": batch and (batch.job, batch.order)})

    def _simulator(self, blank):
        options = {"ledger_file": self.ledger_file, "memory_file": self.memory_file, "seed": self.starts}
        options |= {"protocol": self.protocol, **self.bins}
        peer = Peer(port=self.port, handshake=self.handshake, scan_time=None, tells=self.tells, **options)
        peer.watch = Watch(peer.mill, self.dsn, self.controller, self.offences)
        if blank:
            peer.lose_memory()
        return peer
