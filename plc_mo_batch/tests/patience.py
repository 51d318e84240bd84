"""How long tests wait. On a busy machine whatever is certain to come may take its time: a test waits for the thing itself, and
the limits here only end what would never end. What is *not* to come has to be waited out: for a moment."""

import time

DEADLINE = 300.0  # seconds until what is certain to come is taken for lost
SURE = 30.0  # the longest timeout that a PLC may have: where what comes ends the wait
SILENT = 0.05  # where nothing comes
# for a wait that only its end tells from "not yet": a moment first, and more of it where that was too short
PATIENCES = (0.3, 3.0, SURE)


def wait_until(condition, what):
    """Return what ``condition()`` gave as soon as that is true.

    :raise AssertionError: "``what`` did not come …", after :data:`DEADLINE`
    """
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {DEADLINE:.0f} s")
        time.sleep(0.01)
    return found
