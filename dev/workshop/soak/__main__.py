"""``make soak SEED=…``: minutes in which hours of a plant go by, with everything that goes wrong in them, drawn from a seed.

Two Odoo servers on one database, on which two runs of the exchange share three PLCs (job numbers, flags, ISA-88) behind proxies
that lose, delay, double, tear and swap answers; memory losses, clocks that jump, servers that are killed, database sessions that
end; an operator and a manager who click at random through the API, and try what they may not. One of the PLCs tells what people
weigh and what fails. What must always hold is looked at all the while. At the end the faults cease, everything comes to rest, and
the books are compared.
"""

import argparse
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import xmlrpc.client
from collections import Counter
from contextlib import closing

import psycopg2

from workshop import plant
from workshop.paths import LOGS
from workshop.soak import score
from workshop.soak.clerk import Allowed, Clerk
from workshop.soak.nature import Nature
from workshop.soak.world import PLCS, ROLES, Api, Plc, Server, set_up
from workshop.torture.books import Stock, Verdict, accounts_gap, compare, compare_accounts, dosed, rows, say
from workshop.torture.events import KEYS, TABLES, Told, key
from workshop.torture.fork import Fork
from workshop.torture.silos import SILOS_HELP, booked_from_silos, compare_silos
from workshop.torture.watch import offences
from workshop.torture.world import BY_HAND, TASKS, WEIGHED, Odoo

LOOK_SECONDS = 1.0
REST_SECONDS = 240.0  # in which something has to move until everything is at rest: how long that takes hangs on the machine
LONGEST_REST = 5 * REST_SECONDS
ORDER_KG = 1000.0
BATCHES, BATCHES_A_MINUTE = 40, 15  # that a PLC makes at most
UNUSABLE = (
    "server closed the connection",
    "terminating connection",
    "connection already closed",
    "cursor already closed",
    "SSL connection",
)
BUSY = ("could not serialize", "deadlock detected", "could not obtain lock")  # after Odoo's own five tries


