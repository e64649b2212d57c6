"""What watches Kith speaks of what Kith says: alerts, the dashboard and the operators' guide name real metrics."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from services.cli import manifests
from services.kernel.http import timing

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "operations.md"
SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
}
ADDED = {"instance", "job", "replica", "le"}
"""Labels that the scraper, the merged exposition and the histogram format bring."""
STRINGS = re.compile(r'"[^"]*"')
NAME = re.compile(r"\b(?:kith|process)_[a-z0-9_]+")
MATCHERS = re.compile(r"(\b(?:kith|process)_[a-z0-9_]+)\{([^}]*)\}")
GROUPED = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")
FIRST_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


def dashboard() -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = json.loads((ROOT / "deploy" / "grafana" / "kith.json").read_text())["panels"]
    return panels


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield f"alert {rule['alert']}", rule["expr"]
    for panel in dashboard():
        for target in panel.get("targets", ()):
            yield f"panel {panel['title']}", target["expr"]


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    """Every sample's name, with its labels, as the product registers them."""
    manifests.load_all()
    found: dict[str, set[str]] = {}
    for family in REGISTRY.collect():
        for suffix in SUFFIXES.get(family.type, ()):
            found[family.name + suffix] = set()
    for name, collector in REGISTRY._names_to_collectors.items():
        if name in found:
            found[name] = set(getattr(collector, "_labelnames", ()))
    found |= {f"{timing.NAME}{suffix}": set(timing._LABELS) for suffix in SUFFIXES["histogram"]}
    return found


def test_every_name_that_is_watched_is_registered(known: dict[str, set[str]]) -> None:
    named = {(where, name) for where, sql in expressions() for name in NAME.findall(STRINGS.sub("", sql))}
    assert {(where, name) for where, name in named if name not in known} == set()


def test_every_label_that_is_watched_is_one_of_its_metric(known: dict[str, set[str]]) -> None:
    wrong = set()
    for where, sql in expressions():
        for name, matchers in MATCHERS.findall(sql):
            wrong |= {(where, name, label) for label in FIRST_LABEL.findall(STRINGS.sub("", matchers))} - {
                (where, name, label) for label in known.get(name, set()) | ADDED
            }
        labels = ADDED.union(*(known.get(name, set()) for name in NAME.findall(STRINGS.sub("", sql))))
        grouped = {word.strip() for words in GROUPED.findall(sql) for word in words.split(",")}
        wrong |= {(where, "by", label) for label in grouped - labels}
    assert not wrong


def test_every_metric_of_ours_is_watched_somewhere(known: dict[str, set[str]]) -> None:
    text = " ".join(sql for _, sql in expressions())
    families = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in known if name.startswith("kith_")}
    assert {family for family in families if family not in text} == set()


def test_every_alert_has_its_section_in_the_guide() -> None:
    section = GUIDE.read_text().partition("\n## Alerts\n")[2].partition("\n## ")[0]
    headings = re.findall(r"^### (\w+)$", section, re.MULTILINE)
    names = [rule["alert"] for rule in rules()]
    assert sorted(headings) == sorted(set(names))
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["annotations"]["runbook_url"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_the_dashboard_is_whole() -> None:
    panels = dashboard()
    assert [p["title"] for p in panels if p["type"] == "row"] == ["Traffic", "Pipeline", "Money", "Storage"]
    assert len({p["id"] for p in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        columns, lines = (range(place[at], place[at] + place[size]) for at, size in (("x", "w"), ("y", "h")))
        cells = {(x, y) for x in columns for y in lines}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
        assert all(target["expr"] for target in panel.get("targets", ()))
