"""The short form of ``workshop.bench.servers``: two servers share eight PLCs, one is killed, and the other serves all of them."""

import re
import subprocess
import sys

from support import long_run

PLCS = 8
SHARES = re.compile(
    rf"^{PLCS} PLCs, (\d+) and (\d+) at the two servers; the first one killed: the other holds all after", re.MULTILINE
)


@long_run(5)
def test_server_killed():
    command = [sys.executable, "-m", "workshop.bench.servers", str(PLCS)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    shares = SHARES.match(run.stdout)
    assert shares, run.stdout
    assert all(int(share) > 0 for share in shares.groups())
