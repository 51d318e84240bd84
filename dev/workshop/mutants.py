"""What dev/mutants runs: mutmut on the modules of ``plc/`` that decide, in a scratch copy; then what survived, and why.

A mutant is known by its function and by the lines that it changes, so that ``docs/mutation.md`` can explain it for good.
One that only says a sentence in other words is killed by ``test_translations``, which needs Odoo and finds each text that has no
translation; here the same is asked of the file of translations.
Exit code 1: one survived that nobody explained.
"""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import polib

from workshop.paths import ROOT

EXPLAINED = ROOT / "docs" / "mutation.md"
TRANSLATIONS = ROOT / "plc_mo_batch" / "i18n" / "id.po"
TEXT = re.compile(r'_lt\("((?:[^"\\]|\\.)*)"')  # a sentence in the source
PLC, TESTS = "plc_mo_batch/plc", "plc_mo_batch/tests"
# module -> the plain tests that have a say in it
MODULES = {
    "sentences": ("test_sentences::TestSentence", "test_layout", "test_reconcile_sentences", "test_reconcile_watched"),
    "codec": ("test_codec", "test_codec_properties", "test_layout", "test_dissect"),
    "layout": (
        "test_layout",
        "test_layout_rules",
        "test_clock",
        "test_dissect",
        "test_reconcile",
        "test_reconcile_watched",
        "test_signature",
    ),
    "dissect": ("test_dissect", "test_clock"),
    "constants": ("test_constants",),
    "register_table": ("test_register_table", "test_pasted_table"),
    "pasted_table": ("test_pasted_table",),
    "steps": ("test_reconcile",),
    "handshake": ("test_reconcile", "test_reconcile_sentences", "test_reconcile_watched", "test_reconcile_unbelieved"),
    "job_numbers": ("test_reconcile", "test_reconcile_sentences", "test_reconcile_watched", "test_reconcile_unbelieved"),
    "flags": ("test_reconcile", "test_reconcile_sentences", "test_reconcile_watched", "test_reconcile_unbelieved"),
    "reconcile": ("test_reconcile", "test_reconcile_sentences", "test_reconcile_watched", "test_reconcile_unbelieved"),
    "events": ("test_events", "test_events_rules"),
    "clock": ("test_clock",),
    "levels": ("test_levels",),
    "curve": ("test_curve",),
    "doses": ("test_doses",),
    "address": ("test_address",),
    "transport": ("test_transport", "test_wires", "test_address", "test_manners"),
    "wire": ("test_transport", "test_wires", "test_wire_registry", "test_manners", "test_fins"),
    "wires/__init__": ("test_wire_registry",),
    "wires/fins": ("test_fins", "test_wire_faults::TestFinsUdp", "test_wire_faults::TestFinsTcp"),
    "wires/s7": ("test_s7", "test_wire_faults::TestS7"),
    "wires/opcua": ("test_opcua", "test_wire_faults::TestOpcUa", "test_browse"),
    "trust": ("test_trust",),
    "browse": ("test_browse",),
    "look": ("test_look", "test_manners", "test_signature"),
    "signature": ("test_signature",),
    "trial": ("test_trial",),
    "exchange": ("test_conversations", "test_rounds"),
}
TABLES = "tables"  # beside the modules: the handshakes' tables
# module -> what takes too long for every mutant, and sees only those that survived: the table of the exhaustive model
MODEL = """
import sys

import workshop.plain
from plc_mo_batch.tests.plc_model import Model, rows

sys.exit(any(Model(cell[0]).explore().wrong != cell[1] for _name, cells in rows() for cell in cells if cell))
"""
SLOW = dict.fromkeys(("handshake", "job_numbers", "flags", "reconcile"), MODEL)
SLOW_SECONDS = 900
SHOW = """
import json, sys

from mutmut.mutation.diff_apply import get_diff_for_mutant

print(json.dumps({name: get_diff_for_mutant(name) for name in json.load(sys.stdin)}))
"""
# mutmut runs the same test again and again in one process, which hypothesis thinks unhealthy
CONFTEST = """
import sys

import hypothesis.core
import workshop.plain
from hypothesis import settings
from mutmut.state import state
from plc_mo_batch.tests import patience

patience.SURE = 10.0  # what a mutant keeps from coming would be waited for until its time is over
patience.PATIENCES = (*patience.PATIENCES[:2], patience.SURE)
hypothesis.core.fail_health_check = lambda *_args, **_options: None
settings.register_profile("mutants", deadline=None, derandomize=True, database=None)
settings.load_profile("mutants")


def pytest_runtest_setup():  # what was computed before anything was changed, and kept, would hide the change
    for name, module in list(sys.modules.items()):
        if "plc_mo_batch.plc." in name:
            for kept in filter(lambda value: hasattr(value, "cache_clear"), vars(module).values()):
                kept.cache_clear()


def pytest_collection_modifyitems(items):  # the fast ones first: most mutants do not see the slow ones
    for name in ("patience", "fault_proxy", "rude_server"):  # not what starts a peer, which may take longer
        if module := sys.modules.get(f"plc_mo_batch.tests.{name}"):
            module.DEADLINE = 20.0
    seconds = state().duration_by_test
    items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))
"""
KILLED = ("killed", "killed by the model", "timeout", "caught by type check")


