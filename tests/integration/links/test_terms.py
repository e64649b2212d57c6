"""The public page of a program's terms: what holds today, and what held before."""

import json
import re

import httpx

from tests.integration.links.test_console import FORM
from tests.integration.links.world import Replica, Shop

JOINING = {"terms": {"version": "2026-01", "text": "Be kind.\n\nNo spam."}}


async def test_everybody_reads_what_holds_and_what_held_before(links: Replica, shop: Shop) -> None:
    program = await shop.program(joining=JOINING)
    first = await links.http.get(f"/terms/{program}?lang=en")
    assert first.status_code == 200
    assert "Be kind." in first.text and "Version 1 of the rules" in first.text
    assert "The version before" not in first.text and f'href="/join/{program}"' in first.text

    changed = {
        "joining": {"terms": {"version": "2026-02", "text": "Be kind.\n\nNo letters either."}},
        "status": "paused",
    }
    assert (await shop.http.patch(f"/v1/programs/{program}", json=changed)).status_code == 200
    second = (await links.http.get(f"/terms/{program}?lang=en")).text
    assert "No letters either." in second and "This program is paused." in second
    assert f'href="/terms/{program}?version=1"' in second
    before = (await links.http.get(f"/terms/{program}?version=1&lang=ru")).text
    assert "No spam." in before and "No letters either." not in before
    assert "Действующая версия" in before and "Программа приостановлена." in before


async def test_each_reads_the_terms_in_their_language_and_others_the_first_text(
    links: Replica, shop: Shop, console: httpx.AsyncClient
) -> None:
    terms = {"version": "2026-01", "text": "Be kind.", "texts": {"ru": "Будьте добры.\n\nБез спама."}}
    program = await shop.program(joining={"terms": terms})
    russian = (await links.http.get(f"/terms/{program}?lang=ru")).text
    assert '<p class="letterly" lang="ru">Будьте добры.</p>' in russian and "Без спама." in russian
    assert "Be kind." not in russian
    for language in ("en", "ro", "uk"):
        assert '<p class="letterly">Be kind.</p>' in (await links.http.get(f"/terms/{program}?lang={language}")).text

    where = f"/console/links/programs/{program}"
    assert re.search(r'name="terms_text_ru"[^>]*>Будьте добры', (await console.get(f"{where}/edit?lang=en")).text)
    form = {**FORM, "seen": "1", "join": "confirmed", "terms_version": "2026-02", "terms_text": "Be kind."}
    romanian = {"terms_text_ro": "Fiți amabili.\r\n\r\nFără spam."}
    for wrong, field in (({"terms_text": ""}, "terms_text"), ({"terms_text_ro": "x" * 20_001}, "terms_text_ro")):
        refused = await console.post(where, data=form | romanian | wrong)
        assert refused.status_code == 422 and f'aria-describedby="{field}-error"' in refused.text, field
    assert (await console.post(where, data=form | romanian)).status_code == 303
    shown = (await shop.got(f"/v1/programs/{program}"))["joining"]["terms"]
    assert shown["texts"] == {"en": None, "ru": None, "uk": None, "ro": "Fiți amabili.\n\nFără spam."}
    bad = await shop.http.patch(f"/v1/programs/{program}", json={"joining": {"terms": {"texts": {"fr": "Soyez"}}}})
    assert bad.status_code == 422 and bad.json()["errors"][0]["field"] == "joining.terms.texts.fr"


async def test_the_terms_of_all_languages_together_fit_one_request(shop: Shop, console: httpx.AsyncClient) -> None:
    texts = {"ru": "я" * 11_000, "uk": "ї" * 10_000}
    most = {"version": "2026-01", "text": "я" * 19_000, "texts": texts}
    program = await shop.program(joining={"terms": most})
    where = f"/v1/programs/{program}"
    # As who writes no letters but ASCII sends it: six bytes each.
    escaped = json.dumps({"joining": {"terms": most | {"version": "2026-02"}}})
    headers = {"content-type": "application/json"}
    assert (await shop.http.patch(where, content=escaped, headers=headers)).status_code == 200
    refused = await shop.http.patch(where, json={"joining": {"terms": {"texts": {"ro": "x"}}}})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "joining.terms.texts.ru")
    form = {**FORM, "seen": "2", "join": "confirmed", "terms_version": "2026-03", "terms_text": "я" * 20_000}
    written = {f"terms_text_{language}": text for language, text in texts.items()}
    page = await console.post(f"/console/links/programs/{program}?lang=ru", data=form | written)
    assert page.status_code == 422 and 'aria-describedby="terms_text_ru-error"' in page.text
    assert "не больше 40000 знаков" in page.text.replace("\xa0", "")


async def test_a_program_and_a_version_that_are_not_there(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    for path in (f"/terms/{program}?version=2", "/terms/prg_nobody", "/terms/%00"):
        assert (await links.http.get(path)).status_code == 404, path
    assert (await links.http.get(f"/terms/{program}?version=x")).status_code == 422
    assert f'href="/join/{program}"' not in (await links.http.get(f"/terms/{program}")).text, (
        "nobody joins by themselves"
    )
