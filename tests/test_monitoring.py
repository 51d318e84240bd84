"""docs/monitoring: rules for Prometheus, and a dashboard for Grafana, ask for nothing that the addon does not show."""

import json
import re
import shutil
import subprocess
from itertools import combinations

import pytest

from workshop.paths import ROOT

FOLDER = ROOT / "docs" / "monitoring"
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
PREFIX = "plc_mo_batch_"
OF_A_PLC = {"plc", "plc_id", "company"}
COLUMNS = 24  # of Grafana's grid
PROMTOOL = shutil.which("promtool")
with_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool (of Prometheus) is not part of the project's own set-up")


def metrics():
    """Labels by metric, as docs/metrics.md names them (``test_metrics.py`` compares that with what is shown)."""
    found = {}
    for line in (ROOT / "docs" / "metrics.md").read_text().splitlines():
        names, labels = (re.findall(r"`(\w+)`", cell) for cell in line.split("|")[1:3]) if line.startswith("| `") else ((), ())
        for name in names:
            is_general = name == "info" or name.startswith("task_")
            found[name] = {*labels, *(() if is_general else OF_A_PLC)}
    return found


def expressions():
    """What is asked, by where."""
    found = {
        f"{panel['title']} {target['refId']}": target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]
    }
    found |= {item["name"]: item["definition"] for item in DASHBOARD["templating"]["list"] if "definition" in item}
    for name in ("rules.yml", "rules_test.yml"):
        found[name] = (FOLDER / name).read_text()
    return found


def asked(text):
    """[(metric, labels)]"""
    for name, labels in re.findall(rf"\b{PREFIX}(\w+)(?:{{([^}}]*)}})?", text):
        yield name, set(re.findall(r"(\w+)\s*=", labels))


@pytest.mark.parametrize("place", expressions())
def test_what_is_asked_is_there(place):
    known = metrics()
    for name, labels in asked(expressions()[place]):
        assert name in known, name
        assert labels <= known[name], (name, labels)


def test_nothing_that_is_there_is_forgotten():
    used = {name for text in expressions().values() for name, _labels in asked(text)}
    assert set(metrics()) == used
    assert len(used) > 12


def test_panels_lie_side_by_side():
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= COLUMNS for place in places)
    for one, two in combinations(places, 2):
        beside = one["x"] + one["w"] <= two["x"] or two["x"] + two["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= two["y"] or two["y"] + two["h"] <= one["y"], (one, two)


def test_panels_are_told_apart():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    assert all(panel["datasource"]["uid"] == "${datasource}" and panel["fieldConfig"]["defaults"]["unit"] for panel in panels)


def test_every_alert_is_tried():
    alerts = re.findall(r"- alert: (\w+)", (FOLDER / "rules.yml").read_text())
    tried = (FOLDER / "rules_test.yml").read_text()
    assert alerts
    assert [name for name in alerts if not re.search(rf"alertname: {name}\n\s+eval_time: \w+\n\s+exp_alerts", tried)] == []


@with_promtool
def test_rules_by_prometheus_itself():
    for arguments in (["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]):
        run = subprocess.run([PROMTOOL, *arguments], cwd=FOLDER, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr


@with_promtool
def test_panels_by_prometheus_itself(tmp_path):
    """Grafana puts the variables in."""
    asks = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": re.sub(r"\$\w+", ".*", ask)} for number, ask in enumerate(asks)]
    path = tmp_path / "panels.yml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    run = subprocess.run([PROMTOOL, "check", "rules", path], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
