"""What a running product must show to whoever watches it."""

import re
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from services.cli import manifests

_RULES = Path(__file__).parents[2] / "deploy" / "alerts.yaml"
_STRINGS = re.compile(r'"[^"]*"')


def unread(exposition: str) -> set[str]:
    """Names that alerts read and that this text of `/metrics` has no sample of."""
    rules = [rule for group in yaml.safe_load(_RULES.read_text())["groups"] for rule in group["rules"]]
    wanted = {name for rule in rules for name in re.findall(r"\bkith_[a-z_]+", _STRINGS.sub("", rule["expr"]))}
    reported = {s.name for family in text_string_to_metric_families(exposition) for s in family.samples}
    if not any(service.work for service in manifests.load_all()):  # a kind of task has its samples once there is one
        wanted = {name for name in wanted if not name.startswith("kith_work_")}
    return wanted - reported
