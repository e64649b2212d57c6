"""An ambassador at the portal: opened once by an address of the store's server, ended here or everywhere."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.common.contacts import contact_hashes
from services.common.portal_session import issue_portal_session, read_portal_session
from services.links.proofs import actions as proofs
from services.links.proofs import sql as proof_rows
from tests.integration.links.world import OWN_PAGE, Replica, Shop, events, portal_of
from tests.support.forge import forged

STRANGER = {"Accept": "text/html"}


async def ended(links: Replica, shop: Shop) -> list[str]:
    published = await events(links, "session.ended")
    return [event["session_id"] for event in published if event["store_id"] == shop.id]


async def notes(links: Replica, shop: Shop, action: str) -> list[tuple[str, str, str]]:
    published = await events(links, "audit.noted")
    published = [event for event in published if event["action"] == action and event["store_id"] == shop.id]
    return [(event["actor_kind"], event["actor_id"], event.get("session_id") or "") for event in published]


async def test_an_address_of_the_stores_server_opens_the_page_once(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program(), name="Anna Kern")
    made = await shop.made("/v1/portal-sessions", {"ambassador_id": anna["id"]})
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    for _ in range(10):  # scanners, previews, and the person who looks twice
        seen = await links.http.get(made["url"], headers=STRANGER)
        assert seen.status_code == 200
        assert "set-cookie" not in seen.headers
        assert seen.headers["referrer-policy"] == "same-origin"
    token = made["url"].rpartition("/")[2]
    answers = await asyncio.gather(
        *(links.http.post("/p/open", data={"token": token}, headers=OWN_PAGE) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 19
    links.http.cookies.clear()
    (first,) = [answer for answer in answers if answer.status_code == 303]
    cookie = first.headers["set-cookie"]
    assert cookie.startswith("kith_portal=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    page = await links.http.get("/p", headers={"cookie": cookie.partition(";")[0], **STRANGER})
    assert page.status_code == 200
    assert anna["code"]["code"] in page.text
    assert await notes(links, shop, "portal_address.made") == [("key", made_by(shop), "")]
    ((kind, who, session),) = await notes(links, shop, "session.started")
    assert (kind, who, bool(session)) == ("ambassador", anna["id"], True)


async def test_a_repeated_request_for_an_address_gets_the_same_one(shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    once = {"Idempotency-Key": "open-anna"}
    first, second = [await shop.post("/v1/portal-sessions", {"ambassador_id": anna["id"]}, **once) for _ in range(2)]
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"


async def test_an_address_is_made_for_known_people_by_keys_that_may(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    assert (await shop.post("/v1/portal-sessions", {"ambassador_id": "amb_nobody"})).status_code == 404
    reader = await shop.made("/v1/keys", {"label": "reader", "scopes": ["ambassadors:read"]})
    for key, expected in ((reader["key"], 403), (shop.publishable_key, 403), ("kith_sk_no", 401)):
        answer = await links.http.post(
            "/v1/portal-sessions", json={"ambassador_id": anna["id"]}, headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code == expected
    await shop.http.delete(f"/v1/ambassadors/{anna['id']}")
    assert (await shop.post("/v1/portal-sessions", {"ambassador_id": anna["id"]})).status_code == 404


async def test_a_foreign_page_and_a_forged_address_open_nothing(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    made = await shop.made("/v1/portal-sessions", {"ambassador_id": anna["id"]})
    token = made["url"].rpartition("/")[2]
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert (await links.http.post("/p/open", data={"token": token}, headers=foreign)).status_code == 403
    assert (await links.http.post("/p/open", data={"token": forged(token)}, headers=OWN_PAGE)).status_code == 401
    assert (await links.http.get(forged(made["url"]), headers=STRANGER)).status_code == 401


async def test_signing_out_ends_the_session_wherever_its_cookie_is(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    portal = await portal_of(links, shop, anna["id"])
    copied = {"cookie": "; ".join(f"{name}={value}" for name, value in portal.cookies.items()), **STRANGER}
    assert (await links.http.get("/p", headers=copied)).status_code == 200
    out = await portal.post("/p/end")
    assert (out.status_code, out.headers["location"]) == (303, "/p/sign-in")
    assert "Max-Age=0" in out.headers["set-cookie"]
    refused = await links.http.get("/p", headers=copied)
    assert (refused.status_code, refused.headers["location"]) == (303, "/p/sign-in")
    assert (await links.http.get("/p/qr.png", headers={"cookie": copied["cookie"]})).status_code == 401
    assert len(await ended(links, shop)) == 1
    ((_, who, session),) = await notes(links, shop, "session.ended")
    assert (who, session) == (anna["id"], (await ended(links, shop))[0])
    await portal.aclose()


async def test_signing_out_everywhere_ends_the_other_devices_and_nobody_elses(links: Replica, shop: Shop) -> None:
    program_id = await shop.program()
    anna, ben = await shop.ambassador(program_id), await shop.ambassador(program_id)
    phone, laptop = [await portal_of(links, shop, anna["id"]) for _ in range(2)]
    bens = await portal_of(links, shop, ben["id"])
    assert "Sign out on all 2 devices" in (await phone.get("/p/settings")).text
    await phone.post("/p/end", data={"everywhere": "1"})
    assert [(await each.get("/p")).status_code for each in (phone, laptop, bens)] == [303, 303, 200]
    for each in (phone, laptop, bens):
        await each.aclose()


async def test_erasing_the_person_ends_their_sessions(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    portal = await portal_of(links, shop, anna["id"])
    await shop.http.delete(f"/v1/ambassadors/{anna['id']}")
    assert len(await ended(links, shop)) == 1
    assert (await portal.get("/p")).status_code == 303, "before anybody has heard of it, too"
    await links.ctx.live.refresh()
    assert (await portal.get("/p")).status_code == 303
    await portal.aclose()


@pytest.mark.parametrize("address", [None, "anna@new.example"])
async def test_another_address_signs_the_person_out_and_ends_what_was_asked_for(
    links: Replica, shop: Shop, address: str | None
) -> None:
    anna = await shop.ambassador(await shop.program(), email="anna@old.example", phone="+37360000001")
    portal, (mail_hash, *_) = (
        await portal_of(links, shop, anna["id"]),
        contact_hashes(links.ctx.ring, email="anna@old.example"),
    )
    async with links.ctx.db.transaction([shop.id]) as tx:
        asked = await proofs.ask(
            tx, shop.id, purpose="sign_in", program_id="", mail_hash=mail_hash, browser="b", language="en"
        )
    path = f"/v1/ambassadors/{anna['id']}"
    for change in ({"phone": "+37360000002"}, {"email": "Anna@Old.example"}, {"name": "Anna"}):
        assert (await shop.http.patch(path, json=change)).status_code == 200
    assert await ended(links, shop) == []
    assert (await shop.http.patch(path, json={"email": address})).status_code == 200
    assert len(await ended(links, shop)) == 1
    await links.ctx.live.refresh()
    assert (await portal.get("/p")).status_code == 303
    assert asked is not None
    async with links.ctx.db.transaction([shop.id]) as tx:
        assert await proof_rows.get(tx, shop.id, asked.proof_id) is None
    await portal.aclose()


async def test_a_session_that_was_not_looked_at_for_long_is_renewed_while_it_stands(links: Replica, shop: Shop) -> None:
    anna = await shop.ambassador(await shop.program())
    portal = await portal_of(links, shop, anna["id"])
    now = read_portal_session(links.ctx.ring, portal.cookies["kith_portal"])
    old = replace(now, vouched_until=datetime.now(UTC) - timedelta(days=3))
    resting = {"cookie": f"kith_portal={issue_portal_session(links.ctx.ring, old)}", **STRANGER}
    page = await links.http.get("/p", headers=resting)
    assert page.status_code == 200
    renewed = page.headers["set-cookie"].partition(";")[0].partition("=")[2]
    assert read_portal_session(links.ctx.ring, renewed).vouched_until > datetime.now(UTC)
    links.http.cookies.clear()
    await portal.post("/p/end")
    async with links.ctx.db.transaction() as tx:
        await tx.execute("delete from ended_sessions")  # as when nobody has to remember it any more
    await links.ctx.live.refresh()
    assert (await links.http.get("/p", headers=resting)).status_code == 303
    await portal.aclose()


def made_by(shop: Shop) -> str:
    return "key_" + shop.secret_key.split("_")[4]
