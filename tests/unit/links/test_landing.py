"""By which name an ambassador is shown to strangers."""

import pytest

from services.links.landing.domain.names import first_name


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
