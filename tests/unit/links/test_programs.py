"""Programs: merged, spoken and written in a form."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.program import Program
from services.links.programs.domain import form, words
from services.links.programs.domain.form import FormErrors
from services.links.programs.domain.merge import merged
from services.ui import Format, load_speech

SPEECH, FORMAT = load_speech("en"), Format("en")
WHOLE = Program.model_validate(
    {
        "name": "Give 10, get 10",
        "currency": "EUR",
        "landing_url": "https://shop.example/",
        "attribution": {"min_subtotal_minor": 2000, "priority": ["click", "code"], "model": "first"},
        "budget": {"amount_minor": 1_000_000},
        "rewards": [
            {"name": "friend", "to": "friend", "give": {"kind": "fixed", "amount_minor": 750}},
            {
                "name": "own",
                "to": "ambassador",
                "which": "every",
                "give": {"kind": "percent", "basis_points": 1250, "of": "total"},
                "pay_as": "cash",
                "limits": {"per_order_minor": 5000, "per_ambassador": {"amount_minor": 9000, "period": "year"}},
            },
            {"name": "extra", "to": "ambassador", "give": {"kind": "fixed", "amount_minor": 100}},
        ],
    }
)


def test_a_merge_goes_into_objects_replaces_lists_and_forgets_nulls() -> None:
    before = {"a": {"b": 1, "c": 2}, "list": [1, 2], "gone": 1}
    assert merged(before, {"a": {"c": 3}, "list": [9], "gone": None}) == {"a": {"b": 1, "c": 3}, "list": [9]}
    assert before["gone"] == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=2), JSON), st.dictionaries(st.text(max_size=2), JSON))
def test_merging_the_same_twice_changes_nothing(before: dict[str, object], patch: dict[str, object]) -> None:
    once = merged(before, patch)
    assert merged(once, patch) == once


def test_a_program_is_said_in_one_sentence() -> None:
    assert words.headline(WHOLE, SPEECH, FORMAT) == "Give a friend €7.50, get 12.5% of each order"
    assert words.limits(WHOLE.rewards[1], WHOLE, SPEECH, FORMAT) == [
        "At most €50 for one order.",
        "At most €90 a year.",
    ]
    bare = WHOLE.model_copy(update={"rewards": ()})
    assert words.headline(bare, SPEECH, FORMAT) == "Give 10, get 10"


@pytest.mark.parametrize("language", ["en", "ru", "uk", "ro"])
def test_a_program_can_be_said_in_every_language(language: str) -> None:
    speech, fmt = load_speech(language), Format(language)
    assert words.headline(WHOLE, speech, fmt)
    assert all(words.promises(WHOLE, speech, fmt))
    assert all(words.facts(WHOLE, speech, fmt).values())


def test_a_version_says_what_it_changed() -> None:
    after = WHOLE.model_copy(update={"rank": 2})
    assert words.differences(WHOLE, after, SPEECH, FORMAT) == ["Rank: 1 → 2"]
    assert words.differences(WHOLE, WHOLE, SPEECH, FORMAT) == []


def test_a_form_that_nobody_touched_changes_nothing() -> None:
    again = Program.model_validate(form.read(form.fields(WHOLE), before=WHOLE))
    differing = [name for name in Program.model_fields if getattr(again, name) != getattr(WHOLE, name)]
    assert differing == ["rewards"]
    # The form has one cap for one order, and it is every ambassador rule's.
    assert again.rewards[:2] == WHOLE.rewards[:2]
    assert again.rewards[2].limits.per_order_minor == 5000


def test_a_new_form_makes_a_program() -> None:
    filled = {**form.empty("JPY"), "name": "Yen", "landing_url": "https://shop.example/", "friend_amount": "1000"}
    made = Program.model_validate(form.read(filled, before=None))
    assert made.rewards[0].give.model_dump() == {"kind": "fixed", "amount_minor": 1000}
    assert made.rewards[1].give.model_dump() == {"kind": "percent", "basis_points": 1000, "of": "subtotal"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("friend_amount", "ten"),
        ("friend_amount", "-5"),
        ("friend_amount", "1.005"),
        ("friend_amount", ""),
        ("friend_amount", "1e5"),
        ("ambassador_amount", "101"),
        ("ambassador_amount", "0"),
        ("hold_days", "366"),
        ("hold_days", "1.5"),
        ("click_window_days", "0"),
        ("budget", "lots"),
        ("name", " "),
        ("currency", "EUX"),
    ],
)
def test_wrong_fields_are_named(field: str, value: str) -> None:
    filled = {**form.empty("EUR"), "name": "P", "landing_url": "https://shop.example/", field: value}
    with pytest.raises(FormErrors) as caught:
        form.read(filled, before=None)
    assert set(caught.value.errors) == {field}


@given(st.dictionaries(st.sampled_from(sorted(form.empty("EUR"))), st.text(max_size=12)))
def test_no_form_breaks_the_page(given_fields: dict[str, str]) -> None:
    with suppress(FormErrors):
        assert form.read({**form.empty("EUR"), **given_fields}, before=None)["name"]
