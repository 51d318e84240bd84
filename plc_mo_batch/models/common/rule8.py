"""Rule 8: one bad PLC, batch, order or event never stops the others. The one pattern for it, as it is easily done wrong."""

from contextlib import contextmanager

from psycopg2.extensions import TransactionRollbackError


class Attempt:
    """The attempt. ``error``, after the block: the exception that made it fail, or None."""

    error = None


@contextmanager
def apart(env, through=()):
    """Try something that must never stop the rest. If it fails, it is undone and the caller goes on.

    A savepoint begins with a flush, and that also writes what others left in the cache. So a transaction that PostgreSQL has
    aborted is not hidden here: its error goes to its owner, as all its work is lost and must be repeated as a whole.

    :param through: other exceptions that go on to the caller; what was done is undone all the same
    :return: an :class:`Attempt`
    """
    attempt = Attempt()
    try:
        with env.cr.savepoint():
            yield attempt
            env.flush_all()  # now, while it can still be undone
    except (TransactionRollbackError, *through):
        raise
    except Exception as error:
        env.invalidate_all()
        attempt.error = error
