"""What a store prepares to share with, and what becomes of it in the ambassadors' hands."""

import io
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.async_api import BrowserContext, Route

from services.kernel.ids import new_id
from services.links.materials import sql
from services.links.materials.hot import UNKNOWN_A_MINUTE
from services.links.materials.jobs import write_counts
from tests.integration.links.world import BASE, BROWSER, OWN_PAGE, Replica, Shop, open_shop, portal_of, redirect_of
from tests.support.axe import violations

READER = {"User-Agent": BROWSER, "Sec-Fetch-Dest": "document"}


def picture(size: tuple[int, int] = (2000, 500), kind: str = "JPEG") -> str:
    drawn = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert("RGB").save(drawn, kind)
    return b64encode(drawn.getvalue()).decode()


async def console(links: Replica, shop: Shop) -> httpx.AsyncClient:
    """A marketer who is signed in."""
    person = httpx.AsyncClient(transport=links.http._transport, base_url=BASE, headers=OWN_PAGE)
    answer = await person.post("/console/session", json={"secret_key": shop.secret_key})
    assert answer.status_code == 200, answer.text
    return person


@asynccontextmanager
async def signed_in(links: Replica, shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    person = await console(links, shop)
    yield person
    await person.aclose()


async def material(shop: Shop, program: str, **fields: Any) -> dict[str, Any]:
    return await shop.made("/v1/materials", {"program_id": program, "kind": "post", "title": "Autumn", **fields})


async def test_a_banner_is_made_anew_seen_and_clicked_through_to_the_ambassadors_link(
    links: Replica, shop: Shop
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna")
    made = await material(shop, program, kind="banner", title='A "cup" & more', picture=picture())
    assert (made["width"], made["height"]) == (1600, 400)
    portal = await portal_of(links, shop, anna["id"])
    page = (await portal.get("/p/materials")).text
    own = f"{BASE}/m/{made['id']}/{anna['link']['slug']}"
    for part in (f"&lt;a href=&#34;{own}&#34;", f"{own}/picture.webp", "A &amp;quot;cup&amp;quot; &amp;amp; more"):
        assert part in page, part
    marketer = await console(links, shop)
    for looks_at_their_own in (portal, marketer):
        seen = await looks_at_their_own.get(f"/m/{made['id']}/{anna['link']['slug']}/picture.webp", headers=READER)
        assert seen.status_code == 200
        await looks_at_their_own.aclose()
    shown = await links.http.get(f"{own}/picture.webp", headers=READER)
    with Image.open(io.BytesIO(shown.content)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (1600, 400))
    assert "max-age=86400" in shown.headers["cache-control"], "a reader is one view a day"
    clicked = await links.http.get(own, headers=READER)
    assert (clicked.status_code, clicked.headers["location"]) == (302, f"/r/{anna['link']['slug']}?ch=material")
    await links.http.get(own, headers={**READER, "User-Agent": "Googlebot/2.1"})
    await links.http.get(f"{own}/picture.webp", headers={"User-Agent": "Googlebot/2.1"})
    await links.http.get(own, headers={**READER, "Sec-Fetch-Dest": "image"})
    await write_counts(links.ctx)
    assert {name: (await shop.got(f"/v1/materials/{made['id']}"))[name] for name in ("views", "clicks")} == {
        "views": 1,
        "clicks": 1,
    }


async def test_a_text_holds_the_own_link_and_code_and_no_markup_of_its_author(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna", locale="ru")
    text = "Мой <b>секрет</b>: {link}\n\nКод {code}"
    made = await material(shop, program, kind="text", language="ru", title="Письмо", text=text)
    await material(shop, program, language="ro", title="Toamna", text="Încearcă")
    portal = await portal_of(links, shop, anna["id"])
    page = (await portal.get("/p/materials")).text
    own = f"{BASE}/m/{made['id']}/{anna['link']['slug']}"
    assert f"Мой &lt;b&gt;секрет&lt;/b&gt;: {own}" in page
    assert f"Код {anna['code']['code']}" in page
    assert "&lt;p&gt;Мой &amp;lt;b&amp;gt;секрет" in page
    assert "Toamna" not in page, "of another language"
    assert "Toamna" in (await portal.get("/p/materials?lang=ro")).text
    await portal.aclose()


async def test_a_deleted_banner_disappears_and_its_links_lead_on(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program)
    made = await material(shop, program, kind="banner", picture=picture((300, 100)))
    changed = await shop.http.patch(f"/v1/materials/{made['id']}", json={"title": "New", "picture": picture((30, 60))})
    assert [changed.json()[name] for name in ("title", "width", "height")] == ["New", 30, 60]
    assert (await shop.http.delete(f"/v1/materials/{made['id']}")).status_code == 204
    assert (await shop.http.delete(f"/v1/materials/{made['id']}")).status_code == 404
    assert (await shop.got("/v1/materials"))["data"] == []
    own = f"/m/{made['id']}/{anna['link']['slug']}"
    assert (await links.http.get(f"{own}/picture.webp", headers=READER)).status_code == 404
    assert (await links.http.get(own, headers=READER)).status_code == 302
    assert (await links.http.get(f"/m/{made['id']}/nobodys-link", headers=READER)).status_code == 404


async def test_another_stores_material_is_not_seen_not_changed_and_counts_no_click_of_ours(
    links: Replica, shop: Shop
) -> None:
    anna = await shop.ambassador(await shop.program())
    other = await open_shop(links, domain="other.example")
    theirs = await material(other, await other.program(landing_url="https://other.example/"), text="Try {link}")
    for answer in (
        await shop.http.get(f"/v1/materials/{theirs['id']}"),
        await shop.http.patch(f"/v1/materials/{theirs['id']}", json={"title": "x"}),
        await shop.http.delete(f"/v1/materials/{theirs['id']}"),
    ):
        assert answer.status_code == 404
    assert (await links.http.get(f"/m/{theirs['id']}/{anna['link']['slug']}", headers=READER)).status_code == 302
    await write_counts(links.ctx)
    assert (await other.got(f"/v1/materials/{theirs['id']}"))["clicks"] == 0
    await other.http.aclose()


async def test_counts_that_could_not_be_written_are_written_later(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program)
    made = await material(shop, program, text="Try {link}")
    for _ in range(3):
        await links.http.get(f"/m/{made['id']}/{anna['link']['slug']}", headers=READER)

    async def away(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(sql, "add_counts", away)
        with pytest.raises(ConnectionError):
            await write_counts(links.ctx)
    await write_counts(links.ctx)
    await write_counts(links.ctx)
    assert (await shop.got(f"/v1/materials/{made['id']}"))["clicks"] == 3
    assert redirect_of(links).others


async def test_the_way_on_is_open_while_nobody_can_say_whose_a_material_is(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program)
    made = await material(shop, program, text="Try {link}")
    path = f"/m/{made['id']}/{anna['link']['slug']}"
    await links.http.get(f"/r/{anna['link']['slug']}", headers=READER)

    async def away(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(sql, "store_of", away)
        answer = await links.http.get(path, headers=READER)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/r/{anna['link']['slug']}?ch=material")


async def test_ids_that_are_made_up_ask_the_database_for_little(
    links: Replica, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def counting(_: object, material_id: str) -> None:
        asked.append(material_id)

    monkeypatch.setattr(sql, "store_of", counting)
    answers = [
        (await links.http.get(f"/m/{made_up}/x/picture.webp")).status_code
        for made_up in ("x", "mat_1", *(new_id("mat") for _ in range(2 * UNKNOWN_A_MINUTE)))
    ]
    assert answers[:2] == [404, 404], "what no id looks like is asked for nowhere"
    assert UNKNOWN_A_MINUTE <= len(asked) == answers.count(404) - 2
    assert answers.count(429) > 0


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("picture", {"kind": "banner"}),
        ("picture", {"kind": "banner", "picture": b64encode(b"<svg/>").decode()}),
        ("picture", {"kind": "banner", "picture": "no base64"}),
        ("text", {"kind": "text"}),
        ("text", {"text": "Hello {name}"}),
        ("text", {"text": "A brace } alone"}),
        ("title", {"text": "x", "title": "two\nlines"}),
        ("language", {"text": "x", "language": "de"}),
    ],
)
async def test_what_cannot_be_shared_is_refused_by_its_field(shop: Shop, field: str, fields: dict[str, Any]) -> None:
    body = {"program_id": await shop.program(), "kind": "post", "title": "T", **fields}
    answer = await shop.http.post("/v1/materials", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


async def test_a_marketer_adds_changes_and_deletes_them_by_form(links: Replica, shop: Shop) -> None:
    program = await shop.program()
    async with signed_in(links, shop) as person:
        assert "No materials yet" in (await person.get("/console/links/materials")).text
        refused = await person.post(
            "/console/links/materials", data={"kind": "post", "program_id": program, "title": "", "text": "{name}"}
        )
        assert refused.status_code == 422
        for part in ("Write a title", "write no other braces", "{name}"):
            assert part in refused.text
        added = await person.post(
            "/console/links/materials",
            data={"kind": "banner", "program_id": program, "title": "Autumn", "language": "uk"},
            files={"picture": ("a.png", io.BytesIO(PNG), "image/png")},
        )
        assert added.status_code == 303, added.text
        [made] = (await shop.got("/v1/materials"))["data"]
        assert (made["kind"], made["language"], made["width"]) == ("banner", "uk", 40)
        assert "Autumn" in (await person.get("/console/links/materials")).text
        home = f"/console/links/materials/{made['id']}"
        assert "picture.webp" in (await person.get(home)).text
        assert (await person.post(home, data={"title": "Winter"})).status_code == 303
        now = await shop.got(f"/v1/materials/{made['id']}")
        assert (now["title"], now["language"]) == ("Winter", "uk"), "what a form does not ask stays"
        assert (await person.post(f"{home}/delete")).status_code == 303
    assert (await shop.got("/v1/materials"))["data"] == []


def _png() -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (40, 20), "#a03020").save(drawn, "PNG")
    return drawn.getvalue()


PNG = _png()


@pytest.mark.browser
async def test_both_pages_fit_a_phone_and_are_read_by_everybody(
    links: Replica, shop: Shop, page_context: BrowserContext
) -> None:
    program = await shop.program()
    anna = await shop.ambassador(program, name="Anna")
    await material(shop, program, kind="banner", title="Autumn", picture=picture((1200, 300)))
    await material(shop, program, text="Try " + "averylongword" * 12 + " {link}")
    for person, address in (
        (await portal_of(links, shop, anna["id"]), "/p/materials"),
        (await console(links, shop), "/console/links/materials"),
        (await console(links, shop), "/console/links/materials/new?kind=post"),
    ):

        async def answer(route: Route, *, client: httpx.AsyncClient) -> None:
            found = await client.get(route.request.url)
            await route.fulfill(status=found.status_code, headers=dict(found.headers), body=found.content)

        page = await page_context.new_page()
        await page.route("**/*", partial(answer, client=person))
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(f"{BASE}{address}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, address
        assert await violations(page) == [], address
        await page.close()
        await person.aclose()
