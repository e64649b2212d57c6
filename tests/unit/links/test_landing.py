"""By which name an ambassador is shown to strangers."""

import pytest

from services.links.landing.domain.names import first_name, leads_elsewhere


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Анна Ковальчук", "Анна"),
        ("Sofia Țurcanu", "Sofia"),
        ("O’Hara", "O’Hara"),
        ("Jean-Luc Picard", "Jean-Luc"),
        ("Dr. Anna Müller", "Anna"),
        ("«Катя»", "Катя"),
        ("anna@shop.example", None),
        ("+373 60 000000", None),
        ("user4711", None),
        ("А. Б.", None),
        ("", None),
        (None, None),
        ("x" * 41, None),
        ("<b>Anna</b>", None),
    ],
)
def test_the_first_name_and_nothing_else(name: str | None, shown: str | None) -> None:
    assert first_name(name) == shown


@pytest.mark.parametrize(
    ("name", "leads"),
    [
        ("Anna", False),
        ("Anna & Béla 2", False),
        ("Dr. Anna Müller", False),
        ("evil.com", True),
        ("Your prize: WIN.Example/x", True),
        ("приз.рф", True),
        ("evil。com", True),
        ("call 0900 123-456", True),
        ("write to a@b", True),
        ("anna\u202emoc", True),
    ],
)
def test_what_a_mail_program_would_make_a_link_of_is_no_name(name: str, *, leads: bool) -> None:
    assert leads_elsewhere(name) is leads
