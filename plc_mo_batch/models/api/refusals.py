"""What a program reads in an error: a code that stays, beside the sentence, which is translated and may be reworded."""

from contextlib import contextmanager

from odoo.exceptions import AccessDenied, AccessError, LockError, MissingError, UserError

BAD_ARGUMENT = "bad_argument"  # it can never be right: mend the program
BUSY = "busy"  # others are at work on it: try again
FAILED = "failed"  # an error of ours, in the server's log
FORBIDDEN = "forbidden"
KEY_REUSED = "key_reused"  # the key belongs to another call
NOT_ALLOWED = "not_allowed"  # not now: the sentence says why
NOT_FOUND = "not_found"
STALE_CURSOR = "stale_cursor"  # it is of another database: begin again without one

CODES = (BAD_ARGUMENT, BUSY, FAILED, FORBIDDEN, KEY_REUSED, NOT_ALLOWED, NOT_FOUND, STALE_CURSOR)
CLASSES = (
    (MissingError, NOT_FOUND),
    (AccessError, FORBIDDEN),
    (AccessDenied, FORBIDDEN),
    (LockError, BUSY),
    (UserError, NOT_ALLOWED),
)


def refused(code, sentence):
    """A UserError with a code of its own; any other gets that of its class."""
    error = UserError(sentence)
    error.context = {"code": code}
    return error


def code_of(error):
    own = getattr(error, "context", {}).get("code")
    return own or next((code for kind, code in CLASSES if isinstance(error, kind)), FAILED)


@contextmanager
def coded():
    """A refusal of the block has its code where Odoo's JSON protocols show it: in ``context``."""
    try:
        yield
    except UserError as error:
        error.context = {**getattr(error, "context", {}), "code": code_of(error)}
        raise
