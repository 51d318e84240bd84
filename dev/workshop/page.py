"""The addon's page in the list of apps, made of the fragments in readme/ (OCA's form): static/description/index.html."""

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

from workshop.paths import ADDON, ROOT

PAGE = ADDON / "static" / "description"
# in this order; the first has no heading
FRAGMENTS = {
    "DESCRIPTION": "",
    "CONTEXT": "Use Cases / Context",
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "ROADMAP": "Known Issues / Roadmap",
    "HISTORY": "Changelog",
    "CONTRIBUTORS": "Contributors",
}
# screenshots (docs/images) and what they show, behind the description
SHOWN = {
    "board": "The board: what the PLC is doing, what is next, what is wrong",
    "batch-done": "A batch: planned, actual, deviation",
}


def manifest() -> dict:
    return ast.literal_eval((ADDON / "__manifest__.py").read_text())  # as Odoo itself reads it


def container(body: str, attributes: str = "") -> str:
    return f'<section class="oe_container"{attributes}>\n<div class="oe_row oe_spaced">\n{body}</div>\n</section>\n'


def section(name: str, heading: str) -> str:
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render((ADDON / "readme" / f"{name}.md").read_text())
    body = re.sub(r"<(/?)h2>", r"<\1h3>", body).replace("<table>", '<table class="table table-sm">')
    title = f'<h2 class="oe_slogan">{heading}</h2>\n' if heading else ""
    return container(title + body, f' id="{name.lower()}"')


def pictures() -> str:
    figures = "".join(
        f'<p class="text-center"><img src="{name}.png" alt="{text}" class="img-fluid"/><br/><em>{text}</em></p>\n'
        for name, text in SHOWN.items()
    )
    return container(figures)


def page() -> str:
    """The page, as HTML that Odoo shows as it is."""
    about = manifest()
    head = (
        '<section class="oe_container">\n<div class="oe_row oe_spaced text-center">\n'
        f'<h1 class="oe_slogan">{about["name"]}</h1>\n<h3 class="oe_slogan">{about["summary"]}</h3>\n'
        f"<p>Version {about['version']} · License {about['license']}</p>\n</div>\n</section>\n"
    )
    first, *others = (section(name, heading) for name, heading in FRAGMENTS.items())
    return "\n".join([head, first, pictures(), *others])


def copies() -> Iterator[tuple[Path, Path]]:
    """Each picture of the page: the screenshot, and where it lies beside the page."""
    for name in SHOWN:
        yield ROOT / "docs" / "images" / f"{name}.png", PAGE / f"{name}.png"


def copy_pictures() -> None:
    for screenshot, picture in copies():
        shutil.copyfile(screenshot, picture)


def main() -> int:
    """Write the page and its pictures; with --check only say whether they are what the fragments and docs/images say."""
    target = PAGE / "index.html"
    if "--check" in sys.argv[1:]:
        stale = target.read_text() != page() or any(old.read_bytes() != new.read_bytes() for new, old in copies())
        print("static/description " + ("is stale: make page" if stale else "is as the fragments and docs/images say"))
        return int(stale)
    target.write_text(page())
    copy_pictures()
    return 0


if __name__ == "__main__":
    sys.exit(main())
