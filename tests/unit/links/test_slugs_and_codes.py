"""Slugs that no eye confuses, and codes that people can say aloud."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.program import Program
from services.common.codes import fold
from services.kernel.ids import short_code
from services.links.codes.domain import friend_gain, latin, personal_codes
from services.links.links.domain import BadSlug, shape, vanity_slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [("Anna", "anna"), (" MORNING-coffee ", "morning-coffee"), ("ＡＮＮＡ", "anna"), ("an\u200bna", "anna")],
)
def test_a_slug_has_one_kept_form(text: str, slug: str) -> None:
    assert vanity_slug(text) == slug


@pytest.mark.parametrize(
    "text",
    ["", "a", "ab", "-ab", "ab-", "a b", "аnna", "anna/", "..", "a" * 51, "admin", "adm1n"],
)
def test_what_is_no_slug_or_not_free_is_refused(text: str) -> None:
    with pytest.raises(BadSlug):
        vanity_slug(text)


LOOK_ALIKES = [
    ("anna", "an-na"), ("coffee", "c0ffee"), ("mall", "ma11"), ("mill", "m1ll"), ("modern", "rnodern"),
    ("wave", "vvave"), ("dear", "clear"), ("sale5", "sales"), ("zoom", "2oom"), ("bar8", "barb"), ("queen", "gueen"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKES)
def test_look_alikes_have_one_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other)


def test_different_words_have_different_shapes() -> None:
    words = ["anna", "hanna", "coffee", "toffee", "spring", "autumn", "maria", "marta", "tea", "teal"]
    assert len({shape(word) for word in words}) == len(words)


@given(st.text(max_size=30))
def test_keeping_a_slug_twice_changes_nothing(text: str) -> None:
    try:
        slug = vanity_slug(text)
    except BadSlug:
        return
    assert vanity_slug(slug) == slug


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("Анна", "ANNA"),
        ("Юлія Кравець", "YULIYA KRAVETS"),
        ("Щербань Ёлка", "SCHERBAN ELKA"),
        ("Гнатюк Тарасій", "HNATYUK TARASIY"),
        ("Ștefănescu Țurcanu", "STEFANESCU TURCANU"),
        ("Łukasz Ørsted Groß", "LUKASZ ORSTED GROSS"),
        ("O’Neil-Smith", "O NEIL SMITH"),
        ("李雷", ""),
        ("", ""),
    ],
)
def test_names_are_spelt_in_latin_letters(name: str, spelt: str) -> None:
    assert latin(name) == spelt


def codes_of(name: str | None, gain: str, count: int = 4) -> list[str]:
    return list(islice(personal_codes(name, gain, lambda length: "x7k2m9qa"[:length]), count))


def test_the_nicest_code_comes_first() -> None:
    assert codes_of("Анна Ковальчук", "10") == ["ANNA10", "ANNAK", "ANNAK10", "ANNAX7"]
    assert codes_of("Mihaela", "") == ["MIHAELA", "MIHAELAX7", "MIHAELAX7K", "MIHAELAX7K2"]
    assert codes_of("李雷", "10", 1) == ["X7K2M9QA"]
    assert codes_of("Al", "5", 1) == ["X7K2M9QA"]
    assert codes_of("007", "5", 1) == ["X7K2M9QA"]


@given(st.none() | st.text(max_size=80), st.sampled_from(["", "10", "2000"]))
def test_every_proposal_is_a_code_in_its_kept_form(name: str | None, gain: str) -> None:
    for code in islice(personal_codes(name, gain, short_code), 12):
        assert fold(code) == code
        assert code.isalnum() and len(code) <= 20, "so much every platform takes"


def program(**give: object) -> Program:
    rules = [{"name": "friend", "to": "friend", "give": give}] if give else []
    document = {"name": "P", "currency": "EUR", "landing_url": "https://shop.example/", "rewards": rules}
    return Program.model_validate(document)


def test_the_friends_gain_is_said_where_it_is_round() -> None:
    assert friend_gain(program(kind="percent", basis_points=1000)) == "10"
    assert friend_gain(program(kind="percent", basis_points=1250)) == ""
    assert friend_gain(program(kind="fixed", amount_minor=500)) == "5"
    assert friend_gain(program(kind="fixed", amount_minor=550)) == ""
    assert friend_gain(program()) == ""
