"""Whole numbers in bodies are whole numbers: `true` is not 1 day, "30" is not 30, and 1.0 is not 1 cent."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import params
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ValidationError

from contracts.program import Program
from services.attribution.orders.schemas import OrderIn
from services.cli.manifests import load_all

PROGRAM: dict[str, Any] = {
    "name": "Give 10", "currency": "EUR", "landing_url": "https://shop.example/",
    "attribution": {"click_window_days": 1},
    "rewards": [{"name": "friend", "to": "friend", "give": {"kind": "fixed", "amount_minor": 1}, "hold_days": 1}],
}  # fmt: skip


def bodies() -> dict[str, type[BaseModel]]:
    """Every model that is the body of a route, by method and path."""
    found = {}
    for service in load_all():
        for router in service.routers:
            for context in iter_route_contexts(router.routes):
                body = getattr(context, "body_field", None)
                if body is not None and isinstance(body.field_info, params.Form):
                    continue  # the fields of a form are text, whatever they say
                kind = body.field_info.annotation if body is not None else None
                for part in (kind, *getattr(kind, "__args__", ())):
                    if isinstance(part, type) and issubclass(part, BaseModel):
                        found[f"{context.methods} {context.path}"] = part
    return found


def loose(schema: object, path: str = "") -> Iterator[str]:
    """Places of a validator where a whole number may be written as something else."""
    if isinstance(schema, dict):
        if schema.get("type") == "int" and not schema.get("strict"):
            yield path
        for key, inner in schema.items():
            if key != "serialization":
                yield from loose(inner, f"{path}.{key}")
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from loose(inner, path)


def test_no_body_takes_anything_else_for_a_whole_number() -> None:
    found = bodies()
    assert {"Program", "OrderIn", "CodeIn", "RefundIn", "ClockIn"} <= {model.__name__ for model in found.values()}
    assert {place: list(loose(model.__pydantic_core_schema__)) for place, model in found.items()} == {
        place: [] for place in found
    }


@pytest.mark.parametrize("value", [True, "1", 1.0])
@pytest.mark.parametrize("field", ["rank", "click_window_days", "hold_days"])
def test_a_day_is_a_number(field: str, value: object) -> None:
    rule, attribution = dict(PROGRAM["rewards"][0]), dict(PROGRAM["attribution"])
    changed: dict[str, Any] = {"rank": 1}
    where = {"hold_days": rule, "click_window_days": attribution, "rank": changed}[field]
    assert Program.model_validate(PROGRAM).rank == 1
    where[field] = value
    with pytest.raises(ValidationError, match="valid integer"):
        Program.model_validate({**PROGRAM, **changed, "rewards": [rule], "attribution": attribution})


def test_a_quantity_is_a_number() -> None:
    order = {
        "order_id": "1",
        "placed_at": "2026-11-03T12:00:00Z",
        "status": "paid",
        "currency": "EUR",
        "total_minor": 1,
    }
    item = {"amount_minor": 1, "quantity": 2}
    assert OrderIn.model_validate({**order, "items": [item]}).items[0].quantity == 2
    for wrong in (True, "2", 2.0):
        with pytest.raises(ValidationError, match="valid integer"):
            OrderIn.model_validate({**order, "items": [{**item, "quantity": wrong}]})
