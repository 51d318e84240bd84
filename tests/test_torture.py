"""``make torture``, shortened: some points of each kind, for either handshake (docs/reliability.md has the figures of all)."""

import re
import subprocess

import pytest
from plant import DEV

LINE = re.compile(r"torture: (\d+) points tried \((\d+) not reached\), 0 doubled, 0 lost, 0 stuck, 0 told before it was stored")


def torture(*options):
    run = subprocess.run([DEV / "torture", *map(str, options)], capture_output=True, text=True, timeout=900)
    found = LINE.search(run.stdout)
    assert run.returncode == 0 and found, run.stdout + run.stderr
    return run.stdout, int(found[1]), int(found[2])


@pytest.mark.parametrize("handshake, stride, first", [("job-numbers", 263, 50), ("flags", 521, 200)])
def test_killed_at_some_points(handshake, stride, first):
    output, tried, missed = torture("--handshake", handshake, "--stride", stride, "--first", first)
    assert "sabotage: 4 of 4 found" in output
    assert tried >= 5
    assert not missed


def test_one_point_again():
    output, tried, missed = torture("--replay", "odoo/40a", "--verbose", "--no-sabotage")
    assert (tried, missed) == (1, 0)
    assert re.search(r"^odoo/40a \(after (read|write) at \d+\): 2 lives", output, re.MULTILINE), output
