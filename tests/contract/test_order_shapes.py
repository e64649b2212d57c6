"""An order as the API takes it, as any source reports it, as its event says it: the same names and defaults."""

from typing import Any

import msgspec
import pytest
from msgspec import Struct
from pydantic import BaseModel

from contracts.events.orders import Figures, Item
from services.attribution.orders.schemas import CustomerIn, OrderIn
from services.common.order import Buyer, Line, Order
from tests.unit.rewards.build import NOON

REQUIRED = "required"
CREDIT = "paid_with_credit_minor"


def of_model(model: type[BaseModel]) -> dict[str, Any]:
    """Fields of a body or an event with their defaults, as JSON has them."""
    return {
        name: REQUIRED if field.is_required() else _plain(field.get_default(call_default_factory=True))
        for name, field in model.model_fields.items()
    }


def of_struct(struct: type[Struct]) -> dict[str, Any]:
    """The same of what sources are read into."""
    return {field.name: _default(field) for field in msgspec.structs.fields(struct)}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return _plain(field.default_factory())
    return REQUIRED if field.default is msgspec.NODEFAULT else _plain(field.default)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return list(value) if isinstance(value, tuple) else msgspec.to_builtins(value)


@pytest.mark.parametrize(("body", "read"), [(OrderIn, Order), (CustomerIn, Buyer), (Item, Line)])
def test_what_the_api_takes_is_what_any_source_is_read_into(body: type[BaseModel], read: type[Struct]) -> None:
    assert of_model(body) == of_struct(read)


def test_the_events_figures_are_those_of_the_order() -> None:
    modelled, read = of_model(Figures), of_struct(Order)
    read["subtotal_minor"] = REQUIRED  # where none is reported it is the total: no event is without one
    assert modelled == {name: read[name] for name in modelled}
    order = Order(order_id="1", placed_at=NOON, status="paid", currency="EUR", total_minor=100)
    assert Figures.model_validate(order.figures()).model_dump(mode="json") == {
        **{name: default for name, default in modelled.items() if default != REQUIRED and name != CREDIT},
        "status": "paid",
        "currency": "EUR",
        "total_minor": 100,
        "subtotal_minor": 100,
    }
    assert order.figures().keys() == modelled.keys() - {CREDIT}  # absent without, as it was before


def test_what_was_paid_with_credit_is_said_where_there_is_any() -> None:
    order = Order(order_id="1", placed_at=NOON, status="paid", currency="EUR", total_minor=100)
    order.paid_with_credit_minor = 30
    assert Figures.model_validate(order.figures()).model_dump(mode="json") == order.figures()
    assert order.figures()[CREDIT] == 30
