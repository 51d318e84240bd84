"""The short form of ``make races``: a few rounds of each race, in a process of its own with two servers and four PLCs."""

import re
import subprocess
import sys

from support import long_run

ROUNDS = 10
ROW = re.compile(r"^\| (.+) \| (\d+) \| (.+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


@long_run(4)
def test_races():
    command = [sys.executable, "-m", "workshop.races", str(ROUNDS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    rows = ROW.findall(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(rows) == 4, run.stdout
    for race, tried, won, doubled, lost in rows:
        assert (int(doubled), int(lost)) == (0, 0), f"{race}: {won}\n{run.stderr}"
        assert int(tried) >= ROUNDS, f"{race} was tried {tried} times"