def _environment(**variables):
    """Of a process in the scratch copy, which must not find this clone: pytest.ini there names its own ``dev``."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**inherited, **variables}


class Mutant(NamedTuple):
    """One change: ``function`` as ``module.Class.name``, the lines before and after it."""

    function: str
    before: str
    after: str

    def __str__(self):
        return f"{self.function}: `{self.before}` -> `{self.after}`"


class Run:
    """mutmut on one module, in a folder of its own."""

    def __init__(self, module, folder):
        self.module = module
        self.folder = folder
        for name in ("plc_mo_batch", "dev", "pytest.ini"):
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name)
        (folder / "conftest.py").write_text(CONFTEST)
        names = (name.partition("::") for name in MODULES[module])
        files = {path.stem: path.relative_to(ROOT) for path in (ROOT / TESTS).rglob("test_*.py")}
        tests = " ".join(f"{files[name]}{colons}{case}" for name, colons, case in names)
        options = {
            "source_paths": PLC,
            "only_mutate": f"{PLC}/{module}.py",
            "also_copy": "dev conftest.py plc_mo_batch pytest.ini",
            "pytest_add_cli_args_test_selection": tests,
            "timeout_constant": "10",  # seconds beside what its tests take: the machine may be busy,
            "timeout_multiplier": "4",  # and a mutant that only was too slow would count as killed
        }
        lines = [f"{name}=" + "".join(f"\n    {item}" for item in value.split()) for name, value in options.items()]
        (folder / "setup.cfg").write_text("\n".join(["[mutmut]", *lines, ""]))

    def mutmut(self, *args):
        """What it prints."""
        done = subprocess.run(["mutmut", *args], cwd=self.folder, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"mutmut {' '.join(args)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def results(self):
        """[(name, status)] of all mutants, those that only the slow tests kill included."""
        self.mutmut("run", "--max-children", os.environ.get("MUTANTS_CHILDREN", str(os.cpu_count())))
        found = re.findall(r"^\s*(\S+__mutmut_\d+): (.+)$", self.mutmut("results", "--all", "true"), re.MULTILINE)
        slow = SLOW.get(self.module)
        return [(name, self._again(name) if slow and status not in KILLED else status) for name, status in found]

    def _again(self, name):
        command = [sys.executable, "-c", SLOW[self.module]]
        environment = _environment(PYTHONPATH="dev", MUTANT_UNDER_TEST=name)
        try:
            done = subprocess.run(
                command, cwd=self.folder / "mutants", env=environment, capture_output=True, timeout=SLOW_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return "timeout"
        return "killed by the model" if done.returncode else "survived"

    def mutants(self, names):
        """What these mutants change."""
        command = [sys.executable, "-c", SHOW]
        shown = subprocess.run(command, cwd=self.folder, input=json.dumps(names), capture_output=True, text=True, check=True)
        return [_mutant(name, diff) for name, diff in json.loads(shown.stdout).items()]


def _mutant(name, diff):
    changed = {sign: [] for sign in "-+"}
    for line in diff.splitlines():
        if line[:1] in changed and line[:3] not in ("---", "+++"):
            changed[line[0]].append(line[1:].strip())
    function = re.sub(r"__mutmut_\d+$", "", name.removeprefix("plc_mo_batch.plc."))
    function = re.sub(r"\.xǁ(\w+)ǁ", r".\1.", function).replace(".x_", ".")
    return Mutant(function, " ".join(changed["-"]), " ".join(changed["+"]))


def has_no_translation(mutant, known):
    """It changes the words of a sentence and nothing else, and nobody translated those."""
    if TEXT.sub("", mutant.before) != TEXT.sub("", mutant.after):
        return False
    return not {ast.literal_eval(f'"{text}"') for text in TEXT.findall(mutant.after)} <= known


def explained():
    """The mutants that docs/mutation.md explains, as they are printed here."""
    text = EXPLAINED.read_text() if EXPLAINED.exists() else ""
    return set(re.findall(r"^- (.+->.+`)$", text, re.MULTILINE))


def try_module(module):
    """(how often which status, the mutants that survived)"""
    translated = {entry.msgid for entry in polib.pofile(str(TRANSLATIONS)) if entry.msgstr}
    with tempfile.TemporaryDirectory(prefix="mutants_") as folder:
        run = Run(module, Path(folder))
        results = run.results()
        survivors = run.mutants([name for name, status in results if status not in KILLED])
    lives = [mutant for mutant in survivors if not has_no_translation(mutant, translated)]
    counts = Counter(status for _name, status in results if status in KILLED)
    counts += Counter({"has no translation": len(survivors) - len(lives), "lives": len(lives)})
    return counts, lives


def report(module, known):
    """Try one module and tell; how many live that nobody explained."""
    counts, lives = try_module(module)
    print(f"{module}: {counts.total()} mutants, {counts.total() - counts['lives']} killed ({dict(counts)})", flush=True)
    for mutant in lives:
        print(f"  {'explained' if str(mutant) in known else 'SURVIVED '} {mutant}", flush=True)
    for mutant in sorted(known - set(map(str, lives))):
        if mutant.startswith(f"{module.removesuffix('/__init__')}."):
            print(f"  no longer lives, though it is explained: {mutant}", flush=True)
    return sum(str(mutant) not in known for mutant in lives)


def report_tables():
    """Try the handshakes' tables, which are no functions, and tell; how many wrong cells live."""
    import workshop.plain  # noqa: F401 # makes the addon importable
    from plc_mo_batch.tests import table_mutants

    lives = table_mutants.survivors()
    print(f"{TABLES}: {len(list(table_mutants.mutants()))} mutants, {len(lives)} live", *lives, sep="\n  SURVIVED  ", flush=True)
    return len(lives)


def forgotten():
    """The modules of ``plc/`` that MODULES does not name."""
    sources = (path for path in (ROOT / PLC).rglob("*.py") if "def " in path.read_text())
    return {path.relative_to(ROOT / PLC).with_suffix("").as_posix() for path in sources} - MODULES.keys()


def main(modules):
    """All of ``plc/``, or the modules that are named."""
    if left_out := forgotten():
        sys.exit(f"Nobody tries {', '.join(sorted(left_out))}: name the tests of it in MODULES.")
    known = explained()
    left = sum(report_tables() if module == TABLES else report(module, known) for module in modules or (*MODULES, TABLES))
    print("Nothing survived that is not explained." if not left else f"{left} survived, and docs/mutation.md does not say why.")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
