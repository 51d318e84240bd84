"""The documents point at what is there: every link, every file in backticks, every drawing."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("plc_mo_batch/readme/*.md"),
        *ROOT.glob("plc_mo_batch/plc/*.md"),
    ]
)
# a name in backticks is a file when it begins in one of these folders, or ends as files do
FOLDERS = (
    "cli|controllers|data|demo|dev|docs|i18n|migrations|models|plc|plc_mo_batch|readme|report|security|simulator|static|tests"
    "|tools|views|wizards"
)
SUFFIXES = "csv|css|html|ini|js|md|po|py|scss|sh|sql|st|toml|xml|ya?ml"
FILE = re.compile(rf"(?:\./)?(?:(?:{FOLDERS})/\S*|[\w.][\w./*{{}}-]*\.(?:{SUFFIXES}))")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
DRAWINGS = ("flowchart", "graph", "sequenceDiagram", "stateDiagram-v2", "classDiagram", "erDiagram", "gantt")


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


TRACKED = tracked()


def prose(document):
    """The text without its code blocks: what stands there is run, or drawn, elsewhere."""
    return FENCE.sub("", document.read_text())


def anchors(document):
    """What GitHub makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(document):
    for target in LINK.findall(prose(document)):
        if re.match(r"[a-z]+:", target):
            continue  # of the web, which no test asks
        path, _hash, anchor = target.partition("#")
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            yield target


def files(document):
    """What is named in backticks and is a file: of a command its first word, without a place in it (``::test``)."""
    for code in CODE.findall(prose(document)):
        name = code.split()[0].partition("::")[0]
        if FILE.fullmatch(name) and "<" not in name and "…" not in name:
            yield name


def is_there(name, document):
    """As seen from the root, from the addon, or from the document; a bare file name may be any file's."""
    if "/" not in name:
        return any(Path(path).match(name) for path in TRACKED)
    bases = [ROOT, ROOT / "plc_mo_batch", document.parent]
    return any(any(base.glob(name.rstrip("/"))) for base in bases)


def missing_files(document):
    return [name for name in files(document) if not is_there(name, document)]


def drawing_errors(document):
    for language, body in FENCE.findall(document.read_text()):
        lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("%%")]
        if language != "mermaid":
            continue
        if len(lines) < 2 or lines[0].split()[0] not in DRAWINGS:
            yield body
        elif lines[0].split()[0] == "sequenceDiagram" and ";" in body:  # ends the line there: "Syntax error in text"
            yield body


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
class TestDocument:
    def test_links_lead_somewhere(self, document):
        assert list(broken_links(document)) == []

    def test_files_are_there(self, document):
        assert missing_files(document) == []

    def test_drawings_begin_as_one(self, document):
        assert list(drawing_errors(document)) == []

    def test_every_code_block_ends(self, document):
        assert len(re.findall(r"^```", document.read_text(), re.MULTILINE)) % 2 == 0


def test_it_sees_what_is_wrong(tmp_path):
    document = tmp_path / "page.md"
    document.write_text(
        "# A page\n[a](nowhere.md) [b](#a-page) [c](#elsewhere)\n"
        "`plc/nothing.py` `no_such_file.py` `/web/static/a.js` `dev/test x`\n"
        "```mermaid\nsomething\n  a --> b\n```\n"
        "```mermaid\nsequenceDiagram\n  a->>b: ask; tell\n```\n"
    )
    assert list(broken_links(document)) == ["nowhere.md", "#elsewhere"]
    assert missing_files(document) == ["plc/nothing.py", "no_such_file.py"]
    assert len(list(drawing_errors(document))) == 2


def test_documents_are_many():
    assert len(DOCUMENTS) > 20
    assert sum(len(list(files(document))) for document in DOCUMENTS) > 100
    assert sum(document.read_text().count("```mermaid") for document in DOCUMENTS) >= 4


def test_all_pages_are_on_the_map():
    """ARCHITECTURE.md links each page under docs/architecture."""
    linked = set(LINK.findall((ROOT / "ARCHITECTURE.md").read_text()))
    pages = {str(path.relative_to(ROOT)) for path in ROOT.glob("docs/architecture/*.md")}
    assert pages - {link.partition("#")[0] for link in linked} == set()
