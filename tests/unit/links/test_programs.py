"""Programs: merged, spoken and written in a form."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.program import Discount, EventRule, Program
from services.links.programs.domain import form, form_events, words
from services.links.programs.domain.form import FormErrors
from services.links.programs.domain.merge import merged
from services.ui import Format, load_speech

SPEECH, FORMAT = load_speech("en"), Format("en")
CATALOGUES = (Path(words.__file__).parents[2] / "locale",)
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
    made = Program.model_validate(form.read({**filled, "friend_benefit": "credit"}, before=None))
    assert (made.friend_benefit, made.discount, made.landing) == ("credit", None, "page")
    assert made.rewards[0].give.model_dump() == {"kind": "fixed", "amount_minor": 1000}
    assert made.rewards[1].give.model_dump() == {"kind": "percent", "basis_points": 1000, "of": "subtotal"}


def test_the_form_serves_the_friend_in_each_way() -> None:
    usual = {**form.empty("EUR"), "name": "P", "landing_url": "https://shop.example/", "discount_amount": "7.50"}
    for benefit, served in (("discount", []), ("credit", ["friend"]), ("both", ["friend"]), ("none", [])):
        made = Program.model_validate(form.read({**usual, "friend_benefit": benefit}, before=None))
        assert made.benefit == benefit
        assert [rule.to for rule in made.rules_served if rule.to == "friend"] == served
        off = made.discount_served.give.model_dump() if made.discount_served else None
        assert off == ({"kind": "fixed", "amount_minor": 750} if benefit in ("discount", "both") else None)
        again = Program.model_validate(form.read(form.fields(made), before=made))
        assert again == made


def test_a_program_from_before_there_was_a_choice_serves_its_friends_as_it_did() -> None:
    assert WHOLE.friend_benefit is None
    assert (WHOLE.benefit, WHOLE.rules_served, WHOLE.landing) == ("credit", WHOLE.rewards, "store")
    bare = WHOLE.model_copy(update={"rewards": ()})
    assert (bare.benefit, bare.discount_served) == ("none", None)


def test_the_form_keeps_utm_values_and_names_a_wrong_one() -> None:
    usual = {**form.empty("EUR"), "name": "P", "landing_url": "https://shop.example/", "utm_source": "kith-{channel}"}
    made = Program.model_validate(form.read(usual, before=None))
    assert made.utm is not None
    assert made.utm.source == "kith-{channel}"
    assert Program.model_validate(form.read(form.fields(made), before=made)) == made
    with pytest.raises(ValidationError, match="no value here"):
        Program.model_validate(form.read({**usual, "utm_source": "{name}"}, before=None))


def test_the_discount_is_said_to_ambassadors_and_to_who_runs_the_program() -> None:
    off = Discount.model_validate({"give": {"kind": "percent", "basis_points": 1500}, "which": "every"})
    both = WHOLE.model_copy(update={"friend_benefit": "both", "discount": off})
    assert words.headline(both, SPEECH, FORMAT).startswith("Give a friend 15%")
    assert words.promises(both, SPEECH, FORMAT)[0] == "Your friend gets 15% off each order, at the checkout."
    assert words.friend_terms(both, SPEECH, FORMAT).startswith("both: 15% off each order, at the checkout; ")
    none = both.model_copy(update={"friend_benefit": "none"})
    assert words.friend_terms(none, SPEECH, FORMAT) == "nothing"
    assert not [line for line in words.promises(none, SPEECH, FORMAT) if "friend gets" in line]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("discount_amount", "ten"),
        ("discount_amount", "0"),
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
    filled = {**form.empty("EUR"), "name": "P", "landing_url": "https://shop.example/", "friend_benefit": "both"}
    filled[field] = value
    with pytest.raises(FormErrors) as caught:
        form.read(filled, before=None)
    assert set(caught.value.errors) == {field}


@given(st.dictionaries(st.sampled_from(sorted(form.empty("EUR") | form_events.blank(0))), st.text(max_size=12)))
def test_no_form_breaks_the_page(given_fields: dict[str, str]) -> None:
    with suppress(FormErrors):
        assert form.read({**form.empty("EUR"), **given_fields}, before=None)["name"]


EVENT_RULES = [
    {"name": "join", "on": "signup", "to": "ambassador", "give": {"kind": "fixed", "amount_minor": 200}},
    {
        "name": "ask",
        "on": "survey.done",
        "to": "ambassador",
        "which": "every",
        "give": {"kind": "fixed", "amount_minor": 30},
        "pay_as": "points",
        "limits": {"per_ambassador": {"count": 5, "period": "month"}},
    },
    {"name": "welcome", "on": "signup", "to": "friend", "give": {"kind": "fixed", "amount_minor": 50}},
]


def test_rules_for_events_are_sentences_beside_those_for_orders() -> None:
    program = Program.model_validate(WHOLE.model_dump(mode="json") | {"event_rewards": EVENT_RULES})
    usual = words.promises(WHOLE, SPEECH, FORMAT)
    lines = words.promises(program, SPEECH, FORMAT)
    assert [line for line in lines if line not in usual] == [
        "A friend’s sign-up: you get €2, once for each friend.",
        "“survey.done” by a friend: you get 30 points each time.",
        "At most 5 rewards a month.",
        "A friend’s sign-up: the friend gets €0.50, once.",
    ]
    assert words.headline(program, SPEECH, FORMAT) == words.headline(WHOLE, SPEECH, FORMAT)
    (difference,) = words.differences(WHOLE, program, SPEECH, FORMAT)
    assert difference.startswith("For other events: nothing → A friend’s sign-up: you get €2")


def goal(of: str, **how: int) -> dict[str, object]:
    return {"name": "m", "on": {"of": of, **how}, "give": {"kind": "fixed", "amount_minor": 1000}}


@pytest.mark.parametrize(
    ("rule", "language", "sentences"),
    [
        (goal("friends", every=5), "en", ["You get €10 for every 5 friends who buy."]),
        (
            goal("friends", at=10) | {"pay_as": "points"},
            "en",
            ["You get 1,000 points when 10 friends have bought."],
        ),
        (
            goal("orders", every=3) | {"at_most": 4},
            "en",
            ["You get €10 for every 3 orders of your friends.", "At most 4 rewards in all."],
        ),
        (goal("orders", at=1), "en", ["You get €10 when your friends have placed 1 order."]),
        (goal("revenue", at=50_000), "en", ["You get €10 when your friends have spent €500."]),
        (
            goal("revenue", every=50_050) | {"at_most": 1},
            "en",
            ["You get €10 for every €500.50 that your friends spend.", "At most 1 reward in all."],
        ),
        (goal("friends", every=5), "ru", ["Вам – 10\xa0€ за каждых 5 друзей, сделавших покупку."]),
        (goal("friends", at=21), "uk", ["Вам – 10\xa0€, коли покупку зробить 21 друг."]),
        (goal("orders", every=20), "ro", ["Primiți 10\xa0€ pentru fiecare 20 de comenzi ale prietenilor."]),
    ],
)
def test_milestones_are_sentences(rule: dict[str, object], language: str, sentences: list[str]) -> None:
    program = Program.model_validate(WHOLE.model_dump(mode="json") | {"milestone_rewards": [rule]})
    speech, fmt = load_speech(language, CATALOGUES), Format(language)
    usual = words.promises(WHOLE, speech, fmt)
    assert [line for line in words.promises(program, speech, fmt) if line not in usual] == sentences
    (difference,) = words.differences(WHOLE, program, speech, fmt)
    assert difference.endswith(" ".join(sentences))
    kept = form.read(form.fields(program), before=program)
    assert Program.model_validate(kept).milestone_rewards == program.milestone_rewards


def test_the_form_leaves_changes_adds_and_removes_rules_for_events() -> None:
    program = Program.model_validate(WHOLE.model_dump(mode="json") | {"event_rewards": EVENT_RULES})
    filled = form.fields(program)

    def rules(changes: dict[str, str]) -> tuple[EventRule, ...]:
        return Program.model_validate(form.read(filled | changes, before=program)).event_rewards

    assert rules({}) == program.event_rewards
    asked_nothing = {field: text for field, text in filled.items() if not field.startswith("event_")}
    assert form.read(asked_nothing, before=program)["event_rewards"] == [
        rule.model_dump(mode="json") for rule in program.event_rewards
    ]
    assert form_events.rows_of(filled) == [0, 1, 2, 3]
    join, ask, welcome = rules({"event_0_amount": "3,5", "event_1_drop": "", "event_2_which": "every"})
    assert (join.give.amount_minor, ask, welcome.which) == (350, program.event_rewards[1], "every")
    added = {"event_3_on": "signup", "event_3_amount": "90", "event_3_pay_as": "points", "event_3_per_month": "4"}
    kept, welcome, new = rules({"event_1_drop": "1", **added})
    assert (kept.name, welcome.name) == ("join", "welcome")
    assert new.model_dump(mode="json") == {
        "name": "signup-ambassador",
        "on": "signup",
        "to": "ambassador",
        "which": "first",
        "give": {"kind": "fixed", "amount_minor": 90},
        "pay_as": "points",
        "hold_days": 14,
        "expires_after_days": None,
        "expiry": None,
        "expiry_notice_days": None,
        "limits": {"per_ambassador": {"count": 4, "amount_minor": None, "period": "month"}},
    }
    assert rules({"event_1_per_month": ""})[1].limits.per_ambassador is None
    wrong = {"event_0_on": "Sign up", "event_1_amount": "2.5", "event_2_amount": "", "event_3_amount": "7"}
    with pytest.raises(FormErrors) as caught:
        form.read(filled | wrong | {"event_2_hold_days": "soon"}, before=program)
    assert set(caught.value.errors) == {
        *("event_0_on", "event_1_amount", "event_2_amount", "event_2_hold_days", "event_3_on"),
    }


@pytest.mark.parametrize(
    ("change", "path", "mend"),
    [
        ({"give": {"kind": "percent", "basis_points": 500}}, ("event_rewards", 0, "give"), "give a fixed amount"),
        ({"on": "Sign up"}, ("event_rewards", 0, "on"), "pattern"),
        ({"name": "own"}, (), "give each rule its own"),
        ({"limits": {"per_order_minor": 5}}, ("event_rewards", 0, "limits", "per_order_minor"), "not permitted"),
    ],
)
def test_a_rule_for_events_that_cannot_be_is_named_by_its_path(
    change: dict[str, object], path: tuple[object, ...], mend: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Program.model_validate(WHOLE.model_dump(mode="json") | {"event_rewards": [EVENT_RULES[0] | change]})
    (error,) = refused.value.errors()
    assert error["loc"] == path and mend in error["msg"]


TERMS: dict[str, object] = {
    "which": "every",
    "give": {"kind": "percent", "basis_points": 1250},
    "span": {"months": 6},
    "when": {
        "min_subtotal_minor": 3000,
        "categories": ["Shoes", "Boots"],
        "groups": ["VIP"],
        "countries": ["MD", "GB"],
    },
    "terms": [
        {"categories": ["Ties"], "give": {"kind": "percent", "basis_points": 2000}},
        {"products": ["wrap-1", "wrap-2"], "give": {"kind": "fixed", "amount_minor": 30}},
    ],
    "boosts": [
        {"first_day": "2027-11-26", "last_day": "2027-11-29", "basis_points": 550, "groups": ["VIP"]},
        {"first_day": "2028-11-26", "last_day": "2028-11-29", "basis_points": 100},
    ],
}


def with_terms(**changed: object) -> Program:
    definition = WHOLE.model_dump(mode="json")
    definition["rewards"][1] |= {**TERMS, **changed}
    return Program.model_validate(definition)


def test_the_form_keeps_and_changes_a_rules_conditions() -> None:
    program = with_terms()
    shown = form.fields(program)
    again = Program.model_validate(form.read(shown, before=program))
    assert again.rewards[1].model_dump(exclude={"limits"}) == program.rewards[1].model_dump(exclude={"limits"})
    other = {
        "ambassador_which": "nth",
        "ambassador_span": "3",
        "ambassador_least": "",
        "ambassador_categories": "",
        "ambassador_countries": " ro, Ua RO",
        "ambassador_groups": "VIP, Staff, vip",
        "ambassador_products": "Tea-1",
        "ambassador_channel_telegram": "1",
        "ambassador_channel_qr": "1",
        "ambassador_role_partner": "1",
        "ambassador_day_first": "2027-01-01",
        "ambassador_term_0_categories": "",
        "ambassador_term_0_amount": "",
        "ambassador_term_1_amount": "0.50",
        "ambassador_term_2_products": "cup",
        "ambassador_term_2_amount": "7,5",
        "ambassador_boost_0_first": "2027-12-01",
        "ambassador_boost_0_share": "7,5",
        "ambassador_boost_0_last": "2027-12-01",
        "ambassador_boost_1_categories": "Shoes",
        "ambassador_boost_2_first": "2029-01-01",
        "ambassador_boost_2_last": "2029-01-02",
        "ambassador_boost_2_share": "1",
    }
    rule = Program.model_validate(form.read(shown | other, before=program)).rewards[1]
    assert rule.span is not None and rule.span.model_dump(exclude_none=True) == {"nth": 3}
    assert rule.when is not None
    assert rule.when.model_dump(mode="json", exclude_defaults=True) == {
        "products": ["Tea-1"],
        "groups": ["VIP", "Staff"],
        "countries": ["RO", "UA"],
        "channels": ["telegram", "qr"],
        "roles": ["partner"],
        "first_day": "2027-01-01",
    }
    assert [term.model_dump(mode="json", exclude_defaults=True) for term in rule.terms] == [
        {"products": ["wrap-1", "wrap-2"], "give": {"kind": "fixed", "amount_minor": 50}},
        {"products": ["cup"], "give": {"kind": "percent", "basis_points": 750}},
    ]
    assert [(str(b.first_day), b.basis_points, b.groups, b.categories) for b in rule.boosts] == [
        ("2027-12-01", 750, ("VIP",), ()),
        ("2028-11-26", 100, (), ("Shoes",)),
        ("2029-01-01", 100, (), ()),
    ]
    assert (
        form.fields(program.model_copy(update={"rewards": (program.rewards[0], rule)}))["ambassador_channel_qr"] == "1"
    )


def test_a_form_without_the_fields_of_conditions_leaves_them_as_they_are() -> None:
    """A page that was open before the form had these fields sends none of them."""
    program = with_terms(when={"groups": ["VIP"], "channels": ["our-paper", "qr"], "roles": ["partner"]})
    kept = {
        name: text
        for name, text in form.fields(program).items()
        if not any(part in name for part in ("_group", "_role_", "_channel_", "_term_", "_boost_", "_per", "_countr"))
    }
    assert Program.model_validate(form.read(kept, before=program)).rewards[1] == program.rewards[1]


def test_the_form_keeps_channels_that_it_does_not_know() -> None:
    program = with_terms(when={"channels": ["our-paper", "qr"]})
    shown = form.fields(program) | {"ambassador_channel_qr": "", "ambassador_channel_sms": "1"}
    rule = Program.model_validate(form.read(shown, before=program)).rewards[1]
    assert rule.when is not None and rule.when.channels == ("sms", "our-paper")


def test_an_amount_for_each_so_much_of_the_price_is_a_field() -> None:
    points: dict[str, object] = {"terms": [], "boosts": [], "give": {"kind": "fixed", "amount_minor": 1}}
    program = with_terms(pay_as="points", per_minor=1000, **points)
    shown = form.fields(program)
    assert shown["ambassador_per"] == "10"
    assert (
        Program.model_validate(form.read(shown | {"ambassador_per": "5"}, before=program)).rewards[1].per_minor == 500
    )
    with pytest.raises(form.FormErrors) as refused:
        form.read(shown | {"ambassador_kind": "percent"}, before=program)
    assert refused.value.errors == {"ambassador_per": "per_percent"}


def test_the_form_names_a_wrong_condition() -> None:
    wrong = {
        "ambassador_which": "orders",
        "ambassador_span": "1",
        "ambassador_countries": "MD, Moldova",
        "ambassador_day_first": "2027-03-02",
        "ambassador_day_last": "2027-03-01",
        "ambassador_term_0_amount": "101",
        "ambassador_term_2_amount": "5",
        "ambassador_term_3_categories": "ties",
        "ambassador_boost_0_first": "2027-02-30",
        "ambassador_boost_0_last": "",
        "ambassador_boost_0_share": "0",
        "ambassador_boost_1_last": "2028-11-25",
    }
    with pytest.raises(form.FormErrors) as refused:
        form.read(form.fields(with_terms()) | wrong, before=None)
    assert refused.value.errors == {
        "ambassador_span": "2–1000",
        "ambassador_countries": "countries",
        "ambassador_day_last": "ends_early",
        "ambassador_term_0_amount": "percent",
        "ambassador_term_2_products": "required",
        "ambassador_term_3_categories": "goods_twice",
        "ambassador_term_3_amount": "required",
        "ambassador_boost_0_first": "day",
        "ambassador_boost_0_last": "required",
        "ambassador_boost_0_share": "percent",
        "ambassador_boost_1_last": "ends_early",
    }


def test_conditions_are_said_one_by_one() -> None:
    lines = [line.replace("\u00a0", " ") for line in words.promises(with_terms(), SPEECH, FORMAT)]
    start = lines.index("You get 12.5% for orders of your friends.")
    assert lines[start + 1 : start + 11] == [
        "It is for orders in 6 months from a friend’s first.",
        "For these it is 20%: Ties.",
        "For each piece of these it is €0.30: wrap-1, wrap-2.",
        "The goods must come to €30 or more.",
        "One of these must be in the order: Shoes, Boots.",
        "It is for ambassadors in these groups: VIP.",
        "It is for orders to these countries: Moldova, United Kingdom.",
        "From 26 Nov 2027 to 29 Nov 2027 it is 5.5% more.",
        "It is for ambassadors in these groups: VIP.",
        "From 26 Nov 2028 to 29 Nov 2028 it is 1% more.",
    ]
    changed = words.differences(WHOLE, with_terms(), SPEECH, FORMAT)
    assert any(text.startswith("Conditions: none → It is for orders in 6 months") for text in changed)


def test_points_for_each_so_many_of_the_price_are_said_as_points() -> None:
    points = with_terms(
        span=None, when=None, terms=[], boosts=[], pay_as="points", per_minor=1000,
        give={"kind": "fixed", "amount_minor": 1},
    )  # fmt: skip
    lines = words.promises(points, SPEECH, FORMAT)
    start = lines.index("You get 1 point for each order of your friends.")
    assert lines[start + 1] == "That is for each €10 of the price of the goods."
    assert words.headline(points, SPEECH, FORMAT) == "Give a friend €7.50, get 1 point"


BACK: dict[str, object] = {"name": "back", "per_minor": 5000, "give": {"kind": "fixed", "amount_minor": 1}} | {
    "pay_as": "points",
    "at_most": 3,
}


def with_cashback(*rules: dict[str, object]) -> Program:
    return Program.model_validate(WHOLE.model_dump(mode="json") | {"cashback_rewards": rules})


def test_cashback_is_said_to_everybody() -> None:
    program = with_cashback(BACK, BACK | {"name": "more", "pay_as": "store_credit", "at_most": None})
    lines = [line.replace("\u00a0", " ") for line in words.promises(program, SPEECH, FORMAT)]
    start = lines.index("Who buys without a friend’s invitation gets 1 point for every €50.")
    assert lines[start + 1 : start + 3] == [
        "At most 3 rewards in all.",
        "Who buys without a friend’s invitation gets €0.01 for every €50.",
    ]
    assert any(text.startswith("Cashback: nothing → ") for text in words.differences(WHOLE, program, SPEECH, FORMAT))


def test_the_form_makes_keeps_changes_and_takes_away_cashback() -> None:
    written = {"cashback_amount": "1", "cashback_per": "50", "cashback_pay_as": "points", "cashback_most": "3"}
    made = Program.model_validate(form.read(form.fields(WHOLE) | written, before=WHOLE))
    [rule] = made.cashback_rewards
    assert (rule.name, rule.per_minor, rule.give.amount_minor, rule.at_most) == ("cashback", 5000, 1, 3)
    again = with_cashback(BACK, BACK | {"name": "more", "per_minor": 100})
    kept = Program.model_validate(form.read(form.fields(again), before=again))
    assert kept.cashback_rewards == again.cashback_rewards
    changed = form.fields(again) | {"cashback_amount": "2.50", "cashback_pay_as": "store_credit", "cashback_most": ""}
    first, second = Program.model_validate(form.read(changed, before=again)).cashback_rewards
    assert (first.name, first.give.amount_minor, first.at_most, second.name) == ("back", 250, None, "more")
    gone = form.fields(again) | {"cashback_amount": "", "cashback_per": ""}
    assert [one["name"] for one in form.read(gone, before=again)["cashback_rewards"]] == ["more"]
    unseen = {name: text for name, text in form.fields(again).items() if not name.startswith("cashback_")}
    assert len(form.read(unseen, before=again)["cashback_rewards"]) == 2


def test_half_of_cashback_is_none() -> None:
    with pytest.raises(form.FormErrors) as refused:
        form.read(form.fields(WHOLE) | {"cashback_amount": "0", "cashback_per": ""}, before=WHOLE)
    assert refused.value.errors == {"cashback_amount": "above_zero", "cashback_per": "required"}
