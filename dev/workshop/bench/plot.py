"""Small charts as SVG, without a library: a line for each figure against the size of the history, or how values are spread."""

from math import log10

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 300, 190, 48, 34, 28, 34
COLUMNS = 3
COLOURS = ("#1f6feb", "#bf8700", "#2da44e", "#8250df")
WIDE = 430  # of a panel with a long title
STYLE = """<style>
text { font: 11px sans-serif; fill: #57606a } .title { font-weight: bold; font-size: 12px; fill: #1f6feb }
.line { fill: none; stroke: #1f6feb; stroke-width: 2 } .limit { stroke: #cf222e; stroke-dasharray: 4 3 }
.axis { stroke: #8c959f } circle { fill: #1f6feb }
</style>"""


def panels(titles, figures):
    """An SVG document.

    :param titles: name -> (title, limit), in the order of the panels
    :param figures: name -> {size: value}
    """
    rows = -(-len(titles) // COLUMNS)
    parts = [
        f'<g transform="translate({index % COLUMNS * WIDTH} {index // COLUMNS * HEIGHT})">{_panel(*title, figures[name])}</g>'
        for index, (name, title) in enumerate(titles.items())
    ]
    size = f'viewBox="0 0 {COLUMNS * WIDTH} {rows * HEIGHT}" width="{COLUMNS * WIDTH}" height="{rows * HEIGHT}"'
    back = '<rect width="100%" height="100%" fill="#ffffff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{STYLE}{back}{"".join(parts)}</svg>\n'


def _panel(title, limit, values):
    foot, top = HEIGHT - BOTTOM, max(limit, *values.values()) * 1.05
    sizes = sorted(values)
    span = log10(sizes[-1] / sizes[0]) or 1.0

    def x(size):
        return LEFT + (WIDTH - LEFT - RIGHT) * log10(size / sizes[0]) / span

    def y(value):
        return foot - (foot - TOP) * value / top

    points = [(x(size), y(values[size])) for size in sizes]
    marks = "".join(
        f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3"/><text x="{px:.1f}" y="{py - 7:.1f}" text-anchor="middle">'
        f'{values[size]:.3g}</text><text x="{px:.1f}" y="{foot + 16}" text-anchor="middle">{size:,}</text>'
        for size, (px, py) in zip(sizes, points, strict=True)
    )
    return (
        f'<text class="title" x="{LEFT}" y="16">{title}</text>'
        f'<line class="axis" x1="{LEFT}" y1="{foot}" x2="{WIDTH - RIGHT}" y2="{foot}"/>'
        f'<line class="limit" x1="{LEFT}" y1="{y(limit):.1f}" x2="{WIDTH - RIGHT}" y2="{y(limit):.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y(limit) + 4:.1f}" text-anchor="end">{limit:g}</text>'
        f'<text x="{LEFT - 6}" y="{foot + 4}" text-anchor="end">0</text>'
        f'<polyline class="line" points="{" ".join(f"{px:.1f},{py:.1f}" for px, py in points)}"/>{marks}'
    )


def steps(panels_of):
    """An SVG document: of each panel the share of all values that are no larger, for each of its series.

    :param panels_of: title -> {name of the series: its values}
    """
    parts = [
        f'<g transform="translate({index % 2 * WIDE} {index // 2 * HEIGHT})">{_spread(title, series)}</g>'
        for index, (title, series) in enumerate(panels_of.items())
    ]
    height = -(-len(parts) // 2) * HEIGHT
    back = '<rect width="100%" height="100%" fill="#ffffff"/>'
    size = f'viewBox="0 0 {2 * WIDE} {height}" width="{2 * WIDE}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{STYLE}{back}{"".join(parts)}</svg>\n'


def _spread(title, series):
    series = {name: sorted(values) for name, values in series.items() if values}
    longest = max(values[-1] for values in series.values())
    foot, right = HEIGHT - BOTTOM, WIDE - RIGHT
    parts = [
        f'<text class="title" x="{LEFT}" y="16">{title}</text>',
        f'<line class="axis" x1="{LEFT}" y1="{foot}" x2="{right}" y2="{foot}"/>',
        *(
            f'<text x="{LEFT + share * (right - LEFT):.0f}" y="{foot + 16}" text-anchor="middle">{longest * share:.2g} s</text>'
            for share in (0, 0.25, 0.5, 0.75, 1)
        ),
        *(
            f'<text x="{LEFT - 6}" y="{foot - share * (foot - TOP) + 4:.0f}" text-anchor="end">{share:.0%}</text>'
            for share in (0.5, 1)
        ),
    ]
    for number, (name, values) in enumerate(series.items()):
        points = " ".join(
            f"{LEFT + value / longest * (right - LEFT):.1f},{foot - (place + 1) / len(values) * (foot - TOP):.1f}"
            for place, value in enumerate(values)
        )
        colour = f'style="stroke:{COLOURS[number]}"'
        parts.append(f'<polyline class="line" {colour} points="{LEFT},{foot} {points}"/>')
        parts.append(f'<text x="{right}" y="{foot - 8 - 14 * number}" text-anchor="end" fill="{COLOURS[number]}">{name}</text>')
    return "".join(parts)
