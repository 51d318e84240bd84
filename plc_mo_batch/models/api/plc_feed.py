import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import psycopg2

from odoo import api, models
from odoo.tools import SQL, mute_logger

from ...tools.odoo_edge import get_parameter
from .refusals import BAD_ARGUMENT, STALE_CURSOR, refused

# What makes a database the one that numbered the transactions: a restored, copied or promoted one counts on by itself. Not
# every service lets its users ask for the last two.
IDENTITY = (
    "SELECT oid::text FROM pg_database WHERE datname = current_database()",
    "SELECT system_identifier::text FROM pg_control_system()",
    "SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)",  # the timeline
)
# `next`: the transaction that comes next, in 64 bits, and its age. `horizon`: the oldest one of this database that is still
# open; all below have ended, and we see what they did. Those of other databases write nothing here, so they hold nothing up.
# They are known by what pg_stat_activity says now: one that has ended since then, or that we may not see, counts as ours.
SEEN = SQL(
    """
    (SELECT pg_snapshot_xmax(seen)::text::bigint AS next,
            age(pg_snapshot_xmax(seen)::xid)::bigint AS age,
            LEAST((SELECT min(open::text::bigint) FROM pg_snapshot_xip(seen) AS open
                    WHERE NOT EXISTS (SELECT FROM pg_stat_activity
                                       WHERE datname <> current_database() AND backend_xid = open::xid)),
                  pg_current_xact_id_if_assigned()::text::bigint,
                  pg_snapshot_xmax(seen)::text::bigint) AS horizon
       FROM pg_current_snapshot() AS seen OFFSET 0)
    """
)


class PlcFeed(models.AbstractModel):
    """What has changed since a cursor: each change at least once, none skipped.

    Neither ids nor times can say that. A transaction that began earlier may commit later, and what it wrote would lie behind the
    cursor. So records come in the order of the transactions that wrote them last, and only those up to the oldest one that is
    still open: nothing can appear below it any more. A change waits for it, for seconds.
    """

    _name = "plc.feed"
    _inherit = "plc.api"
    _description = "Feed of Changes"

    @api.model
    def _api_changed(self, cursor, limit, domain, show):
        """A page of the feed.

        :param show: gives what is told of a record
        """
        limit = self._api_whole("limit", limit)
        name = self._feed_name(domain)
        after = self._feed_position(self._api_text("cursor", cursor), name)
        rows = self._feed_rows(after, limit + 1, domain)
        page = rows[:limit]
        records = self.browse(record_id for _transaction, record_id in page)
        return {
            "records": [show(record) for record in records],
            "cursor": self._feed_pack(name, *(page[-1] if page else after)),
            "more": len(rows) > limit,
        }

    @api.model
    def _feed_rows(self, after, limit, domain):
        """(transaction, id) of what follows a position, oldest first. The user's record rules hold."""
        self.env.flush_all()
        query = self.with_context(active_test=False)._search(domain)
        query.add_join("JOIN", "seen", SEEN, SQL("TRUE"))
        transaction, record_id = number_of(self._feed_age(query)), SQL.identifier(query.table, "id")
        query.add_where(SQL("%s < seen.horizon", transaction))
        query.add_where(SQL("(%s, %s) > (%s, %s)", transaction, record_id, *after))
        query.order = SQL("1, 2")
        query.limit = limit
        return self.env.execute_query(query.select(transaction, record_id))

    @api.model
    def _feed_age(self, query):
        """How long ago a record was written last, in transactions."""
        return age_of(query.table)

    # The cursor

    @api.model
    def _feed_name(self, domain):
        """Which feed of which database a cursor belongs to."""
        parts = [self._name, repr(domain), get_parameter(self.env, "database.uuid"), *map(self._feed_ask, IDENTITY)]
        return sha256("\n".join(parts).encode()).hexdigest()[:32]

    @api.model
    def _feed_ask(self, query):
        """What the database says of itself; empty if we may not know."""
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint(flush=False):
                self.env.cr.execute(query)
                return self.env.cr.fetchone()[0]
        except psycopg2.DatabaseError:
            return ""

    @api.model
    def _feed_pack(self, name, transaction, record_id):
        return urlsafe_b64encode(json.dumps([name, transaction, record_id]).encode()).decode()

    @api.model
    def _feed_position(self, cursor, name):
        """The position that a cursor stands for: the transaction and the id of what was given last.

        :raise UserError: if it is none, or of another feed or database
        """
        if not cursor:
            return 0, 0
        try:
            of, transaction, record_id = _unpack(cursor)
        except (ValueError, TypeError):
            raise refused(BAD_ARGUMENT, self.env._("`cursor` is not one that this method gave.")) from None
        if of != name or transaction >= self._feed_next():
            sentence = self.env._(
                "The cursor is of another database, or of other arguments. A database that was restored, copied or moved is "
                "another one. Begin again without a cursor."
            )
            raise refused(STALE_CURSOR, sentence)
        return transaction, record_id

    @api.model
    def _feed_next(self):
        [[number]] = self.env.execute_query(SQL("SELECT next FROM %s AS seen", SEEN))
        return number


def age_of(table):
    """How many transactions ago a row was written last: its 32 bits, as PostgreSQL counts them back from now. Reading the bits
    themselves takes ten times as long."""
    return SQL("(age(%s)::bigint & 4294967295)", SQL.identifier(table, "xmin"))


def number_of(age):
    """The transaction of that age, in 64 bits."""
    return SQL("seen.next - ((%s - seen.age) & 4294967295)", age)


def _unpack(cursor):
    name, transaction, record_id = json.loads(urlsafe_b64decode(cursor.encode("ascii")))
    numbers = all(type(number) is int and 0 <= number < 2**63 for number in (transaction, record_id))
    if not numbers or not isinstance(name, str):
        raise ValueError(cursor)
    return name, transaction, record_id
