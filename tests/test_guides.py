"""The guides name what stands on the screens: what is *in italics* is a label there."""

import re
from pathlib import Path

import polib
import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMED = re.compile(r"(?<![*\w])\*([^*]+)\*(?!\*)")
TEXTS = polib.pofile(str(ROOT / "plc_mo_batch" / "i18n" / "id.po"))
# the beginning of a longer text, or one without its full stop
SHORTENED = {
    "Not live": "Not live: last updated at %s",
    "Nothing needs attention": "Nothing needs attention.",
    "In the PLC Now": '<span class="o_stat_text">In the PLC</span><span class="o_stat_text">Now</span>',
    "Tidak live": "Tidak live: terakhir diperbarui pukul %s",
    "Tidak ada yang perlu perhatian": "Tidak ada yang perlu perhatian.",
}


def named(guide):
    return [" ".join(name.split()) for name in NAMED.findall((ROOT / "docs" / guide).read_text())]


@pytest.mark.parametrize(
    ("guide", "texts"),
    [
        ("operator.md", {entry.msgid for entry in TEXTS}),
        ("operator.id.md", {entry.msgstr for entry in TEXTS}),
        ("administrator.md", {entry.msgid for entry in TEXTS}),
        ("plc-programmer.md", {entry.msgid for entry in TEXTS}),
    ],
)
def test_it_calls_things_as_the_screens_do(guide, texts):
    names = named(guide)
    assert len(names) > 5
    assert [name for name in names if SHORTENED.get(name, name) not in texts] == []


def test_administrators_know_each_task():
    crons = (ROOT / "plc_mo_batch" / "data" / "ir_cron_data.xml").read_text()
    tasks = re.findall(r">(PLC Task \d+):", crons)
    assert tasks
    assert [task for task in tasks if f"| {task} |" not in (ROOT / "docs" / "administrator.md").read_text()] == []


def test_both_say_as_much():
    for pattern in (r"(?m)^## ", r"(?m)^\| ", r"(?m)^\*\*… "):
        counts = [len(re.findall(pattern, (ROOT / "docs" / guide).read_text())) for guide in ("operator.md", "operator.id.md")]
        assert counts[0] == counts[1], pattern
