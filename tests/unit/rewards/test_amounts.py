"""Amounts as people write them into forms: money with its digits, points without any, above zero and up to a bound."""

import pytest

from services.kernel.errors import Invalid
from services.rewards.payouts.api.forms import amount_in, shown


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [("25,5", "EUR", 2550), (" 1 000.00 ", "EUR", 100_000), ("25", "JPY", 25), ("1\u00a0000", "points", 1000)],
)
def test_an_amount_is_read_as_it_is_written(text: str, unit: str, amount: int) -> None:
    assert amount_in(text, unit, "price", most=100_000) == amount
    assert amount_in(shown(amount, unit), unit, "price", most=amount) == amount


@pytest.mark.parametrize(
    ("unit", "texts"),
    [
        ("EUR", ("", "0", "-1", "1.001", "9e9", "1000.01")),
        ("points", ("", "0", "1.5", "٣", "100001", "9" * 30)),
    ],
)
def test_what_is_none_says_so_at_its_field(unit: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        with pytest.raises(Invalid) as found:
            amount_in(text, unit, "price", most=100_000)
        assert [(one.field, one.detail) for one in found.value.errors] == [("price", "Write an amount above zero.")]
