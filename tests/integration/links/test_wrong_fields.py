"""What is wrong with a form's fields is said in the reader's language, whoever found it: form, model or action."""

import re
from typing import Any

import httpx
import pytest

from services.ui import LANGUAGES
from tests.integration.links.mailing import relay
from tests.integration.links.test_console import FORM
from tests.integration.links.world import Replica, Shop, portal_of

__all__ = ["relay"]

MISTAKES = re.compile(
    r'<p class="error"[^>]*>(?P<field>.*?)</p>|<p class="notice (?:warn|bad)"[^>]*>(?P<notice>.*?)</p>', re.DOTALL
)
PROGRAMS, MESSAGES = "/console/links/programs", "/console/links/messages"
ANNOUNCEMENTS, PEOPLE = "/console/links/announcements", "/console/links/ambassadors"
ANNOUNCEMENT = {"subject_en": "News", "body_en": "For {code}", "label_en": "Look"}
WORDS = {"subject": "News", "body": "For {code}", "label": "Look", "do": "save"}
FORMS: list[tuple[str, dict[str, str]]] = [
    (PROGRAMS, FORM | {"name": "", "hold_days": "x", "per_order": "much", "ambassador_amount": "0"}),
    (PROGRAMS, FORM | {"landing_url": "https://evil.example/"}),
    (PROGRAMS, FORM | {"landing_url": "no address", "name": "n" * 500, "utm_source": "u" * 500}),
    (PROGRAMS, FORM | {"words_en_title": "{nobody}"}),
    (f"{PROGRAMS}/PROGRAM", FORM | {"seen": "0"}),
    (f"{MESSAGES}/available/en", WORDS | {"body": "{nobody}"}),
    (f"{MESSAGES}/available/en", WORDS | {"body": "{", "subject": "s" * 300, "label": ""}),
    (f"{MESSAGES}/available/en", WORDS | {"body": " "}),
    (f"{MESSAGES}/available/en", {"do": "try", "ambassador_id": "amb_nobody"}),
    (f"{MESSAGES}/available/en", {"do": "try", "ambassador_id": "AMBASSADOR"}),
    (ANNOUNCEMENTS, {}),
    (ANNOUNCEMENTS, ANNOUNCEMENT | {"body_en": "{reward}", "label_en": "{"}),
    (
        ANNOUNCEMENTS,
        ANNOUNCEMENT | {"every_weeks": "two", "times": "0", "until": "soon", "at": "x", "joined_from": "x"},
    ),
    (ANNOUNCEMENTS, ANNOUNCEMENT | {"every_weeks": "2", "until": "2020-01-01"}),
    (ANNOUNCEMENTS, ANNOUNCEMENT | {"times": "2"}),
    ("ANNOUNCEMENT", {"do": "stop"}),
    ("ANNOUNCEMENT", {"do": "try", "language": "ro", "ambassador_id": "AMBASSADOR"}),
    ("/console/links/invites", {"program_id": "PROGRAM", "emails": "anna@example.com"}),
    ("/console/links/invites", {"program_id": "PROGRAM", "emails": "anna", "consent": "CONSENT"}),
    ("/console/links/invites", {"program_id": "PROGRAM", "emails": "", "consent": "CONSENT"}),
    ("/console/links/invites", {"program_id": "prg_none", "emails": "anna@example.com", "consent": "CONSENT"}),
    ("/console/links/invites", {"program_id": "PROGRAM", "do": "address", "label": ""}),
    (f"{PEOPLE}/sheet", {"program_id": "PROGRAM", "csv": "Anna,anna@example.com"}),
    (f"{PEOPLE}/sheet", {"program_id": "PROGRAM", "csv": 'name\n"Anna'}),
    (f"{PEOPLE}/sheet", {"program_id": "prg_none", "csv": "name\nAnna"}),
    (PEOPLE, {"program_id": "PROGRAM", "email": "anna", "phone": "1", "group": "g" * 61}),
    (PEOPLE, {"program_id": "prg_none", "name": "Bela"}),
    (f"{PEOPLE}/AMBASSADOR/edit", {"email": "anna", "code": "ANNA KÖRN", "notes": "n" * 4001, "locale": "x"}),
    ("/console/links/settings", {"name": "", "locale": "x", "timezone": "Nowhere"}),
    ("/console/links/materials", {"kind": "text", "program_id": "PROGRAM", "language": "en", "title": "", "text": ""}),
]
PORTAL: list[tuple[str, dict[str, str]]] = [
    ("/p/links", {"page": "https://evil.example/"}),
    ("/p/invites", {"emails": "anna@example.com"}),
    ("/p/invites", {"emails": "", "consent": "CONSENT"}),
]


def mistakes_on(page: str) -> list[str]:
    """What a page says of wrong fields, without markup."""
    found = [re.sub(r"<[^>]+>", "", one["field"] or one["notice"]).strip() for one in MISTAKES.finditer(page)]
    return [text for text in found if text]


async def in_every_language(browser: httpx.AsyncClient, path: str, form: dict[str, str]) -> dict[str, list[str]]:
    found = {}
    for language in LANGUAGES:
        browser.cookies.set("kith_lang", language)
        answer = await browser.post(path, data=form, headers={"Accept-Language": language})
        found[language] = (
            mistakes_on(answer.text) if 400 <= answer.status_code < 500 else [f"answered {answer.status_code}"]
        )
    return found


def untranslated(found: dict[str, list[str]]) -> list[Any]:
    """What is said in English to whoever reads another language; or that nothing is said at all."""
    english = found["en"]
    if not english:
        return ["nothing is said"]
    return [
        (language, text)
        for language, texts in found.items()
        if language != "en"
        for text in (texts if len(texts) == len(english) else ["other mistakes"])
        if text in english or text == "other mistakes"
    ]


@pytest.mark.usefixtures("relay")
async def test_each_form_says_what_is_wrong_in_the_readers_language(
    links: Replica, shop: Shop, console: httpx.AsyncClient
) -> None:
    program = await shop.program()
    anna = (await shop.ambassador(program, name="Anna"))["id"]
    draft = (await console.post(ANNOUNCEMENTS, data=ANNOUNCEMENT)).headers["location"]
    portal = await portal_of(links, shop, anna)
    names = {"PROGRAM": program, "AMBASSADOR": anna, "ANNOUNCEMENT": draft, "CONSENT": "1"}

    def named(text: str) -> str:
        return re.sub("|".join(names), lambda name: names[name[0]], text)

    wrong = {}
    for browser, forms in ((console, FORMS), (portal, PORTAL)):
        for path, form in forms:
            found = untranslated(await in_every_language(browser, named(path), {n: named(v) for n, v in form.items()}))
            if found:
                wrong[f"{path} {form}"[:120]] = found
    await portal.aclose()
    assert not wrong, "\n".join(f"{where}: {what}" for where, what in wrong.items())
