"""Exports the events' contracts: one JSON Schema per type, and an AsyncAPI document of topics, keys and headers.

`exported()` gives every file's content; writing and comparing is done by `kith contracts`, which adds the services'
OpenAPI documents. A schema that is not compatible with the one on disk is refused.
"""

import json
from pathlib import Path
from typing import Any

from contracts.compat import problems
from contracts.events import EVENTS, Payload, Topic

FOLDER = Path(__file__).parent
SCHEMAS = FOLDER / "schemas"
EXAMPLES = FOLDER / "examples"

_TOPIC_TEXT: dict[Topic, tuple[str, str]] = {
    Topic.CATALOG: ("Set-up: stores, keys, programs, ambassadors, links, codes. Compacted.", "the entity's id"),
    Topic.CLICKS: ("Clicks on share links.", "the link's id"),
    Topic.TRACKING: ("Visits, identities, sign-ups and shares, as the store's pages report them.", "the store's id"),
    Topic.ORDERS: ("Orders, refunds, cancellations and custom events, one fact an event.", "the store's id"),
    Topic.CONVERSIONS: ("Decisions on orders and custom events: the whole state with a revision.", "the store's id"),
    Topic.REWARDS: ("Rewards: the whole state with a revision.", "the store's id"),
    Topic.AUDIT: ("Who did what. Every service writes here.", "the store's id"),
}


class IncompatibleSchemaError(ValueError):
    """A payload changed in a way that today's readers or yesterday's events cannot bear."""


def schema_of(payload: type[Payload]) -> dict[str, Any]:
    """The JSON Schema of a payload's data, as it is sent."""
    schema = payload.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": payload.TYPE, **schema}


def exported() -> dict[Path, str]:
    """Every file that the event contracts consist of, with its content."""
    files = {SCHEMAS / f"{name}.json": text_of(schema_of(payload)) for name, payload in EVENTS.items()}
    files[FOLDER / "asyncapi.json"] = text_of(asyncapi())
    return files


def refuse_incompatible() -> None:
    """Raises `IncompatibleSchemaError` if a model no longer fits its schema on disk."""
    found: list[str] = []
    for name, payload in EVENTS.items():
        path = SCHEMAS / f"{name}.json"
        if path.exists():
            found += [f"{name} {problem}" for problem in problems(json.loads(path.read_text()), schema_of(payload))]
    if found:
        raise IncompatibleSchemaError(
            "give the event a new type with the next version instead:\n  " + "\n  ".join(found)
        )


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: a channel per topic, a message per event type."""
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for name, payload in EVENTS.items():
        messages[name] = {
            "name": name,
            "summary": (payload.__doc__ or "").split("\n\n")[0].strip(),
            "contentType": "application/json",
            "headers": {"$ref": "#/components/schemas/headers"},
            "payload": {"$ref": f"schemas/{name}.json"},
        }
    for topic, (text, key) in _TOPIC_TEXT.items():
        channels[topic.name.lower()] = {
            "address": str(topic),
            "description": f"{text} Partition key: {key}.",
            "messages": {
                name: {"$ref": f"#/components/messages/{name}"}
                for name, payload in EVENTS.items()
                if payload.TOPIC is topic
            },
        }
    headers = {
        "type": "object",
        "description": "CloudEvents 1.0, Kafka binding, binary mode.",
        "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": {"type": "string", "description": "Unique; a redelivered event keeps it."},
            "ce_type": {"type": "string"},
            "ce_source": {"type": "string"},
            "ce_time": {"type": "string", "format": "date-time"},
            "ce_subject": {"type": "string"},
            "traceparent": {"type": "string", "description": "W3C trace context of the request that caused it."},
        },
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kith events",
            "version": "1",
            "description": "Payloads only grow by optional fields; another meaning gets another type.",
        },
        "channels": channels,
        "components": {"messages": messages, "schemas": {"headers": headers}},
    }


def text_of(document: Any) -> str:
    """The form in which documents are kept: readable, stable, ending with a newline."""
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=False) + "\n"
