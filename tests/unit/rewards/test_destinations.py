"""What a destination may be, and how little is shown of it."""

import pytest

from services.rewards.destinations.domain import Method, Refused, bic_of, checked, hint_of, holds_card

CARDS = ("4111 1111 1111 1111", "4111-1111-1111-1111", "5555555555554444", "378282246310005", "6011.1111.1111.1117")


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("method", ["iban", "paypal", "wallet", "other"])
def test_card_numbers_are_refused_in_every_field(card: str, method: Method) -> None:
    for holder, value, field in (("Anna", card, "value"), (f"Anna {card}", "DE89370400440532013000", "holder")):
        with pytest.raises(Refused) as refused:
            checked(method, holder=holder, value=value)
        assert (refused.value.field, refused.value.wrong) == (field, "card")
        assert card not in str(refused.value)
    with pytest.raises(Refused):
        checked("other", holder="Anna", value=f"my card is {card} please")


@pytest.mark.parametrize(
    "text", ["4111 1111 1111 1112", "DE89370400440532013000", "123456789012", "0xab4111111111111111ff"]
)
def test_other_numbers_are_not_taken_for_cards(text: str) -> None:
    assert not holds_card(text)


@pytest.mark.parametrize(
    ("method", "value", "kept", "hint"),
    [
        ("iban", "de89 3704 0044 0532 0130 00", "DE89370400440532013000", "DE •••• 3000"),
        ("paypal", " anna@example.com ", "anna@example.com", "a•••@•••.com"),
        ("wallet", "wallet-77-4321", "wallet-77-4321", "•••• 4321"),
        ("other", "short", "short", "••••"),
    ],
)
def test_what_is_written_is_kept_in_one_form_and_hinted_at(method: Method, value: str, kept: str, hint: str) -> None:
    details = checked(method, holder="  Anna   Beispiel ", value=value)
    assert (details.holder, details.value) == ("Anna Beispiel", kept)
    assert hint_of(details).split() == hint.split()


@pytest.mark.parametrize(
    ("method", "holder", "value", "field"),
    [
        ("iban", "Anna", "DE89370400440532013001", "value"),
        ("iban", "Anna", "DE8937040044053201300", "value"),
        ("iban", "Anna", "not an account", "value"),
        ("iban", "", "DE89370400440532013000", "holder"),
        ("iban", "12", "DE89370400440532013000", "holder"),
        ("iban", "A" * 71, "DE89370400440532013000", "holder"),
        ("paypal", "Anna", "anna at example.com", "value"),
        ("paypal", "Anna", "anna@example", "value"),
        ("wallet", "Anna", "abc", "value"),
        ("other", "Anna", "x" * 141, "value"),
    ],
)
def test_what_is_no_destination_is_refused(method: Method, holder: str, value: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(method, holder=holder, value=value)
    assert refused.value.field == field


def test_a_banks_code_follows_from_the_account() -> None:
    assert bic_of("DE89370400440532013000") == "COBADEFFXXX"
