"""Wrong keys are slowed down, by the address that they come from. No ``odoo`` import."""

from threading import Lock
from time import monotonic

FREE = 10  # wrong ones in a row before anybody has to wait: a person who mistypes
FIRST = 1.0  # seconds to wait then; twice as long after each further one
LONGEST = 60.0
REMEMBERED = 1000  # addresses


class Attempts:
    """What this process saw. Several workers together allow as many times more, which does not matter: it is for floods."""

    def __init__(self, clock=monotonic):
        self._clock = clock
        self._failed = {}  # address -> how many in a row, and until when it has to wait
        self._lock = Lock()

    def wait(self, address):
        """Seconds until the next key from the address is looked at; 0: now."""
        _count, until = self._failed.get(address, (0, 0.0))
        return max(0.0, until - self._clock())

    def failed(self, address):
        with self._lock:
            count = self._failed.pop(address, (0, 0.0))[0] + 1
            pause = min(LONGEST, FIRST * 2 ** min(count - FREE, 16)) if count >= FREE else 0.0
            self._failed[address] = count, self._clock() + pause
            if len(self._failed) > REMEMBERED:
                del self._failed[next(iter(self._failed))]  # the one that was last wrong the longest ago

    def succeeded(self, address):
        with self._lock:
            self._failed.pop(address, None)
