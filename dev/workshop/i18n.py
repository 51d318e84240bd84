"""Brings the translations in i18n/ up to date with the template beside them."""

import sys
from pathlib import Path

import polib

from workshop.paths import ADDON

FOLDER = ADDON / "i18n"
# they change with each export, and would make each commit touch every file
VOLATILE = ("POT-Creation-Date", "PO-Revision-Date")


def refresh(path: Path, template: polib.POFile) -> list[str]:
    """Give a translation the template's entries, with its own translations; the texts that lack one."""
    po = polib.pofile(str(path), wrapwidth=0)
    known = {entry.msgid: entry.msgstr for entry in po if entry.msgstr}
    po.clear()
    for entry in template:
        po.append(
            polib.POEntry(
                msgid=entry.msgid, msgstr=known.get(entry.msgid, ""), comment=entry.comment, occurrences=entry.occurrences
            )
        )
    po.save()
    return [entry.msgid for entry in po.untranslated_entries()]


def main() -> int:
    template = polib.pofile(str(FOLDER / "plc_mo_batch.pot"), wrapwidth=0)
    for name in VOLATILE:
        template.metadata.pop(name, None)
    template.save()
    for path in sorted(FOLDER.glob("*.po")):
        missing = refresh(path, template)
        print(f"{path.name}: {len(template)} texts, {len(missing)} not translated")
        for text in missing:
            print(f"  {text!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
