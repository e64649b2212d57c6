"""The wire between services: committed schemas match the models, examples stay readable, and changes only add."""

import copy
import json
from typing import Any

import pytest

from contracts.compat import problems
from contracts.events import EVENTS, Topic
from contracts.export import EXAMPLES, exported, refuse_incompatible, schema_of

EXAMPLE_FILES = sorted(EXAMPLES.glob("*/*.json"))


def order_schema() -> dict[str, Any]:
    return schema_of(EVENTS["kith.order.received.v1"])


def test_committed_documents_are_what_the_models_say() -> None:
    stale = [path.name for path, content in exported().items() if not path.exists() or path.read_text() != content]
    assert not stale, f"run `make contracts`; out of date: {stale}"


def test_every_event_type_has_a_golden_example() -> None:
    assert {path.parent.name for path in EXAMPLE_FILES} == set(EVENTS)


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_todays_readers_accept_every_example_ever_sent(path: Any) -> None:
    payload = EVENTS[path.parent.name].model_validate_json(path.read_bytes(), extra="ignore")
    written = json.loads(path.read_text())
    assert payload.store_id == written["store_id"] and set(written) <= set(type(payload).model_fields)


@pytest.mark.parametrize("path", EXAMPLE_FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_readers_ignore_fields_they_do_not_know(path: Any) -> None:
    newer = json.loads(path.read_text()) | {"field_of_tomorrow": 1}
    EVENTS[path.parent.name].model_validate(newer, extra="ignore")


def test_types_name_their_noun_participle_and_version() -> None:
    for name in EVENTS:
        product, noun, participle, version = name.split(".")
        assert product == "kith" and noun.replace("_", "").isalpha() and participle.endswith("ed") and version[0] == "v"


def test_money_and_decisions_keep_their_stores_order() -> None:
    payload = EVENTS["kith.order.received.v1"].model_validate_json(
        (EXAMPLES / "kith.order.received.v1" / "first.json").read_bytes()
    )
    assert payload.partition_key() == payload.store_id
    assert all(model.TOPIC in Topic for model in EVENTS.values())


def test_no_event_has_a_field_for_a_name_a_mail_or_a_phone() -> None:
    forbidden = {"email", "phone", "first_name", "last_name", "address", "ip"}
    for name, model in EVENTS.items():
        assert not forbidden & set(json.dumps(schema_of(model)).replace('"', " ").split()), name


def test_the_schemas_on_disk_were_only_added_to() -> None:
    refuse_incompatible()


def test_an_added_optional_field_is_compatible() -> None:
    newer = order_schema()
    newer["properties"]["gift_wrap"] = {"type": "boolean", "default": False}
    assert problems(order_schema(), newer) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda s: s["properties"].pop("placed_at"), "removed"),
        (lambda s: s["required"].append("visitor_id"), "now required"),
        (lambda s: s["required"].remove("placed_at"), "no longer required"),
        (lambda s: s["properties"]["source"].update(type="integer"), "type was"),
        (lambda s: s["$defs"]["Figures"]["properties"]["status"]["enum"].append("open"), "enum was"),
        (lambda s: s["$defs"]["Figures"]["properties"]["total_minor"].update(minimum=1), "minimum was"),
        (lambda s: s["$defs"]["Figures"]["required"].append("tax_minor"), "now required"),
    ],
    ids=["removed", "required", "optional", "retyped", "new enum value", "tighter bound", "nested"],
)
def test_every_other_change_is_named(change: Any, complaint: str) -> None:
    newer = copy.deepcopy(order_schema())
    change(newer)
    found = problems(order_schema(), newer)
    assert len(found) == 1 and complaint in found[0]