class Soak:
    def __init__(self, options):
        self.options = options
        self.seed = options.seed
        self.database = "soak"
        self.folder = LOGS / f"soak_{os.getpid()}"
        self.verdict = Verdict()
        self.seen = set()  # sentences of the verdict, each of which is told once
        self.counts = Counter()
        self.by_hand = {}
        self.taken_out = set()
        self.over = threading.Event()
        self.desk = threading.Lock()  # one person decides at a time
        self.plcs, self.servers = [], []

    def run(self):
        """:return: the exit code"""
        self.folder.mkdir(parents=True)
        self.journal = (self.folder / "journal.jsonl").open("w", buffering=1)
        notes = score.compose(self.seed, 60 * self.options.minutes)
        say(f"seed {self.seed}: {len(notes)} notes to play in {self.options.minutes:g} min; journal in {self.folder}")
        try:
            self._prepare()
            self._play(notes)
            self._rest()
        finally:
            self.over.set()
            for thing in [*self.servers, *self.plcs]:
                thing.stop()
        return self._close()

    def _prepare(self):
        batches = int(BATCHES + BATCHES_A_MINUTE * self.options.minutes) if self.options.silos else 0

        def main(line):
            odoo = Odoo(self.database, self.folder)
            with odoo.registry.cursor() as cursor:
                facts = set_up(odoo.env(cursor), batches)
            line.tell(facts)

        fork = Fork(main)
        facts, self.secrets, in_store = fork.line.hear()
        self.in_store = {int(product): place for product, place in in_store.items()}
        fork.wait()
        [[self.first_event]] = self.sql("SELECT coalesce(max(id), 0) FROM mo_batch_journal")
        self.gap = self._with_cursor(accounts_gap)
        for number, ((_name, options, _layout), of_plc) in enumerate(zip(PLCS, facts, strict=True)):
            plc = Plc(options, of_plc, self.database, self.folder, f"{self.seed} {number}")
            self.sql("UPDATE plc_controller SET port = %s WHERE id = %s", plc.proxy.port, plc.id)
            self.plcs.append(plc)
        self.servers = [Server(f"server_{number}", self.database, self.folder) for number in range(score.CLERKS)]
        for server in self.servers:
            server.start()
        for server in self.servers:
            plant.wait_for(f"The first answer of {server.name}", server.is_up, 180)
        say("the plant stands")

    def sql(self, text, *parameters):
        with closing(psycopg2.connect(dbname=self.database)) as connection, connection, connection.cursor() as cursor:
            cursor.execute(text, parameters or None)
            return cursor.fetchall() if cursor.description else None

    def _with_cursor(self, what, *arguments):
        with closing(psycopg2.connect(dbname=self.database)) as connection, connection.cursor() as cursor:
            return what(cursor, *arguments)

    # Playing

    def _play(self, notes):
        self.begun = time.monotonic()
        self.nature = Nature(self.plcs, self.servers, self._end_session, self._stored)
        players = {"nature": self.nature.play}
        for number, server in enumerate(self.servers):
            players[f"clerk {number}"] = self._clerk(server, number).play
        threads = [
            threading.Thread(target=self._perform, args=(play, [note for note in notes if note.player == name]))
            for name, play in players.items()
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(LOOK_SECONDS)
            self._look()

    def _clerk(self, server, role):
        api = Api(server, ROLES[role], self.secrets[role])
        return Clerk(api, self.plcs, self.by_hand, self.taken_out, ROLES[role] == "manager", self.in_store)

    def _perform(self, play, notes):
        for note in notes:
            pause = self.begun + note.at - time.monotonic()
            if pause > 0 and self.over.wait(pause):
                return
            self._perform_note(play, note)

    def _perform_note(self, play, note):
        """A clerk who falls behind goes on without pauses; whatever happens to one click, the next one comes."""
        try:
            if note.what == "decide":
                with self.desk:
                    done = play(note)
            else:
                done = play(note)
            outcome = "nothing to do" if not done else "done"
        except xmlrpc.client.Fault as fault:
            done, outcome = self._judge_fault(note, fault)
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError, plant.Failure) as error:
            done, outcome = f"{type(error).__name__}: {error}", "no answer"
        except psycopg2.Error as error:
            done, outcome = str(error).strip(), "no database"
        except Allowed as error:
            done, outcome = str(error), "allowed"
            self._offend("allowed", done)
        self.counts["nature" if note.player == "nature" else "clicks"] += 1
        self.counts[outcome] += 1
        self._write(note=note.as_dict(), done=done, outcome=outcome)
        return outcome

    def _judge_fault(self, note, fault):
        """Refused in a sentence is an answer; a traceback is none, unless the database session was just ended."""
        text = fault.faultString.strip()
        if fault.faultCode in (2, 4):
            return text, "refused"
        if any(part in text for part in UNUSABLE):
            return text.splitlines()[-1], "no database"
        if any(part in text for part in BUSY):
            return text.splitlines()[-1], "given up"
        self._offend("raw", f"{note.what}: {text.splitlines()[-1]}")
        return text, "raw"

    def _end_session(self, die):
        sessions = self.sql(
            """
            SELECT pid FROM pg_stat_activity
             WHERE datname = %s AND pid != pg_backend_pid() AND backend_type = 'client backend' ORDER BY pid
            """,
            self.database,
        )
        session = score.pick(die, [pid for (pid,) in sessions])
        self.sql("SELECT pg_terminate_backend(%s)", session)
        return session

    def _stored(self, plc, order):
        """kg by code that the database knows of an order that a PLC runs."""
        found = self.sql(
            """
            SELECT line.code, line.actual_qty::float8 FROM mo_batch_line line JOIN mo_batch batch ON batch.id = line.batch_id
             WHERE batch.controller_id = %s AND batch.order_name = %s AND batch.state = 'running' AND line.code > 0
            """,
            plc.id,
            order,
        )
        return dict(found)

    def _write(self, **record):
        self.journal.write(json.dumps({"t": round(time.monotonic() - self.begun, 2), **record}, default=str) + "\n")

    # What must always hold

    def _offend(self, kind, sentence):
        if sentence in self.seen:
            return
        self.seen.add(sentence)
        getattr(self.verdict, kind).append(sentence)
        self._write(offence=kind, sentence=sentence)
        say(f"    {kind.upper()}: {sentence}")

    def _look(self):
        """Read the database first: the mills are then at least as far."""
        for server in self.servers:
            server.revive()
        try:
            batches = self._batches()
            idle = self.sql(f"SELECT cron_name FROM ir_cron WHERE {TASKS} AND NOT active")
        except psycopg2.Error:
            return
        for (name,) in idle:
            self._offend("stuck", f"{name} is switched off")
        for plc in self.plcs:
            ledger = plc.ledger()
            for sentence in ledger.twice():
                self._offend("doubled", f"{plc.name}: {sentence}")
            for sentence in offences(plc.offences):
                self._offend("early", f"{plc.name}: {sentence}")
            self._compare_actuals(plc, ledger, [batch for batch in batches if batch["controller_id"] == plc.id])
        for order, count in Counter(batch["production_id"] for batch in batches if batch["active"]).items():
            if count > 1:
                self._offend("doubled", f"order {order} has {count} open batches")

    def _batches(self):
        with closing(psycopg2.connect(dbname=self.database)) as connection, connection.cursor() as cursor:
            return rows(
                cursor,
                """
                SELECT batch.id, batch.controller_id, batch.production_id, batch.order_name, batch.job_number, batch.state,
                       batch.active, batch.watch_needed,
                       array_agg(line.code) AS codes, array_agg(line.actual_qty::float8) AS actuals
                  FROM mo_batch batch JOIN mo_batch_line line ON line.batch_id = batch.id
                 GROUP BY batch.id
                """,
            )

    def _compare_actuals(self, plc, ledger, batches):
        """What is frozen as completed is what the mill dosed."""
        for batch in batches:
            if batch["state"] not in ("completed", "done") or batch["watch_needed"]:  # a person has yet to say what was dosed
                continue
            records = ledger.of(batch["order_name"], batch["job_number"])
            if not records:
                self._offend("doubled", f"{plc.name}: batch {batch['id']} is {batch['state']}, and the mill never ended it")
                continue
            kg = dosed(records[-1:])
            for code, actual in zip(batch["codes"], batch["actuals"], strict=True):
                if code and abs(actual - kg[code]) > 0.006:
                    self._offend("lost", f"{plc.name}: batch {batch['id']}, {code}: {actual} stored, {kg[code]} dosed")

    # The end

    def _rest(self):
        """No more faults; people only decide what is theirs to decide, until nothing is under way."""
        say("the faults cease")
        self.nature.calm_down()
        clerk = self._clerk(self.servers[0], ROLES.index("manager"))
        seen, moved, begin = None, 0.0, time.monotonic()
        while (now := time.monotonic()) < begin + LONGEST_REST:
            open_batches = self.sql("SELECT id, state FROM mo_batch WHERE active ORDER BY id")
            if open_batches != seen:
                seen, moved = open_batches, now
            elif now > moved + REST_SECONDS:
                break
            self._look()
            decided = [self._press_all(clerk, what) for what in ("decide", "exchange", "retry", "write_back")][0]
            if self._is_at_rest() and decided == ["nothing to do"] * len(self.plcs):
                return
            self.sql("UPDATE mo_batch SET next_try = NULL WHERE next_try IS NOT NULL")
            self.sql("UPDATE mo_batch SET weighings_until = create_date WHERE weighings_until IS NOT NULL")
            time.sleep(2)
        self._say_what_does_not_rest()

    def _say_what_does_not_rest(self):
        for (reason,) in self.sql("SELECT reason FROM plc_weighing WHERE needs_person"):
            self._offend("stuck", f"a weighing is waiting for an operator: {reason}")
        for plc in self.plcs:
            if not plc.has_told():
                self._offend("stuck", f"{plc.name} has more to tell, and nobody tells it that it is stored")
            if plc.peer.mill.batch:
                self._offend("stuck", f"{plc.name} still runs a batch")

    def _press_all(self, clerk, what):
        """Once for each PLC; how each ended."""
        dice = [(number + 0.5) / len(self.plcs) for number in range(len(self.plcs))]
        return [self._perform_note(clerk.play, score.Note(0.0, "at rest", what, (die,) * 4)) for die in dice]

    def _is_at_rest(self):
        """No batch is open but those that nothing has begun, of PLCs that stand still."""
        if self.sql("SELECT 1 FROM mo_batch WHERE active LIMIT 1"):
            self._hold_the_rest()
            return False
        if self.sql("SELECT 1 FROM plc_weighing WHERE needs_person LIMIT 1"):
            return False
        return all(plc.has_told() and not plc.peer.mill.batch for plc in self.plcs)

    def _hold_the_rest(self):
        """What waits in line does not join any more."""
        self.sql(
            """
            UPDATE mrp_production SET plc_withheld = true
             WHERE state = 'confirmed' AND NOT coalesce(plc_withheld, false) AND id NOT IN (
                   SELECT production_id FROM mo_batch WHERE active)
            """
        )

    def _settle(self):
        """Compare the books, order by order."""
        for plc in self.plcs:
            ledger = plc.ledger()
            orders = [row for (row,) in self.sql("SELECT id FROM mrp_production WHERE picking_type_id = %s", plc.picking_type)]
            with closing(psycopg2.connect(dbname=self.database)) as connection, connection.cursor() as cursor:
                stock = Stock(cursor, orders)
            stock.fold()
            typed = [order for order in stock.orders if order["id"] in self.by_hand]
            stock.orders = [order for order in stock.orders if order["id"] not in self.by_hand]
            self._add(compare(stock, ledger, plc.silos, self._weighed(stock) if plc.tells else self._salt(stock)))
            if plc.tells:
                self._compare_events(plc)
            for order in typed:
                self._compare_typed(plc, order, ledger, stock)
            self.counts["made"] += sum(record["event"] == "finished" for record in ledger.ended)
            self.counts["ended badly"] += sum(record["event"] != "finished" for record in ledger.ended)
            self.counts["booked"] += sum(order["state"] == "done" for order in [*stock.orders, *typed])
            self.counts["plant seconds"] += plc.peer.mill.now
            self.counts["checked writes"] += plc.peer.watch.checked
            self.counts["value"] += round(100 * sum(stock.came_out.values()))
            for batch in stock.batches:
                if batch["active"]:
                    self._offend("stuck", f"batch {batch['id']} is {batch['state']}: {batch['attention'] or batch['last_error']}")
            self._compare_silos(plc, typed)
        self.counts["fell"] = self.nature.falls
        self._add(self._with_cursor(compare_accounts, self.gap))

    def _compare_silos(self, plc, typed):
        """Of an order that a clerk closed by hand, and whose batch was taken out, what was booked from the silos counts: what was
        typed stands for the rest."""
        unclear = [order for order in typed if order["id"] in self.taken_out]
        names = {order["name"] for order in unclear}
        records = [record for record in plc.records() if record.get("order") not in names]
        records += self._with_cursor(booked_from_silos, plc.places, [order["id"] for order in unclear])
        self._add(self._with_cursor(compare_silos, plc.places, records))

    def _salt(self, stock):
        """What is added by hand is booked once, with each order that is closed."""
        added = self._added_by_hand(BY_HAND)
        return {order["id"]: added for order in stock.orders if order["state"] == "done"}

    def _added_by_hand(self, recipe):
        """kg by product id, as the orders' recipe says it; what the addon has frozen of it is not asked."""
        [ids] = self.sql(
            "SELECT json_object_agg(name, res_id) FROM ir_model_data WHERE module = 'plc_mo_batch' AND name = ANY(%s)",
            [name for name, _kg in recipe],
        )[0]
        return {ids[name]: kg for name, kg in recipe}

    def _weighed(self, stock):
        """What counts as weighed for the batches of each order, or was typed in as the PLC had forgotten it. That what was
        weighed counts once is compared with the mill's ledger, event by event."""
        return {order["id"]: self._weighed_for(order) for order in stock.orders}

    def _weighed_for(self, order):
        """kg by product id; as planned, besides, where a person closed the order: the batch she had taken out did not."""
        found = self.sql(
            """
            SELECT line.product_id, CASE WHEN line.typed THEN line.typed_qty::float8 ELSE (
                   SELECT coalesce(sum(quantity), 0)::float8 FROM plc_weighing WHERE line_id = line.id AND state = 'matched') END,
                   batch.state = 'done'
              FROM mo_batch_line line JOIN mo_batch batch ON batch.id = line.batch_id
             WHERE batch.order_name = %s AND coalesce(line.code, 0) = 0 AND (batch.state = 'done' OR batch.disposition_booked)
            """,
            order["name"],
        )
        kg = Counter()
        for product, weighed, _made in found:
            kg[product] += weighed
        if order["state"] == "done" and not any(made for *_weighed, made in found):
            kg.update(self._added_by_hand(WEIGHED))
        return kg

    def _compare_events(self, plc):
        """What the mill was told to be stored is stored, and nothing counts more often than it happened."""
        told = Told(plc.records())
        for kind, table in TABLES.items():
            happened = Counter(key(kind, record) for record in told.records[kind])
            flagged = Counter(key(kind, record) for record in told.stored if record.keys() >= KEYS[kind].keys())
            rows_of, counting = self._event_rows(plc, kind, table)
            for what in {*happened, *rows_of}:
                words = f"{plc.name}: {kind} {' '.join(map(str, what))}"
                if rows_of[what] < flagged[what]:
                    self._offend("lost", f"{words}: {flagged[what]} were acknowledged, {rows_of[what]} stored")
                if counting[what] > happened[what]:
                    self._offend("doubled", f"{words}: happened {happened[what]} times, counts {counting[what]} times")
            self.counts[kind] += rows_of.total()
        self.counts["forgotten"] += plc.forgotten
        for weighing, batch in self._weighed_for_others(plc):
            self._offend("doubled", f"{plc.name}: weighing {weighing} counts for batch {batch}, for which nobody weighed it")

    def _weighed_for_others(self, plc):
        """What counts for another batch than the one whose slot and order the PLC named."""
        return self.sql(
            """
            SELECT weighing.id, batch.id FROM plc_weighing weighing JOIN mo_batch_line line ON line.id = weighing.line_id
              JOIN mo_batch batch ON batch.id = line.batch_id
             WHERE weighing.state = 'matched' AND weighing.controller_id = %s
               AND (weighing.order_name, weighing.slot) IS DISTINCT FROM (batch.order_name, batch.slot)
            """,
            plc.id,
        )

    def _event_rows(self, plc, kind, table):
        """By what an event is known by, how often it is stored, and how often it counts."""
        counts = "state != 'dismissed'" if kind == "weighing" else "true"
        names = ", ".join(KEYS[kind].values())
        found = self.sql(f"SELECT {counts}, {names} FROM {table} WHERE controller_id = %s", plc.id)
        return Counter(tuple(what) for _counts, *what in found), Counter(tuple(what) for counts, *what in found if counts)

    def _compare_typed(self, plc, order, ledger, stock):
        """An order into which a clerk typed quantities to close it by hand, perhaps while the PLC made it: booked is what the PLC
        dosed, or, where the order was closed before the PLC was through, that and what was typed. Nothing else; but for an order
        whose batch was taken out: of that, what was last seen is booked, a person books by hand what is missing, and what was
        typed is there already."""
        records = ledger.of(order["name"])
        kg = dosed(records)
        taken_out = order["id"] in self.taken_out
        made = sum(record["weight"] for record in records if record["event"] == "finished")
        seen = self._last_seen(order) if taken_out else {}
        produced = stock.produced[order["id"]]
        if all(abs(produced - expected) > 0.011 for expected in (made, made + ORDER_KG, *([ORDER_KG] if taken_out else []))):
            kind = "lost" if produced < made else "doubled"
            self._offend(kind, f"{order['name']}, closed by hand: {produced:.2f} kg booked as produced, {made:.2f} kg made")
        for product in set(plc.silos.values()):
            made_of = sum(kg[code] for code, held in plc.silos.items() if held == product)
            typed = self.by_hand[order["id"]].get(product, 0.0)
            booked = stock.consumed[order["id"]][product]
            shown = min(seen.get(product, 0.0), made_of)
            expected = (made_of, made_of + typed, *([typed, typed + shown] if taken_out else []))
            if all(abs(booked - each) > 0.011 for each in expected):
                kind = "lost" if booked < made_of else "doubled"
                what = f"{booked:.2f} kg of product {product} booked, {made_of:.2f} dosed, {typed:.2f} typed"
                self._offend(kind, f"{order['name']}, closed by hand: {what}")

    def _last_seen(self, order):
        """kg by product id that the PLC showed of the order's batches, as far as a look still saw it."""
        return dict(
            self.sql(
                """
                SELECT line.product_id, sum(line.actual_qty)::float8
                  FROM mo_batch_line line JOIN mo_batch batch ON batch.id = line.batch_id
                 WHERE batch.production_id = %s AND line.reported GROUP BY line.product_id
                """,
                order["id"],
            )
        )

    def _acts(self):
        """Who acted by the journal: nobody but the two who were let in, and the tasks, when an order was closed or cancelled."""
        found = self.sql(
            """
            SELECT login, count(*) FROM mo_batch_journal event JOIN res_users who ON who.id = event.user_id
             WHERE event.kind = 'user' AND event.id > %s GROUP BY login ORDER BY login
            """,
            self.first_event,
        )
        for login, number in found:
            if login not in (*ROLES, "__system__"):
                self._offend("allowed", f"{number} acts are journalled as those of {login}")
        return ", ".join(f"{number} acts of the {login}" for login, number in found)

    def _add(self, verdict):
        for kind, sentence in verdict.items():
            self._offend(kind, sentence)

    def _close(self):
        self._settle()
        count = self.counts
        unanswered = count["no answer"] + count["no database"]
        say(
            f"{count['plant seconds'] / 3600:.1f} PLC hours: {count['made']} batches made, {count['ended badly']} ended badly, "
            f"{count['booked']} orders closed; {count['nature']} faults, {count['fell']} counters fell; "
            f"{count['clicks']} clicks, {count['refused']} of them "
            f"refused, {unanswered} not answered, {count['given up']} given up by Odoo; {count['checked writes']} writes checked"
        )
        say(
            f"stored: {count['weighing']} weighings, {count['failure']} failures, {count['forgotten']} forgotten by the PLC; "
            f"{self._acts()}; value {count['value'] / 100:.2f} produced"
        )
        say(f"soak {self.seed}: {self.verdict}")
        if self.verdict:
            subprocess.run(["pg_dump", "-Fc", "-f", self.folder / "soak.dump", self.database], check=False)
            flags = f"{' --bare' if self.options.bare else ''} --{'' if self.options.silos else 'no-'}silos"
            say(f"again: dev/soak --seed {self.seed} --minutes {self.options.minutes:g}{flags}")
        if self.verdict or not count["made"]:
            return 1
        shutil.rmtree(self.folder)
        return 0


def parse():
    parser = argparse.ArgumentParser(prog="dev/soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--seed", type=int, default=None, help="the same seed plays the same score again (default: one is drawn, and told)")
    add("--minutes", type=float, default=5.0, help="until the faults cease (default: %(default)g)")
    add("--bare", action="store_true", help="without accounting, sales and all else that a plant has beside manufacturing")
    add("--silos", action=argparse.BooleanOptionalAction, help=SILOS_HELP)
    options = parser.parse_args()
    options.silos = not options.bare if options.silos is None else options.silos
    if options.seed is None:
        options.seed = random.randrange(1_000_000)
    return options


def main():
    return Soak(parse()).run()


if __name__ == "__main__":
    sys.exit(main())
