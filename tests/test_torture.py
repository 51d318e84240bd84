"""``make torture``, shortened: some points of each kind, for either handshake (docs/reliability.md has the figures of all).

``make test`` takes one of these, soak and races in turn.
"""

import re
import subprocess

from support import long_run

from workshop.plant import DEV

LINE = re.compile(r"torture: (\d+) points tried \((\d+) not reached\), 0 doubled, 0 lost, 0 stuck, 0 told before it was stored")


def torture(*options):
    """A database for few cycles is made sooner than one for many, and copied in no time."""
    command = [DEV / "torture", "--cycles", "4", *map(str, options)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=2700)
    found = LINE.search(run.stdout)
    assert run.returncode == 0 and found, run.stdout + run.stderr
    return run.stdout, int(found[1]), int(found[2])


@long_run(0)
def test_job_numbers_killed_at_some_points():
    output, tried, missed = torture("--handshake", "job-numbers", "--stride", 531, "--first", 50)
    assert "sabotage: 7 of 7 found" in output
    assert tried >= 5
    assert missed <= 1  # a cycle may have an event less than the one that was counted


@long_run(1)
def test_flags_killed_at_some_points():
    _output, tried, missed = torture("--handshake", "flags", "--stride", 947, "--first", 200, "--no-sabotage")
    assert tried >= 3
    assert missed <= 1


@long_run(2)
def test_weighings_and_failures_killed_at_some_points():
    _output, tried, missed = torture("--cycle", "events", "--handshake", "flags", "--stride", 131, "--first", 60, "--no-sabotage")
    assert tried >= 3
    assert missed <= 1
