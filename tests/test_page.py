"""The addon's page in the list of apps is what the fragments in readme/ say, with the pictures of docs/images."""

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "dev" / "page.py"


def test_page_is_made_of_the_fragments():
    run = subprocess.run([sys.executable, PAGE, "--check"], capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
