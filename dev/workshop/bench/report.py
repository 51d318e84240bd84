"""``make bench``, last part: docs/benchmarks.md from bench.json; every figure beside its target and its peer of the same run.

It reads what wire.py, writeback.py and load.py wrote. A figure that nobody describes here stands at the end.
"""

import json
from datetime import date

from workshop.bench.limits import GROWTH, LIMITS
from workshop.bench.machine import machine
from workshop.paths import ROOT

DOC = ROOT / "docs" / "benchmarks.md"
MS, SECONDS, US = "ms", "s", "µs"
# (what, key, unit, [(peer, key or factor's key)], target)
SECTIONS = {
    "The wire": (
        ("Poll of ten slots, a PLC that answers after 5 ms", "poll_5ms_ms", MS, "bare socket", "bare_5ms_ms", "1.1 times"),
        ("Poll of ten slots, a PLC that answers at once", "poll_instant_ms", MS, "bare socket", "bare_instant_ms", "4 times"),
        ("Requests of a poll", "requests_per_poll", "", "", "", "10"),
        ("Requests of a poll for two event areas", "requests_event_areas", "", "", "", "2"),
        ("Poll of ten slots over FINS, after 5 ms", "fins_poll_ms", MS, "bare socket", "fins_bare_ms", "1.1 times"),
        ("Poll of ten slots over S7, after 5 ms", "s7_poll_ms", MS, "bare socket", "s7_bare_ms", "1.1 times"),
        ("Poll of ten slots over OPC UA", "opcua_poll_ms", MS, "asyncua's own client", "opcua_asyncua_ms", "1.3 times"),
        ("One round with 100 PLCs, two of them silent (timeout 1 s)", "exchange_100_plcs_s", SECONDS, "", "", "3 s"),
    ),
    "Words": (
        ("Decode a slot of 39 fields, high word first", "decode_slot_us", US, "", "", "15 µs"),
        ("Decode a slot of 39 fields, low word first", "decode_slot_low_us", US, "", "", "15 µs"),
        ("Encode a slot, high word first", "encode_slot_us", US, "", "", "15 µs"),
        ("Encode a slot, low word first", "encode_slot_low_us", US, "", "", "15 µs"),
    ),
    "Odoo": (
        (
            "Write back 10 orders of 15 components",
            "writeback_s",
            SECONDS,
            "Odoo's own bulk close",
            "writeback_bulk_s",
            "1.3 times",
        ),
        ("The same", "writeback_s", SECONDS, "XML-RPC client, order by order", "writeback_xmlrpc_s", "0.2 times"),
        ("Queries of it", "writeback_queries", "", "Odoo's own bulk close", "writeback_bulk_queries", "1.3 times"),
        ("Fill of 10 orders, 10,000 waiting", "fill_many_s", SECONDS, "100 waiting", "fill_few_s", "1.5 times"),
        ("Queries of it", "fill_queries", "", "", "", ""),
        (
            "Write back the same, with lots and silo locations",
            "silos_writeback_s",
            SECONDS,
            "without",
            "silos_writeback_plain_s",
            "1.2 times",
        ),
        ("Queries of it", "silos_writeback_queries", "", "without", "silos_writeback_plain_queries", ""),
        (
            "Fill of 10 orders, with lots and silo locations",
            "silos_fill_s",
            SECONDS,
            "without",
            "silos_fill_plain_s",
            "1.1 times",
        ),
        ("Queries of it", "silos_fill_queries", "", "without", "silos_fill_plain_queries", ""),
        (
            "Hand 10 recipes over: read orders and components, write the slots",
            "handover_s",
            SECONDS,
            "XML-RPC client and bare sockets, order by order",
            "handover_xmlrpc_s",
            "1 times",
        ),
        ("Live look at one of 100 PLCs whose amounts change each second", "live_look_ms", MS, "", "", "5 ms"),
        ("Share of them that decide more than amounts", "live_whole_looks", "", "", "", ""),
    ),
}
RATIOS = {
    "poll_ratio_5ms",
    "poll_ratio_instant",
    "writeback_ratio_time",
    "writeback_ratio_queries",
    "writeback_vs_xmlrpc",
    "fill_growth_time",
    "fill_growth_queries",
    "handover_ratio",
    "silos_writeback_ratio",
    "silos_fill_ratio",
}
INTRODUCTION = """# Benchmarks

`make bench`: every figure, with its peer measured in the same run, interleaved; medians. The peers do the same work: a bare
socket sends the same requests and checks nothing; the XML-RPC client is how the middleware worked that this addon replaces,
order by order and component by component; Odoo's bulk close is what a person gets who marks the orders and closes them at once.
"""


def shown(value, unit):
    return f"{value:.3g} {unit}".strip() if value < 1000 else f"{value:,.0f} {unit}".strip()


def section(title, rows, figures):
    lines = [f"## {title}", "", "| | ours | peer | | ratio | target |", "|---|---:|---|---:|---:|---:|"]
    for what, key, unit, peer, peer_key, target in rows:
        if key not in figures:
            continue
        cells = [what, shown(figures[key], unit), peer, "", "", f"<= {target}" if target else ""]
        if peer_key in figures:
            cells[3], cells[4] = shown(figures[peer_key], unit), f"{figures[key] / figures[peer_key]:.2f}"
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def load(figures):
    """The part of load.md that stands in bench.json."""
    lines = [
        "## Load: 100 PLCs, 1,000 slots, 100,000 batches of history ([load.md](load.md))",
        "",
        f"| | measured | limit | growth, 1,000 to 100,000 batches (<= {GROWTH}) |",
        "|---|---:|---:|---:|",
    ]
    for name, (what, limit) in LIMITS.items():
        if f"load_{name}" in figures:
            unit = what.split()[0]
            growth = figures[f"load_{name}_growth"]
            lines.append(f"| {name}: {what} | {shown(figures[f'load_{name}'], unit)} | {limit} {unit} | {growth:.2f} |")
    return [*lines, ""] if len(lines) > 4 else []


def rest(figures):
    described = {key for rows in SECTIONS.values() for row in rows for key in (row[1], row[4])} | RATIOS
    left = sorted(key for key in figures if key not in described and not key.startswith("load_"))
    return ["## Others", "", *(f"- {key}: {figures[key]:g}" for key in left), ""] if left else []


def main():
    """Write the document."""
    figures = json.loads((ROOT / "bench.json").read_text())
    lines = [INTRODUCTION, f"Measured on {date.today()}: {machine()}.", ""]
    for title, rows in SECTIONS.items():
        lines += section(title, rows, figures)
    DOC.write_text("\n".join([*lines, *load(figures), *rest(figures)]))
    print(DOC.read_text())


if __name__ == "__main__":
    main()
