"""Where things lie: this clone, and the cache that all clones share (made by dev/env.sh)."""

import hashlib
import os
import shutil
from pathlib import Path

DEV = Path(__file__).resolve().parents[1]
ROOT = DEV.parent
ADDON = ROOT / "plc_mo_batch"
CACHE = (Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plc_mo_batch").resolve()
LOGS = CACHE / "log"
FILESTORE = CACHE / "data" / "filestore"


def digest(*parts: bytes) -> str:
    """Twelve hexadecimal digits, as dev/env.sh's ``hash`` makes them: names in the cache end with them."""
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def digest_line(text: str) -> str:
    return digest(text.encode(), b"\n")


def remove(path: Path) -> None:
    """A folder with all that is in it, a link, or nothing."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)
