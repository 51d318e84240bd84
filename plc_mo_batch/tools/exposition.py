"""Prometheus' text format 0.0.4. Plain Python: no odoo import."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass
class Metric:
    """A metric with all its series. ``kind`` is gauge or counter; ``help`` is one line."""

    name: str
    kind: str
    help: str
    samples: list[tuple[Mapping[str, str], float]] = field(default_factory=list)

    def add(self, value: float, **labels: object) -> None:
        self.samples.append(({name: str(label) for name, label in labels.items()}, float(value)))


def render(metrics: Iterable[Metric]) -> str:
    """The response to a scrape; a metric without series is left out."""
    return "".join(_metric(metric) for metric in metrics if metric.samples)


def _metric(metric: Metric) -> str:
    explained = metric.help.replace("\\", r"\\").replace("\n", r"\n")
    lines = [f"# HELP {metric.name} {explained}", f"# TYPE {metric.name} {metric.kind}"]
    lines += [f"{metric.name}{_labels(labels)} {value!r}" for labels, value in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    escaped = ((name, value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")) for name, value in labels.items())
    listed = ",".join(f'{name}="{value}"' for name, value in escaped)
    return f"{{{listed}}}" if listed else ""
