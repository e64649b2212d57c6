"""What ambassadors send along with their link."""

import pytest

from contracts.program import Program
from services.links.landing.domain.words import share_text
from services.links.pages import PAGES
from services.ui import Format

PROGRAM = Program.model_validate(
    {
        "name": "Tea",
        "landing_url": "https://zerno.example/",
        "currency": "EUR",
        "friend_benefit": "credit",
        "rewards": [
            {"name": "friend", "to": "friend", "give": {"kind": "fixed", "amount_minor": 500}, "which": "first"}
        ],
        "texts": {
            "en": {"share": "Mine is {code}: {offer} at {store}"},
            "ru": {"title": "Чай"},
            "ro": {"share": "{store}: {offer}"},
        },
    }
)


@pytest.mark.parametrize(
    ("language", "code", "said"),
    [
        ("en", "ANNA", "Mine is ANNA: €5 to spend for your first order at Zerno"),
        ("en", "A{store}", "Mine is A{store}: €5 to spend for your first order at Zerno"),
        ("en", None, "A tip from me: Zerno."),
        ("ru", "ANNA", "Советую: Zerno."),
        ("uk", "ANNA", "Раджу: Zerno."),
        ("ro", None, "Zerno: 5 € de cheltuit pentru prima comandă"),
    ],
)
def test_the_store_s_words_in_the_language_or_ours(language: str, code: str | None, said: str) -> None:
    speech, fmt = PAGES.speech(language), Format(language)
    found = share_text(PROGRAM, store="Zerno", code=code, language=language, speech=speech, fmt=fmt)
    assert found.replace("\xa0", " ") == said
