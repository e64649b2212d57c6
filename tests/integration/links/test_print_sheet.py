"""Cards of a link to print: ten on a page of A4, each with a code that a reader reads."""

import io
from base64 import b64encode
from typing import Any

import httpx
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from tests.integration.links.world import Replica, Shop, portal_of

PROGRAM: dict[str, Any] = {
    "friend_benefit": "discount",
    "discount": {"give": {"kind": "fixed", "amount_minor": 1000}},
}


def codes(page: pypdfium2.PdfPage) -> list[str]:
    drawn = page.render(scale=3).to_pil().convert("L")
    return [found.text for found in zxingcpp.read_barcodes(drawn)]


@pytest.mark.parametrize(
    ("language", "name", "words"),
    [
        ("en", "Anna", ["Anna invites you", "€10 off your first order", "Promo code"]),
        ("ru", "Алёна", ["Алёна", "10 €", "Промокод"]),
        ("uk", "Ґанна", ["Ґанна", "Промокод"]),
        ("ro", "Ștefania", ["Ștefania", "10 €"]),
    ],
)
async def test_a_sheet_says_what_a_friend_gets_in_the_letters_of_the_language(
    shop: Shop, language: str, name: str, words: list[str]
) -> None:
    made = await shop.ambassador(await shop.program(**PROGRAM), name=name)
    answer = await shop.http.get(f"/v1/links/{made['link']['id']}/print-sheet.pdf", params={"lang": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    sheet = pypdfium2.PdfDocument(answer.content)
    assert len(sheet) == 1
    assert [round(edge) for edge in sheet[0].get_size()] == [595, 842]
    assert codes(sheet[0]) == [f"{made['link']['url']}?ch=qr"] * 10
    text = sheet[0].get_textpage().get_text_bounded().replace("\u00a0", " ").replace("\r\n", " ")
    for part in (*words, made["code"]["code"], made["link"]["url"].partition("://")[2]):
        assert part in text, part


async def test_as_many_cards_as_were_asked_for_with_the_stores_logo(shop: Shop) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "#a03020").save(drawn, "PNG")
    await shop.http.patch("/v1/stores/look", json={"logo": b64encode(drawn.getvalue()).decode(), "color": "#7A3B1E"})
    made = await shop.ambassador(await shop.program(**PROGRAM), name="Анна-Магдалена " + "Wolfeschlegelsteinhausen" * 3)
    address = f"/v1/links/{made['link']['id']}/print-sheet.pdf"
    first = await shop.http.get(address, params={"n": "13"})
    assert first.content == (await shop.http.get(address, params={"n": "13"})).content
    sheet = pypdfium2.PdfDocument(first.content)
    assert [len(codes(page)) for page in sheet] == [10, 3]
    for n in ("0", "201", "x"):
        assert (await shop.http.get(address, params={"n": n})).json()["errors"][0]["field"] == "n"


async def test_no_cards_promise_what_nobody_gets(shop: Shop) -> None:
    program = await shop.program(**PROGRAM)
    made = await shop.ambassador(program)
    address = f"/v1/links/{made['link']['id']}/print-sheet.pdf"
    await shop.http.patch(f"/v1/programs/{program}", json={"status": "paused"})
    assert (await shop.http.get(address)).json()["code"] == "not_running"
    assert (await shop.http.get("/v1/links/lnk_nobodys/print-sheet.pdf")).status_code == 404


async def test_an_ambassador_prints_cards_of_their_own_and_a_marketer_finds_the_button(
    links: Replica, shop: Shop, console: httpx.AsyncClient
) -> None:
    program = await shop.program(**PROGRAM)
    made = await shop.ambassador(program, name="Anna", locale="en")
    portal = await portal_of(links, shop, made["id"])
    assert 'action="/p/print-sheet.pdf"' in (await portal.get("/p/materials")).text
    answer = await portal.get("/p/print-sheet.pdf", params={"n": "3", "lang": "ru"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    sheet = pypdfium2.PdfDocument(answer.content)
    assert [codes(page) for page in sheet] == [[f"{made['link']['url']}?ch=qr"] * 3]
    assert "Промокод" in sheet[0].get_textpage().get_text_bounded()
    assert (await portal.get("/p/print-sheet.pdf", params={"n": "201"})).status_code == 422
    address = f"/v1/links/{made['link']['id']}/print-sheet.pdf"
    for page in (f"/console/links/ambassadors/{made['id']}", f"/console/links/link/{made['link']['id']}"):
        assert f'action="{address}"' in (await console.get(page)).text, page
    assert (await console.get(address, params={"n": "2"})).headers["content-type"] == "application/pdf"
    await shop.http.patch(f"/v1/ambassadors/{made['id']}", json={"status": "blocked"})
    assert 'action="/p/print-sheet.pdf"' not in (await portal.get("/p/materials")).text
    assert (await portal.get("/p/print-sheet.pdf")).status_code == 409
    assert address not in (await console.get(f"/console/links/ambassadors/{made['id']}")).text
    await portal.aclose()
