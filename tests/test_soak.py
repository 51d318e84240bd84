"""``make soak``, shortened: half a minute of faults and clicks from a fixed seed (longer ones: docs/reliability.md)."""

import re
import subprocess

from support import long_run

from workshop.plant import DEV

LINE = re.compile(r"soak 11: 0 doubled, 0 lost, 0 stuck, 0 told before it was stored, 0 raw errors, 0 rights exceeded")
COUNTS = re.compile(r"(\d+) batches made, .*?; (\d+) faults, \d+ counters fell; (\d+) clicks")


@long_run(3)
def test_faults_and_clicks():
    run = subprocess.run([DEV / "soak", "--seed", "11", "--minutes", "0.4"], capture_output=True, text=True, timeout=2700)
    assert run.returncode == 0 and LINE.search(run.stdout), run.stdout + run.stderr
    made, faults, clicks = map(int, COUNTS.search(run.stdout).groups())
    assert made and faults >= 20 and clicks >= 20, run.stdout
