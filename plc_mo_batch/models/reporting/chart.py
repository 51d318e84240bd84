"""Lines over time as a picture to be printed. Plain Python, SVG that any browser and wkhtmltopdf draw."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 1000.0, 300.0  # of the picture
LEFT, RIGHT, TOP, BOTTOM = 62.0, 14.0, 10.0, 42.0  # around what is drawn: the labels of the axes
TEXT, GRID = "#495057", "#d8dadd"
SIZE = 14  # of the type
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22")


@dataclass(frozen=True)
class Line:
    """``points``: (x, y), by x. ``dots``: colour of each point, or none of them."""

    points: Sequence[tuple[float, float]]
    colour: str
    dashes: str = ""
    width: float = 1.5
    dots: Sequence[str] = ()


@dataclass(frozen=True)
class Band:
    """From ``low`` to ``high``, over the whole width."""

    low: float
    high: float
    colour: str


def marks(low: float, high: float, most: int = 6) -> list[float]:
    """At most so many round numbers, that cover ``low`` to ``high``."""
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(span / (most - 1)))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.floor(low / step), math.ceil(high / step)
        if last - first < most:
            break
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def svg(
    lines: Sequence[Line],
    bands: Iterable[Band] = (),
    words: Sequence[tuple[float, str]] = (),
    titles: tuple[str, str] = ("", ""),
    zero: bool = False,
) -> str:
    """The picture; empty if there is nothing to draw.

    :param words: of the horizontal axis, at places on it; by default its numbers
    :param titles: of the horizontal and the vertical axis
    :param zero: both axes begin at 0
    """
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    bands = list(bands)
    heights = [y for _x, y in points] + [edge for band in bands for edge in (band.low, band.high)] + [0.0] * zero
    up = marks(min(heights), max(heights))
    least, most = (0.0 if zero else min(x for x, _y in points)), max(x for x, _y in points)
    along = words or [(number, f"{number:g}") for number in marks(least, most, 8) if number <= most]

    def place(x: float, y: float) -> tuple[float, float]:
        right = (x - least) / ((most - least) or 1.0)
        above = (y - up[0]) / (up[-1] - up[0])
        return round(LEFT + right * (WIDTH - LEFT - RIGHT), 1), round(TOP + (1 - above) * (HEIGHT - TOP - BOTTOM), 1)

    parts = [*_across(up, place, least, most), *_bands(bands, place, least, most), *_below(along, place, up[0]), *_titles(titles)]
    for line in lines:
        parts += _line(line, place)
    size = f'viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" width="100%"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-size="{SIZE}" fill="{TEXT}">{"".join(parts)}</svg>'


def _across(up, place, least, most):
    for number in up:
        (left, height), (right, _height) = place(least, number), place(most, number)
        yield f'<line x1="{left}" y1="{height}" x2="{max(right, WIDTH - RIGHT)}" y2="{height}" stroke="{GRID}"/>'
        yield f'<text x="{left - 6}" y="{height + 5}" text-anchor="end">{number:g}</text>'


def _bands(bands, place, least, most):
    for band in bands:
        (left, top), (_right, bottom) = place(least, band.high), place(most, band.low)
        where = f'x="{left}" y="{top}" width="{WIDTH - RIGHT - LEFT}" height="{round(bottom - top, 1)}"'
        yield f'<rect {where} fill="{band.colour}" fill-opacity="0.15"/>'


def _below(along, place, bottom):
    for number, text in along:
        left, height = place(number, bottom)
        anchor = "start" if left < LEFT + 30 else "end" if left > WIDTH - RIGHT - 30 else "middle"
        yield f'<text x="{left}" y="{height + SIZE + 4}" text-anchor="{anchor}">{escape(text)}</text>'


def _titles(titles):
    below, beside = titles
    if below:
        yield f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT - 4:.0f}" text-anchor="middle">{escape(below)}</text>'
    if beside:
        middle = TOP + (HEIGHT - TOP - BOTTOM) / 2
        yield f'<text transform="translate(14 {middle:.0f}) rotate(-90)" text-anchor="middle">{escape(beside)}</text>'


def _line(line, place):
    drawn = [place(x, y) for x, y in line.points]
    dashes = f' stroke-dasharray="{line.dashes}"' if line.dashes else ""
    path = " ".join(f"{left},{height}" for left, height in drawn)
    yield f'<polyline points="{path}" fill="none" stroke="{line.colour}" stroke-width="{line.width}"{dashes}/>'
    for (left, height), colour in zip(drawn, line.dots, strict=False):
        yield f'<circle cx="{left}" cy="{height}" r="3.5" fill="{colour}"/>'
