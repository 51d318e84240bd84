"""One cycle: orders from confirmed to done, with something killed at one point on the way; then the books are compared."""

from contextlib import closing

import psycopg2

from workshop.torture import genuine
from workshop.torture.books import Ledger, Stock, accounts_gap, compare, compare_accounts, read_ledger
from workshop.torture.events import TABLES, Told, compare_events
from workshop.torture.fork import Gone
from workshop.torture.person import REQUEUED, Person, weigh_up
from workshop.torture.silos import Shelf, compare_silos
from workshop.torture.watch import offences
from workshop.torture.world import SCANS_MEANWHILE, hook_for

MAX_LIVES = 60  # of Odoo in one cycle; an undisturbed one has one, and then time passes


class Cycle:
    """Orders from confirmed to done, with something killed at one point on the way."""

    def __init__(self, world, point=None, striker=None, sabotage=None, max_lives=MAX_LIVES):
        self.world = world
        self.point = point
        self.striker = striker
        self.sabotage = sabotage
        self.max_lives = max_lives
        self.orders = world.next_cycle()
        ledger = read_ledger(world.mill.ledger_file)
        self.after = ledger[-1]["seq"] if ledger else 0
        self.after_events = {kind: world.sql(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0] for kind, table in TABLES.items()}
        self.gap = self._with_cursor(accounts_gap)
        self.count = 0
        self.labels = []
        self.struck = ""
        self.acts = []
        self.taken_out = []
        self.lives = 0

    def run(self):
        """:return: a :class:`books.Verdict`"""
        self.world.release(self.orders)
        while self.lives < self.max_lives:
            self.lives += 1
            self._live()
            if self.is_over():
                break
            if not self.ask_person():
                self.world.pass_time()
            self.world.mill.step(SCANS_MEANWHILE)
        return self._judge()

    def run_genuine(self, port):
        """The same on a genuine server, which has its own cron worker. :return: a :class:`books.Verdict`"""
        self.world.release(self.orders)
        genuine.live(self, self.point, port)
        return self._judge()

    def _live(self):
        """One life of Odoo, until it has nothing to do or is killed."""
        hook = hook_for(None if self.struck else self.point, self.count, self.world.work.first)
        life = self.world.odoo.life(hook, self.sabotage)
        try:
            while True:
                told = life.line.hear()
                if "count" in told:
                    self.count = told["count"]
                    self.labels += told["labels"]
                    break
                self.struck = f"{told['phase']} {told['label']}"
                self.striker.strike(life, told)
        except (Gone, ValueError):  # it was killed, and its line with it
            pass
        life.wait()
        if self.striker:
            self.striker.recover()

    def _with_cursor(self, what, *arguments):
        with closing(psycopg2.connect(dbname=self.world.database)) as connection, connection.cursor() as cursor:
            return what(cursor, *arguments)

    def snapshot_of_stock(self):
        return self._with_cursor(Stock, self.orders)

    def snapshot(self):
        """Changes as long as something goes on."""
        stock = self.snapshot_of_stock()
        return [stock.orders, stock.batches, read_ledger(self.world.mill.ledger_file)[-1:]]

    def is_over(self):
        stock = self.snapshot_of_stock()
        done = all(order["state"] == "done" for order in stock.orders) and not any(batch["active"] for batch in stock.batches)
        return done and self._told().is_all_stored() and not self.world.sql("SELECT 1 FROM plc_weighing WHERE needs_person")

    def _records(self):
        return read_ledger(self.world.mill.ledger_file, self.after)

    def _told(self):
        return Told(self._records())

    def ask_person(self):
        """Whether there was something for her to do, and she did it."""
        waiting = self.world.sql(
            """
            SELECT 1 FROM mo_batch WHERE active AND (attention_key IS NOT NULL OR state = 'failed' AND disposition_order IS NULL)
             UNION ALL
            SELECT 1 FROM plc_weighing WHERE needs_person
             UNION ALL
            SELECT 1 FROM mrp_production WHERE id = ANY(%s) AND plc_withheld AND state NOT IN ('done', 'cancel')
            """,
            self.taken_out,
        )
        if not waiting:
            return False
        world, records = self.world, self._records()

        def look(call):
            shelf = Shelf(call, world.controller, world.places) if world.places else None
            person = Person(call, Ledger(records), world.silos, self.orders, self.taken_out, shelf)
            acts, told = person.look(), Told(records)
            if told.is_all_stored():
                acts += weigh_up(call, told, world.controller)
            return acts, sorted(person.taken_out)

        acts, self.taken_out = world.odoo.visit(look)
        self.acts += acts
        if any(REQUEUED in act for act in acts):  # Task 1 fills a queue that is empty, and an hour does not pass here
            world.fill()
        return bool(acts)

    def _judge(self):
        stock = self.snapshot_of_stock()
        verdict = compare(stock, Ledger(self._records()), self.world.silos, self._by_hand(stock))
        verdict.add(self._with_cursor(compare_accounts, self.gap))
        verdict.add(self._with_cursor(compare_silos, self.world.places, read_ledger(self.world.mill.ledger_file)))
        if self.world.work.tells:
            verdict.add(self._compare_events())
        verdict.early += offences(self.world.mill.offences)
        for order in stock.orders:
            batches = stock.of(order["id"])
            if order["state"] != "done" or any(batch["active"] for batch in batches):
                what = "; ".join(f"{batch['state']}, {batch['attention'] or batch['last_error']}" for batch in batches)
                verdict.stuck.append(f"{order['name']} is {order['state']} ({what})")
        return verdict

    def _by_hand(self, stock):
        """By order id, kg by product id of what people added: what they weighed, where the mill tells it."""
        done = [order for order in stock.orders if order["state"] == "done"]
        if not self.world.work.tells:
            return {order["id"]: self.world.by_hand[order["id"]] for order in done}
        told = self._told()
        return {
            order["id"]: {self.world.products[number]: kg for number, kg in told.weighed(order["name"]).items()} for order in done
        }

    def _compare_events(self):
        verdict = self._with_cursor(compare_events, self.world.controller, self._told(), self.after_events)
        waiting = self.world.sql("SELECT reason FROM plc_weighing WHERE needs_person")
        verdict.stuck += [f"a weighing is waiting for an operator: {reason}" for (reason,) in waiting]
        if not self._told().is_all_stored():
            verdict.stuck.append("the mill has more to tell")
        return verdict
