"""Tiers of a program: spoken, compared and written in the form."""

import pytest

from contracts.program import Program
from services.links.programs.domain import form, form_tiers, words
from services.links.programs.domain.form import FormErrors
from services.ui import Format, load_speech
from tests.unit.links.test_programs import CATALOGUES, WHOLE

STEPS = [
    {"name": "Bronze", "at": 0},
    {"name": "Silver", "at": 5, "multiplier_basis_points": 15_000},
    {"name": "Gold", "at": 21, "multiplier_basis_points": 22_500},
]
ROLLING = {
    "window": {"kind": "rolling", "days": 90},
    "when_below": {"then": "one_step", "grace_days": 30},
}


def tiered(**tiers: object) -> Program:
    made = {"of": "friends", "steps": STEPS} | tiers
    return Program.model_validate(WHOLE.model_dump(mode="json") | {"tiers": made})


@pytest.mark.parametrize(
    ("tiers", "language", "sentences"),
    [
        (
            ROLLING,
            "en",
            [
                "Your tier multiplies your rewards for friends’ orders.",
                "Bronze, ×1: from the start.",
                "Silver, ×1.5: when 5 friends have bought.",
                "Gold, ×2.25: when 21 friends have bought.",
                "Only the last 90 days count.",
                "Who stays below their tier for 30 days falls by one tier.",
            ],
        ),
        (
            {"of": "revenue", "steps": STEPS[1:2], "window": {"kind": "calendar", "period": "quarter"}}
            | {"when_below": {"then": "match"}},
            "en",
            [
                "Your tier multiplies your rewards for friends’ orders.",
                "Silver, ×1.5: when your friends have spent €0.05.",
                "Each quarter is counted anew.",
                "When the count falls, so does the tier.",
            ],
        ),
        (
            {"steps": [STEPS[1] | {"hold_days": 1, "privileges": ["Free delivery", "Early sales"]}]},
            "en",
            [
                "Your tier multiplies your rewards for friends’ orders.",
                "Silver, ×1.5: when 5 friends have bought.",
                "In Silver, rewards for orders can be used 1 day after the purchase.",
                "In Silver you also have: Free delivery; Early sales.",
                "A tier that was reached stays.",
            ],
        ),
        (
            {"by": "clicks", "steps": STEPS[2:]},
            "uk",
            [
                "Рівень множить ваші винагороди за замовлення друзів.",
                "Gold, ×2,25: коли за вашими посиланнями буде 21 перехід.",
                "Досягнутий рівень залишається.",
            ],
        ),
        (
            {"of": "tenure", "steps": STEPS[1:2]},
            "en",
            [
                "Your tier multiplies your rewards for friends’ orders.",
                "Silver, ×1.5: when you have been an ambassador for more than 5 months.",
            ],
        ),
        (
            {"of": "orders", "steps": STEPS[2:]},
            "ru",
            [
                "Уровень умножает ваши вознаграждения за заказы друзей.",
                "Gold, ×2,25: когда друзья сделают 21 заказ.",
                "Достигнутый уровень остаётся.",
            ],
        ),
    ],
)
def test_tiers_are_sentences(tiers: dict[str, object], language: str, sentences: list[str]) -> None:
    program, speech, fmt = tiered(**tiers), load_speech(language, CATALOGUES), Format(language)
    usual = words.promises(WHOLE, speech, fmt)
    assert [line for line in words.promises(program, speech, fmt) if line not in usual] == sentences
    (difference,) = words.differences(WHOLE, program, speech, fmt)
    assert difference.endswith(" ".join(sentences))


@pytest.mark.parametrize(
    "tiers",
    [
        {},
        ROLLING,
        {"of": "revenue", "window": {"kind": "calendar", "period": "year"}, "when_below": {"then": "match"}},
        {"of": "tenure"},
        {"by": "clicks", **ROLLING},
        {"steps": [{"name": f"t{n}", "at": n} for n in range(10)]},
        {"steps": [STEPS[0] | {"hold_days": 0, "privileges": ["A call back the same day", "Early sales"]}]},
    ],
)
def test_the_form_gives_back_what_it_was_given(tiers: dict[str, object]) -> None:
    program = tiered(**tiers)
    assert Program.model_validate(form.read(form.fields(program), before=program)).tiers == program.tiers
    # A client that knows no tiers leaves them as they are; who chooses none has none.
    without = {field: text for field, text in form.fields(program).items() if not field.startswith("tier")}
    assert Program.model_validate(form.read(without, before=program)).tiers == program.tiers
    assert form.read(form.fields(program) | {"tiers_of": ""}, before=program)["tiers"] is None


def test_the_form_adds_changes_and_leaves_out_tiers() -> None:
    program = tiered()
    filled = form.fields(program) | {
        "tier_0_name": "",
        "tier_0_at": "",
        "tier_1_times": "1,75",
        "tier_3_name": " Platinum ",
        "tier_3_at": "100",
        "tier_3_times": "×10",
    }
    tiers = Program.model_validate(form.read(filled, before=program)).tiers
    assert tiers is not None
    assert [(one.name, one.at, one.multiplier_basis_points) for one in tiers.steps] == [
        ("Silver", 5, 17_500),
        ("Gold", 21, 22_500),
        ("Platinum", 100, 100_000),
    ]
    assert form_tiers.rows_of(form.fields(program)) == [0, 1, 2, 3]
    assert form_tiers.rows_of({}) == [0]


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"tier_1_at": "0"}, {"tier_1_at": "rises"}),
        ({"tier_1_at": "many"}, {"tier_1_at": "0–1000000000"}),
        ({"tier_1_at": ""}, {"tier_1_at": "required"}),
        ({"tier_1_name": ""}, {"tier_1_name": "required"}),
        ({"tier_1_name": "bronze"}, {"tier_1_name": "name_twice"}),
        ({"tier_1_name": "n" * 41}, {"tier_1_name": "tier_name"}),
        ({"tier_1_times": "0"}, {"tier_1_times": "times"}),
        ({"tier_1_times": "10.1"}, {"tier_1_times": "times"}),
        ({"tier_1_times": "much"}, {"tier_1_times": "times"}),
        ({"tiers_window": "rolling", "tiers_days": "400"}, {"tiers_days": "1–366"}),
        ({"tiers_below": "one_step", "tiers_grace": ""}, {"tiers_grace": "required"}),
    ],
)
def test_the_form_says_which_field_of_a_tier_is_wrong(changed: dict[str, str], errors: dict[str, str]) -> None:
    program = tiered()
    with pytest.raises(FormErrors) as found:
        form.read(form.fields(program) | changed, before=program)
    assert found.value.errors == errors


def test_tiers_without_one_are_none() -> None:
    filled = form.fields(WHOLE) | {"tiers_of": "friends"}
    with pytest.raises(FormErrors) as found:
        form.read(filled, before=WHOLE)
    assert found.value.errors == {"tier_0_name": "required"}
