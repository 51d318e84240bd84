"""A stretch of time as a picture: what a PLC did from left to right. Plain Python, SVG that any browser and wkhtmltopdf draw."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape

WIDTH, HEIGHT, TICKS = 1000.0, 30.0, 14.0  # of the picture, of its bars, and below them of the hours
COLOURS = {"made": "#28a745", "running": "#17a2b8", "failed": "#dc3545", "held": "#ffc107", "alarm": "#dc3545"}
LOW = {"alarm": (HEIGHT - 5.0, 5.0)}  # top and height of what does not take the whole bar


@dataclass(frozen=True)
class Bar:
    """Something that lasted; ``kind`` is one of :data:`COLOURS`. Later bars lie on earlier ones."""

    begin: datetime
    end: datetime
    kind: str
    title: str = ""


def gaps(since: datetime, until: datetime, stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """What none of the stretches covers between ``since`` and ``until``, in order; they may overlap and come in any order."""
    found, reached = [], since
    for begin, end in sorted(stretches):
        if begin > reached:
            found.append((reached, min(begin, until)))
        reached = max(reached, end)
    found.append((reached, until))
    return [(begin, end) for begin, end in found if begin < end]


def svg(since: datetime, until: datetime, bars: Iterable[Bar], ticks: Iterable[tuple[datetime, str]] = ()) -> str:
    """The picture of ``since`` to ``until``; what lies outside is cut off.

    :param ticks: moments and what is written below them
    """

    def place(moment: datetime) -> float:
        share = (moment - since) / (until - since)
        return round(min(max(share, 0.0), 1.0) * WIDTH, 1)

    parts = [f'<rect x="0" y="0" width="{WIDTH}" height="{HEIGHT}" fill="#6c757d" fill-opacity="0.15"/>']
    for bar in bars:
        left, right = place(bar.begin), place(bar.end)
        if bar.end <= since or bar.begin >= until:
            continue
        top, height = LOW.get(bar.kind, (0.0, HEIGHT))
        width = max(right - left - 0.5, 1.0)  # half a point between two batches that follow each other at once
        where = f'x="{left}" y="{top}" width="{width:.1f}" height="{height}"'
        parts.append(f'<rect {where} fill="{COLOURS[bar.kind]}"><title>{escape(bar.title)}</title></rect>')
    for moment, text in ticks:
        left = place(moment)
        parts.append(f'<line x1="{left}" y1="0" x2="{left}" y2="{HEIGHT + 3}" stroke="#6c757d" stroke-width="0.7"/>')
        parts.append(f'<text x="{left + 2}" y="{HEIGHT + 12}" font-size="12" fill="currentColor">{escape(text)}</text>')
    size = f'viewBox="0 0 {WIDTH:.0f} {HEIGHT + TICKS:.0f}" width="100%"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'
