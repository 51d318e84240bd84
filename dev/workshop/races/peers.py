"""Real peers for the races: two Odoo servers on one database, PLC simulators on sockets, and people at the external API."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from workshop import plant
from workshop.bench.mill import Mill

SPEEDS = (1500.0, 150.0)  # by turns: a batch of four minutes takes a sixth of a second, or longer than it takes to withdraw one
CRON = """
env.cr.execute("SET LOCAL application_name = '%s'")
model._run()
"""
WHO = """
CREATE TABLE race_fill (batch_id integer, who varchar);
CREATE FUNCTION race_note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO race_fill VALUES (NEW.id, current_setting('application_name')); RETURN NEW; END $$;
CREATE TRIGGER race_fill AFTER INSERT ON mo_batch FOR EACH ROW EXECUTE FUNCTION race_note();
"""


class Plant:
    """Two servers, four people (two at each server), and crons that run when they are told to.

    ``crons``: ``(task, racer)`` -> a scheduled action of the task; one cron alone never runs twice at once, so each racer has
    his own. Who queued a batch stands in the table ``race_fill``.
    """

    def __init__(self, database, folder):
        self.database = database
        self.folder = folder
        self.mill = Mill(database, components=4, silos=3)
        self.mill.put_in_stock()
        plant.query(database, WHO)
        self.crons = {}
        for racer in ("first server", "second server", "button"):
            for task in (1, 2, 3):
                self.crons[task, racer] = self._new_cron(task, racer)

    def _new_cron(self, task, racer):
        with self.mill.env() as env:
            cron = env.ref(f"plc_mo_batch.ir_cron_task_{task}")
            if racer != "button":
                cron = cron.copy()
            wakes = racer == "button" and task == 1
            cron.write({"active": racer != "button" or wakes, "code": CRON % racer, "nextcall": "2099-01-01"})
            return cron.id

    @contextmanager
    def servers(self):
        """The servers run; ``rpcs`` has a client of each for each of two threads."""
        with ExitStack() as stack:
            servers = [
                stack.enter_context(plant.Server(self.database, self.folder / f"{name}.log")) for name in ("first", "second")
            ]
            for server in servers:
                server.wait_up(300)
            self.rpcs = [[server.rpc(), server.rpc()] for server in servers]
            self.pool = stack.enter_context(ThreadPoolExecutor(16))
            yield self

    def run(self, task, server):
        """Run a task now, in an HTTP thread of server 0 or 1."""
        cron = self.crons[task, ("first server", "second server")[server]]
        self.rpcs[server][0].call("ir.cron", "method_direct_trigger", [cron])

    def user(self, server, *call, **kwargs):
        """What a person at server 0 or 1 does."""
        return self.rpcs[server][1].call(*call, **kwargs)

    def query(self, text, *parameters):
        return plant.query(self.database, text, *parameters)


@contextmanager
def simulators(count):
    """PLCs that scan a hundred times a second, every other one ten times as slow."""
    from odoo.addons.plc_mo_batch.simulator import Simulator  # found once Odoo is configured

    with ExitStack() as stack:
        yield [
            stack.enter_context(Simulator(scan_time=0.01, speed=SPEEDS[number % len(SPEEDS)], seed=number))
            for number in range(count)
        ]
