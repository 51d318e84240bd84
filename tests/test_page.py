"""The addon's page in the list of apps is what the fragments in readme/ say, with the pictures of docs/images."""

import subprocess
import sys


def test_page_is_made_of_the_fragments():
    command = [sys.executable, "-m", "workshop.page", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
