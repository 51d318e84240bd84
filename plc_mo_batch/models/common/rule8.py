"""Rule 8: one bad PLC, batch, order or event never stops the others. The one shape of it that is easy to get wrong."""

from contextlib import contextmanager

from psycopg2.extensions import TransactionRollbackError


class Attempt:
    """What was tried. ``error``: the exception by which it failed, after the block; None where it did not."""

    error = None


@contextmanager
def apart(env, through=()):
    """Try something that must not keep anything else from being done: where it fails it is undone, and the caller goes on.

    A savepoint flushes first, what others wrote into the cache, too. So a transaction that PostgreSQL gave up is not hidden here,
    but goes on to whom it belongs: its work is lost as a whole, and has to be done again as a whole.

    :param through: other exceptions that go on to the caller; what was done is undone all the same
    :return: an :class:`Attempt`
    """
    attempt = Attempt()
    try:
        with env.cr.savepoint():
            yield attempt
            env.flush_all()  # while it can be undone
    except (TransactionRollbackError, *through):
        raise
    except Exception as error:
        env.invalidate_all()
        attempt.error = error
