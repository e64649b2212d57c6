"""Memberships of a program: spoken, and written in the form."""

import pytest

from contracts.program import Program
from services.links.programs.domain import form, form_memberships, words
from services.links.programs.domain.form import FormErrors
from services.ui import Format, load_speech
from tests.unit.links.test_programs import CATALOGUES, WHOLE

CLUB = {"name": "Club", "bought_by": {"products": ["club-1", "club-2"]}, "lasts": {"months": 12}}
PRO = {"name": "Pro", "bought_by": {"event": "pro.paid"}, "lasts": {"days": 30}}


def selling(*memberships: object, asked: list[str] | None = None) -> Program:
    """A program with these memberships; its ambassador's rule asks for some."""
    document = WHOLE.model_dump(mode="json") | {"memberships": list(memberships)}
    for rule in document["rewards"]:
        if rule["to"] == "ambassador" and asked:
            rule["when"] = {**(rule["when"] or {}), "memberships": asked}
    return Program.model_validate(document)


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en",
            [
                "It is for who holds one of these memberships: Club.",
                "The membership Club lasts 12 months from its purchase, or from its end while it runs.",
                "The membership Pro lasts 30 days from its purchase, or from its end while it runs.",
            ],
        ),
        (
            "ru",
            [
                "Это для тех, у кого есть одно из этих членств: Club.",
                "Членство «Club» действует 12 месяцев с покупки или с окончания, пока оно действует.",
                "Членство «Pro» действует 30 дней с покупки или с окончания, пока оно действует.",
            ],
        ),
        (
            "uk",
            [
                "Це для тих, хто має одне з цих членств: Club.",
                "Членство «Club» діє 12 місяців від купівлі або від завершення, поки воно чинне.",
                "Членство «Pro» діє 30 днів від купівлі або від завершення, поки воно чинне.",
            ],
        ),
        (
            "ro",
            [
                "Este pentru cine are unul dintre aceste abonamente de membru: Club.",
                "Abonamentul de membru „Club” durează 12 luni de la cumpărare sau de la sfârșitul celui în curs.",
                "Abonamentul de membru „Pro” durează 30 de zile de la cumpărare sau de la sfârșitul celui în curs.",
            ],
        ),
    ],
)
def test_memberships_are_sentences(language: str, sentences: list[str]) -> None:
    program = selling(CLUB, PRO, asked=["Club"])
    said = words.promises(program, load_speech(language, CATALOGUES), Format(language))
    assert list(dict.fromkeys(line for line in said if "Club" in line or "Pro" in line)) == sentences


def test_the_form_gives_back_what_it_was_given() -> None:
    program = selling(CLUB, PRO, asked=["club"])
    fields = form.fields(program)
    assert (fields["membership_0_products"], fields["ambassador_memberships"]) == ("club-1, club-2", "club")
    read = Program.model_validate(form.read(fields, before=program))
    assert read.memberships == program.memberships
    assert [rule.when for rule in read.rewards] == [rule.when for rule in program.rewards]


def test_the_form_adds_changes_and_leaves_out_memberships() -> None:
    program = selling(CLUB)
    fields = form.fields(program)
    assert form_memberships.rows_of(fields) == [0, 1]
    row = {"name": " Pro ", "event": "pro.paid", "days": "30"}
    added = {**fields, **{form_memberships.field_of(1, part): text for part, text in row.items()}}
    assert form.read(added, before=program)["memberships"][1] == PRO | {
        "bought_by": {"products": [], "event": "pro.paid"},
        "lasts": {"days": 30, "months": None},
    }
    emptied = {**fields, **form_memberships.blank(0)}
    assert form.read(emptied, before=program)["memberships"] == []
    # A form without these fields leaves them as they are.
    others = {field: text for field, text in fields.items() if not field.startswith("membership_")}
    assert Program.model_validate(form.read(others, before=program)).memberships == program.memberships


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"membership_0_name": ""}, {"membership_0_name": "required", "ambassador_memberships": "membership_unknown"}),
        ({"membership_1_name": "x" * 41}, {"membership_1_name": "tier_name"}),
        ({"membership_1_name": "CLUB"}, {"membership_1_name": "membership_twice"}),
        ({"membership_1_event": "Pro paid"}, {"membership_1_event": "event_name"}),
        ({"membership_1_event": ""}, {"membership_1_products": "bought_by"}),
        ({"membership_1_products": "a"}, {"membership_1_products": "bought_by"}),
        ({"membership_1_days": ""}, {"membership_1_days": "lasts"}),
        ({"membership_1_months": "3"}, {"membership_1_days": "lasts"}),
        ({"membership_1_days": "0"}, {"membership_1_days": "1–3660"}),
        ({"ambassador_memberships": "Club, Circle"}, {"ambassador_memberships": "membership_unknown"}),
    ],
)
def test_the_form_says_which_field_is_wrong(changed: dict[str, str], errors: dict[str, str]) -> None:
    program = selling(CLUB, PRO, asked=["Club"])
    with pytest.raises(FormErrors) as wrong:
        form.read({**form.fields(program), **changed}, before=program)
    assert wrong.value.errors == errors
