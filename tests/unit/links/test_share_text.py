"""What ambassadors send along with their link."""

from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from contracts.program import Program
from contracts.wording import Wording
from services.links.landing.domain.words import share_text
from services.links.pages import PAGES
from services.links.portal.domain import ways
from services.links.programs.domain.form_texts import hashtags
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
    ("language", "code", "text"),
    [
        ("en", "ANNA", "Mine is ANNA: €5 to spend for your first order at Zerno"),
        ("en", "A{store}", "Mine is A{store}: €5 to spend for your first order at Zerno"),
        ("en", None, "A tip from me: Zerno."),
        ("ru", "ANNA", "Советую: Zerno."),
        ("uk", "ANNA", "Раджу: Zerno."),
        ("ro", None, "Zerno: 5 € de cheltuit pentru prima comandă"),
    ],
)
def test_the_store_s_words_in_the_language_or_ours(language: str, code: str | None, text: str) -> None:
    speech, fmt = PAGES.speech(language), Format(language)
    found = share_text(PROGRAM, store="Zerno", code=code, language=language, speech=speech, fmt=fmt)
    assert found.replace("\xa0", " ") == text


def test_hashtags_go_where_a_network_makes_something_of_them_and_into_no_message_to_a_person() -> None:
    url = "https://shop.example/p/7?ref=anna"
    shown = {
        way.channel: way
        for language in ("en", "ru")
        for way in ways(url, "Look", "Tea", PAGES.speech(language), language=language, hashtags=("Tea", "чай"))
    }
    assert parse_qs(urlsplit(shown["x"].href).query) == {
        "text": ["Look"], "url": [f"{url}&ch=x"], "hashtags": ["Tea,чай"]
    }  # fmt: skip
    assert parse_qs(urlsplit(shown["facebook"].href).query)["hashtag"] == ["#Tea"]
    assert shown["instagram"].copies == f"Look {url}&ch=instagram #Tea #чай"
    for network in ("vk", "ok"):
        assert parse_qs(urlsplit(shown[network].href).query)["title"] == ["Look #Tea #чай"]
    for private in ("telegram", "whatsapp", "viber", "sms", "email", "linkedin"):
        assert "%23" not in shown[private].href
    plain = ways(url, "Look", "Tea", PAGES.speech("en"), language="en")
    assert not [way for way in plain if "hashtag" in way.href or "#" in way.copies]


@pytest.mark.parametrize(
    ("text", "tags"),
    [("#tea #Чай,cup_2; spring", ["tea", "Чай", "cup_2", "spring"]), ("#a#b #A", ["a", "b"]), (" , # ", [])],
)
def test_hashtags_are_read_however_they_are_parted(text: str, tags: list[str]) -> None:
    assert hashtags(text) == tags


@pytest.mark.parametrize(
    "tags", [["#tea"], ["a b"], ["2027"], ["tea-time"], ["x" * 51], [""], ["Tea", "tea"], ["tag"] * 11, ["tea\n"]]
)
def test_what_no_network_takes_for_a_hashtag_is_refused(tags: list[str]) -> None:
    with pytest.raises(ValidationError):
        Wording.model_validate({"hashtags": tags})
    assert Wording.model_validate({"hashtags": ["чай", "ceai_verde", "2027plan", "ș"]}).hashtags[0] == "чай"
