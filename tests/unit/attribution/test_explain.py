"""The sentence under an order, in four languages."""

from pathlib import Path

import pytest

import services.attribution as package
from contracts.events import Payload
from services.attribution.decisions.domain import decide
from services.attribution.decisions.domain.decision import as_dict
from services.attribution.decisions.schemas.clauses import CLAUSES
from services.attribution.decisions.schemas.explain import Words, candidate_text, check_text, explanation
from services.attribution.decisions.schemas.out import DecisionBody
from services.attribution.pages import PAGES
from services.ui import LANGUAGES, Format
from services.ui.messages import LABEL_LIMITS, untranslated
from tests.support.attribution import NOON, ambassador, at, cancel, code, facts_of, figures, order, program, token

FOLDER = Path(package.__path__[0])


def reported(*facts: Payload, language: str = "en") -> list[str]:
    """The explanation, then every candidate's and every check's sentence."""
    body = DecisionBody.model_validate(as_dict(decide(facts_of(facts))["1001"]))
    names, slugs = {"amb_anna": "ANNA10"}, {"lnk_anna": "anna"}
    words = Words(PAGES.speech(language), Format(language, now=NOON), names, slugs)
    return [
        explanation(body, words),
        *(candidate_text(c, body, words) for c in body.candidates),
        *(check_text(c, body, words) for c in body.checks),
    ]


ANNA = (program(), ambassador())
NOT_NEW = (*ANNA, order("1000", placed_at=at(days=-10)), code(), order(codes=["ANNA10"]))


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            (*ANNA, code(), order(codes=["ANNA10"])),
            "was entered at checkout, and this is the friend’s first paid order.",
        ),
        (
            (*ANNA, order(tokens=[token()])),
            "the click on r/anna was 2 days before the order, within the window of 30 days.",
        ),
        ((*ANNA, order(tokens=[token(when=at(minutes=-90))])), "r/anna was 1 hour before the order"),
        (NOT_NEW, "Rejected: code ANNA10 was entered, but the first paid order was already on 24 Oct; this program"),
        ((*ANNA, order(tokens=[token(when=at(days=-41))])), "No ambassador: the click on r/anna was 41 days before"),
        ((*ANNA, order()), "No ambassador: no click, promo code or earlier referral is known for this order."),
        ((*ANNA, order(tokens=[token()], reported=figures(status="pending"))), "Waiting: the order is not paid yet."),
        ((order(tokens=[token()]),), "Waiting: the program of this click or code has not reached us yet."),
        ((*ANNA, order(problems=["forged"])), "has no valid signature."),
        ((*ANNA, order(tokens=[token()]), cancel()), "Cancelled. Before that: Attributed to ANNA10"),
        ((program(), ambassador(external_id="c1"), order(tokens=[token()])), "are the same person: ANNA10."),
        (
            (program(min_subtotal_minor=5000), order(tokens=[token()])),
            "€46.00 is below the program’s minimum of €50.00.",
        ),
    ],
)
def test_explanations_say_who_and_why(facts: tuple[Payload, ...], sentence: str) -> None:
    assert sentence in reported(*facts)[0].replace("\u00a0", " ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_filled_in_every_language(language: str) -> None:
    for facts in (NOT_NEW, (*ANNA, code(), order(codes=["ANNA10", "X"], tokens=[token(), token("clk_2")]))):
        for sentence in reported(*facts, language=language):
            assert "%(" not in sentence
            assert sentence.endswith(".")


def test_four_languages_say_the_same() -> None:
    facts = (*ANNA, code(), order(codes=["ANNA10"]))
    assert [reported(*facts, language=language)[0].partition(".")[0] for language in ("ru", "uk", "ro")] == [
        "Засчитано: ANNA10",
        "Зараховано: ANNA10",
        "Atribuită: ANNA10",
    ]


@pytest.mark.parametrize("language", ["ru", "uk", "ro"])
def test_the_catalogues_are_complete(language: str) -> None:
    assert untranslated(FOLDER, language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_short_labels_fit(language: str) -> None:
    catalogue = PAGES.speech(language).catalogue
    known: dict[object, str] = getattr(catalogue, "_catalog", {})
    for key, text in known.items():
        if isinstance(key, str) and "\x04" in key:
            kind = key.partition("\x04")[0]
            assert len(text) <= LABEL_LIMITS[kind], f"{text!r} is too long for a {kind}"


def test_clauses_are_clauses() -> None:
    assert [clause for clause in CLAUSES.values() if clause.endswith(".") or clause[:1].isupper()] == []
