"""What people open in a browser: sign-in, the portal, QR codes, kith.js."""

import asyncio
import gzip
import io
import re
from base64 import b64encode
from datetime import timedelta

import httpx
import pytest
import zxingcpp
from PIL import Image

from services.common import scopes
from services.kernel.auth import sessions
from tests.integration.links.world import BASE, Replica, Shop, portal_of
from tests.support.forge import forged

OWN = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}


async def test_a_secret_key_becomes_a_session(links: Replica, shop: Shop) -> None:
    answer = await links.http.post("/console/session", json={"secret_key": shop.secret_key})
    assert answer.status_code == 200
    assert answer.json()["store_id"] == shop.id
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    links.http.cookies.clear()


async def test_the_form_signs_in_and_goes_on_to_the_page_that_was_wanted(links: Replica, shop: Shop) -> None:
    page = await links.http.get("/console/session", params={"next": "/console/links/programs"})
    assert page.status_code == 200
    assert 'value="/console/links/programs"' in page.text
    form = {"secret_key": shop.secret_key, "next": "/console/links/programs"}
    answer = await links.http.post("/console/session", data=form, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/links/programs")
    signed_in = await links.http.get("/console/session")
    assert "Zerno" in signed_in.text
    out = await links.http.post("/console/session/end", headers=OWN)
    assert "Max-Age=0" in out.headers["set-cookie"]
    links.http.cookies.clear()


async def test_signing_in_never_leads_to_another_site(links: Replica, shop: Shop) -> None:
    for wanted in (
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "/console//evil",
        "/r/abc",
        "/console\r\nX: y",
    ):
        form = {"secret_key": shop.secret_key, "next": wanted}
        answer = await links.http.post("/console/session", data=form, headers=OWN)
        assert answer.headers["location"] == "/console", wanted
    links.http.cookies.clear()


async def test_a_wrong_key_and_a_foreign_form_are_refused(links: Replica, shop: Shop) -> None:
    wrong = await links.http.post("/console/session", data={"secret_key": "kith_sk_nonsense"}, headers=OWN)
    assert wrong.status_code == 401
    assert "set-cookie" not in wrong.headers
    public = await links.http.post("/console/session", json={"secret_key": shop.publishable_key})
    assert public.status_code == 403
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await links.http.post("/console/session", data={"secret_key": shop.secret_key}, headers=foreign)
    assert answer.status_code == 403


@pytest.mark.usefixtures("no_refill")
async def test_keys_can_be_tried_so_often_at_the_sign_in(links: Replica, shop: Shop) -> None:
    tried = [await links.http.post("/console/session", json={"secret_key": f"kith_sk_{n}"}) for n in range(31)]
    assert [answer.status_code for answer in tried] == [401] * 30 + [429]
    assert tried[0].headers["ratelimit"].startswith('"sign-in";r=29;')
    assert tried[-1].json()["code"] == "rate_limited"
    assert int(tried[-1].headers["retry-after"]) >= 1


async def test_a_sign_in_address_works_once(links: Replica, shop: Shop) -> None:
    token = sessions.issue_sign_in(
        links.ctx.ring, store_id=shop.id, key_id="key_1", scopes=scopes.SECRET, life=timedelta(minutes=5)
    )
    for _ in range(10):  # scanners of mails and previews of messengers look, and use nothing up
        looked = await links.http.get("/console/session", params={"token": token})
        assert (looked.status_code, "set-cookie" in looked.headers) == (200, False)
    assert token in looked.text
    pressed = await asyncio.gather(
        *(links.http.post("/console/session/once", data={"token": token}) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in pressed) == [303] + [401] * 19
    (opened,) = (answer for answer in pressed if answer.status_code == 303)
    assert (opened.headers["location"], "kith_session=" in opened.headers["set-cookie"]) == ("/console", True)
    links.http.cookies.clear()
    strange = await links.http.post("/console/session/once", data={"token": forged(token)})
    assert (strange.status_code, "set-cookie" in strange.headers) == (401, False)


async def test_no_foreign_page_signs_somebody_in_by_an_address_of_its_own(links: Replica, shop: Shop) -> None:
    token = sessions.issue_sign_in(
        links.ctx.ring, store_id=shop.id, key_id="key_1", scopes=scopes.SECRET, life=timedelta(minutes=5)
    )
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = await links.http.post("/console/session/once", data={"token": token}, headers=foreign)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


async def test_signing_out_ends_a_copied_cookie_too_and_no_other_session(links: Replica, shop: Shop) -> None:
    async def signed_in() -> dict[str, str]:
        answer = await links.http.post("/console/session", json={"secret_key": shop.secret_key})
        links.http.cookies.clear()
        return {"Cookie": answer.headers["set-cookie"].partition(";")[0], "Accept": "text/html"}

    left, other = await signed_in(), await signed_in()
    out = await links.http.post("/console/session/end", headers=left | {"Sec-Fetch-Site": "same-origin"})
    assert (out.status_code, out.headers["location"]) == (303, "/console/session")
    refused = await links.http.get("/console/links/ambassadors", headers=left)
    assert (refused.status_code, refused.headers["location"][:16]) == (303, "/console/session")
    kept = await links.http.get("/console/links/ambassadors", headers=other)
    assert (kept.status_code, "/console/session/end" in kept.text) == (200, True)
    start = await links.http.get("/", headers=other)
    assert (start.status_code, start.headers["location"]) == (303, "/console")
    assert (await links.http.get("/", headers=left)).headers["location"] == "/console/session"


async def test_a_revoked_key_opens_no_session_and_ends_those_it_opened(links: Replica, shop: Shop) -> None:
    made = await shop.made("/v1/keys", {"label": "Intern", "scopes": ["links:read", "ambassadors:read"]})
    secret, person = {"secret_key": made["key"]}, {"Accept": "text/html"}
    assert (await links.http.post("/console/session", json=secret)).status_code == 200
    assert (await links.http.get("/console/links/ambassadors", headers=person)).status_code == 200
    address = sessions.issue_sign_in(
        links.ctx.ring, store_id=shop.id, key_id=made["id"], scopes=["links:read"], life=timedelta(minutes=5)
    )
    assert (await shop.http.delete(f"/v1/keys/{made['id']}")).status_code == 204
    refused = await links.http.get("/console/links/ambassadors", headers=person)
    assert (refused.status_code, refused.headers["location"][:16]) == (303, "/console/session")
    assert (await links.http.get("/console/session", params={"token": address})).status_code == 401
    assert (await links.http.post("/console/session/once", data={"token": address})).status_code == 401
    assert (await links.http.post("/console/session", json=secret)).status_code == 401
    links.http.cookies.clear()


async def test_the_portal_shows_rule_link_code_and_qr(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    anna = await shop.ambassador(program_id, name="Anna Kowalczyk", email="anna@example.com")
    portal = await portal_of(links, shop, anna["id"])
    page = await portal.get("/p")
    assert page.status_code == 200, page.text
    assert "Give a friend €10, get 10% of each order" in page.text
    assert anna["link"]["slug"] in page.text
    assert anna["code"]["code"] in page.text
    assert "anna@example.com" not in page.text
    picture = await portal.get("/p/qr.png")
    assert picture.content.startswith(b"\x89PNG")
    name = f"qr-{anna['link']['slug']}.png"  # what it holds, also among other files of a download folder
    assert picture.headers["content-disposition"] == f'inline; filename="{name}"'
    await portal.aclose()


async def test_qr_codes_come_in_three_kinds_and_are_kept_by_their_content(shop: Shop) -> None:
    program_id = await shop.program()
    made = (await shop.ambassador(program_id))["link"]
    link = made["id"]
    for kind, start, media_type in (
        ("svg", b"<svg", "image/svg+xml"),
        ("png", b"\x89PNG", "image/png"),
        ("pdf", b"%PDF", "application/pdf"),
    ):
        first = await shop.http.get(f"/v1/links/{link}/qr.{kind}", params={"size": 300, "ecc": "Q", "fg": "0a6043"})
        assert first.status_code == 200, first.text
        assert first.content.startswith(start)
        assert first.headers["content-type"].startswith(media_type)
        assert first.headers["content-disposition"] == f'inline; filename="qr-{made["slug"]}.{kind}"'
        again = await shop.http.get(
            f"/v1/links/{link}/qr.{kind}",
            params={"size": 300, "ecc": "Q", "fg": "0a6043"},
            headers={"If-None-Match": first.headers["etag"]},
        )
        assert again.status_code == 304
    for field, value in (
        ("size", "1"),
        ("size", "99999"),
        ("ecc", "Z"),
        ("fg", "red"),
        ("bg", "000000"),
        ("logo", "x"),
    ):
        answer = await shop.http.get(f"/v1/links/{link}/qr.svg", params={field: value})
        assert answer.status_code == 422, field
        assert answer.json()["errors"][0]["field"] in {field, "fg"}
    assert (await shop.http.get(f"/v1/links/{link}/qr.gif")).status_code == 404


async def test_a_qr_code_carries_its_channel_and_the_stores_logo_once_there_is_one(shop: Shop) -> None:
    made = (await shop.ambassador(await shop.program()))["link"]
    address = f"/v1/links/{made['id']}/qr.png"
    refused = await shop.http.get(address, params={"logo": "store"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "logo")
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "#a03020").save(drawn, "JPEG")
    await shop.http.patch("/v1/stores/look", json={"logo": b64encode(drawn.getvalue()).decode()})
    for query in ({}, {"logo": "store"}):
        answer = await shop.http.get(address, params=query)
        [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.content)))
        assert found.text == f"{made['url']}?ch=qr"
    small = await shop.http.get(address, params={"logo": "store", "size": "64"})
    assert small.json()["errors"][0]["field"] == "size"


async def test_kith_js_is_small_kept_and_pinned(links: Replica) -> None:
    answer = await links.http.get("/kith.js", headers={"Accept-Encoding": "identity"})
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert len(gzip.compress(answer.content, 9)) <= 3000
    digest = answer.headers["etag"].strip('"')
    pinned = await links.http.get(f"/kith.{digest}.js")
    assert "immutable" in pinned.headers["cache-control"]
    assert pinned.content == answer.content
    assert (await links.http.get("/kith.000000000000.js")).status_code == 404
    unchanged = await links.http.get("/kith.js", headers={"If-None-Match": answer.headers["etag"]})
    assert unchanged.status_code == 304


async def test_pages_keep_what_is_inside_a_name_out_of_their_markup(links: Replica, shop: Shop) -> None:
    program_id = await shop.program(name="<b>Bold</b>", rewards=[])
    joined = await shop.ambassador(program_id, name="<script>alert(1)</script>")
    portal = await portal_of(links, shop, joined["id"])
    page: httpx.Response = await portal.get("/p")
    await portal.aclose()
    assert "<b>Bold</b>" not in page.text
    assert not re.search(r"<script>alert", page.text)
