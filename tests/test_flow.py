"""One word from the socket to the stock move, as ``dev/flow`` counts its way through the addon: few files, hardly a return."""

import re
import subprocess
import sys

LINE = re.compile(r"^(.+): (\d+) \w+, (\d+) files, (\d+) changes, (\d+) returns$", re.MULTILINE)
FILES, RETURNS = 12, 4


def test_flow():
    run = subprocess.run([sys.executable, "-m", "workshop.flow", "-v"], capture_output=True, text=True, timeout=1800, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    figures = {title: [int(each) for each in counts] for title, *counts in LINE.findall(run.stdout)}
    assert len(figures) == 4, run.stdout
    stations, files, _changes, returns = figures["one word, socket to stock move"]
    assert 20 < stations, run.stdout
    assert files <= FILES and returns <= RETURNS, run.stdout
