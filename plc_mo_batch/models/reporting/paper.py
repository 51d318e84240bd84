from typing import NamedTuple

from lxml import html

STYLE = """
body { font-family: sans-serif; margin: 2em; max-width: 60em; }
table { border-collapse: collapse; width: 100%; margin-bottom: 1em; }
th, td { text-align: left; padding: 0.2em 0.6em; vertical-align: top; }
thead th { border-bottom: 1px solid #888; }
.text-end { text-align: right; }
.text-muted { color: #666; }
img { max-height: 4em; }
.o_plc_signature div { display: inline-block; width: 40%; }
"""  # a page that is kept must look alike in ten years: it uses nothing of Odoo's


class Paper(NamedTuple):
    """A report as a file."""

    name: str
    mimetype: str
    content: bytes
    shown: str  # the text of it, by which two of them are compared: each PDF has its own date


def paper(report, records, name, lang, zone):
    """A report about records, as PDF; where wkhtmltopdf is missing, as a page of HTML that needs nothing else.

    :param report: a record of ``ir.actions.report``
    :param name: of the file, without its ending
    :param lang: code of the language; None: English
    :param zone: in which times are told
    """
    lang = lang or "en_US"  # the template would else take that of who renders it
    report = report.with_context(lang=lang, tz=zone)
    told = {"paper_lang": lang}
    page = _whole_page(report._render_qweb_html(report.report_name, records.ids, data=dict(told))[0])
    shown = " ".join(page.text_content().split())
    if report.get_wkhtmltopdf_state() not in ("install", "broken"):
        content, kind = report._render_qweb_pdf(report.report_name, records.ids, data=dict(told))
        if kind == "pdf":  # Odoo gives a page while tests run
            return Paper(f"{name}.pdf", "application/pdf", content, shown)
    return Paper(f"{name}.html", "text/html", html.tostring(page, doctype="<!DOCTYPE html>", encoding="utf-8"), shown)


def _whole_page(rendered):
    """The page, without what lies elsewhere: scripts, styles, links."""
    page = html.document_fromstring(rendered)
    for tag in ("script", "link", "style", "meta", "base", "title"):
        for element in page.iter(tag):
            element.tag = "remove"
    for element in page.xpath("//remove"):
        element.drop_tree()
    head = page.find("head")
    if head is None:
        head = page.makeelement("head")
        page.insert(0, head)
    head.append(head.makeelement("meta", charset="utf-8"))
    style = head.makeelement("style")
    style.text = STYLE
    head.append(style)
    return page
