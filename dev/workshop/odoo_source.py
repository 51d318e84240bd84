"""Odoo itself: the one that ODOO_BIN names, or Debian's package of Odoo 19, unpacked into the cache."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from glob import glob
from pathlib import Path

from workshop.host import Failure, locked, logged, say
from workshop.paths import CACHE, LOGS, digest_line

TREE = CACHE / "odoo-19"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FONTS = ("fonts-font-awesome", "fonts-inconsolata")  # in the release that the machine runs, too
PACKAGES = (  # of unstable: Odoo, with the scripts and fonts that it links to
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
)
# a script that Odoo's bundles name and Debian leaves out: without it every browser test ends with a console error
LEFT_OUT = "usr/lib/python3/dist-packages/odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class OdooSource:
    """``script``: the command; ``path``: the folder that has the package ``odoo``; ``key``: says which Odoo it is."""

    script: Path
    path: Path
    key: str


def find_odoo() -> OdooSource:
    """:raise Failure: where there is none and none can be had"""
    own = os.environ.get("ODOO_BIN")
    return _own(own) if own else _packaged()


def _own(odoo_bin):
    """odoo-bin of a source checkout, or the odoo of an installation (of which only the odoo package is taken)."""
    found = shutil.which(odoo_bin)
    if not found:
        raise Failure(f"ODOO_BIN is '{odoo_bin}', which is not a program that can be run.")
    script = Path(found).resolve()
    folder = script.parent
    installed = (sorted(glob(f"{folder}/../lib/python3*/{kind}-packages")) for kind in ("dist", "site"))
    for candidate in map(Path, [folder, *sum(installed, []), "/usr/lib/python3/dist-packages"]):
        release = candidate / "odoo" / "release.py"
        if not release.is_file():
            continue
        if not re.search(r"^version_info = \(19, 0,", release.read_text(), re.MULTILINE):
            raise Failure(f"{odoo_bin} is not an Odoo 19.0.")
        path = candidate.resolve()
        return OdooSource(script, path if candidate == folder else _linked(path), f"{path} {_revision(path)}")
    raise Failure(f"No odoo package was found beside {odoo_bin}.")


def _revision(path):
    if not shutil.which("git"):
        return ""
    done = subprocess.run(["git", "-C", path, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _linked(path):
    """A folder that has the package alone: what else is installed beside it must not be found."""
    folder = CACHE / f"odoo-{digest_line(str(path))}"
    folder.mkdir(exist_ok=True)
    link = folder / f"odoo.{os.getpid()}"
    link.symlink_to(path / "odoo")
    link.replace(folder / "odoo")  # at once: another clone may just be using it
    return folder


def _packaged():
    if not TREE.is_dir():
        with locked("setup"):
            if not TREE.is_dir():
                _Fetch(TREE.with_name(f"{TREE.name}.part")).run()
    return OdooSource(TREE / "usr/bin/odoo", TREE / "usr/lib/python3/dist-packages", (TREE / "version").read_text().rstrip("\n"))


class _Fetch:
    """Debian's package of Odoo 19 is in unstable: unpacked, not installed."""

    def __init__(self, part):
        self.part = part
        self.own = ["apt-get"]
        self.private = ["-o", f"Dir::Cache={part}", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none"]

    def run(self):
        """:raise Failure:"""
        if not shutil.which("apt-get"):
            raise Failure("Odoo 19 is taken from a Debian package: set ODOO_BIN where there is no apt-get.")
        say("Fetching Odoo 19 (122 MB, about a minute) …")
        shutil.rmtree(self.part, ignore_errors=True)
        for name in ("debs", "tree", "release/partial", "sid/partial"):
            (self.part / name).mkdir(parents=True)
        sid = self._sid(self._release())
        logged("apt", [*sid, "update"])
        if not self._download(sid, PACKAGES):
            raise Failure(f"Odoo 19 could not be downloaded: see {LOGS / 'download.log'}")
        self._unpack()

    def _release(self):
        """The machine's own Debian source, by whose lists the fonts are downloaded; by fresh lists where it has none."""
        uri = self._uri(self.own)
        if uri and self._download([*self.own, *self.private], FONTS):
            return uri
        own = [*self.own, "-o", f"Dir::State::Lists={self.part}/release", *self.private]
        logged("apt", [*own, "update"])
        uri = self._uri(own)
        if not uri:
            raise Failure("apt knows no Debian source, from which Odoo 19 could be taken: set ODOO_BIN.")
        if not self._download(own, FONTS):
            raise Failure(f"{FONTS[0]} could not be downloaded.")
        return uri

    def _uri(self, apt):
        """The address of the machine's own Debian source (not of its security updates); none if there is none."""
        targets = ["indextargets", "--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages", "Origin: Debian"]
        done = subprocess.run([*apt, *targets], capture_output=True, text=True, check=False)
        found = [line.split() for line in done.stdout.splitlines()] if done.returncode == 0 else []
        return next((words[0] for words in found if words[1:] == ["Debian"]), "")

    def _sid(self, uri):
        """The command apt-get that knows unstable alone."""
        key = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
        sources = self.part / "sid.list"
        sources.write_text(f"deb {key}{uri} sid main\n")
        options = {"Dir::Etc::SourceList": sources, "Dir::Etc::SourceParts": "-", "Dir::State::Lists": self.part / "sid"}
        options["APT::Default-Release"] = "sid"
        return ["apt-get", *(part for name, value in options.items() for part in ("-o", f"{name}={value}")), *self.private]

    def _download(self, apt, packages):
        """Whether they could be."""
        with (LOGS / "download.log").open("wb") as log:
            command = [*apt, "download", *packages]
            return not subprocess.call(command, cwd=self.part / "debs", stdout=log, stderr=subprocess.STDOUT)

    def _unpack(self):
        tree = self.part / "tree"
        for deb in sorted((self.part / "debs").glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", deb, tree], check=True)
        [odoo] = (self.part / "debs").glob("odoo-19_*.deb")
        version = subprocess.run(["dpkg-deb", "-f", odoo, "Version"], check=True, capture_output=True, text=True).stdout
        (tree / "version").write_text(version)
        (tree / LEFT_OUT).parent.mkdir(parents=True, exist_ok=True)
        (tree / LEFT_OUT).touch()
        tree.rename(TREE)
        shutil.rmtree(self.part)
