"""No personal data leaves its table: after a journey with marked names and contacts, everything else is searched."""

import base64
import hmac
import json
import logging
import re
from collections.abc import Iterator
from functools import partial

import asyncpg
import httpx
import pytest
import structlog

from services.cli import manifests
from services.cli.local.postgres import OWNER
from services.kernel import telemetry
from services.kernel.runner import running
from services.kernel.settings import Settings
from services.links.settings import smtp_settings
from tests.integration.links.mailing import send_through
from tests.support.mail import MailServer, mail_server, text_part
from tests.support.postgres import FreshDatabase
from tests.support.telegram import TOKEN, Telegram, telegram_server
from tests.support.two_stores import OPERATOR, PROGRAM, SEALING_KEYS, Store, make_store, now
from tests.support.wait import until

MARKS = ("Zaphodia", "quietmark", "5550199777", "loudmark", "5550188666", "whispermark", "5550177666")
AMBASSADOR = {"name": "Anna Zaphodia", "email": "quietmark@example.com", "phone": "+1 555 0199777"}
FRIEND_MAIL = "loudmark@example.com"
BUYER = {"id": 207, "first_name": "Jane", "last_name": "Zaphodia", "email": FRIEND_MAIL, "phone": "+15550188666"}
"""As a platform's webhook tells of one: whole, with names and addresses that nobody asked for."""
GUEST, NEWCOMER = "loudmark-guest@example.com", "quietmark-newcomer@example.com"
"""Whom the store invites by mail, and who joins on the program's page."""
CHAT = 5550177666
FRIEND = {"id": "c-77", "email": FRIEND_MAIL, "phone": "+1 (555) 0188-666"}

OWN_PAGE = {"sec-fetch-site": "same-origin"}
WAITING = "select count(*) from links.notices where ambassador_id = $1 and state = 'waiting'"
QUIET = """
select not exists (select from links.outbox) and not exists (select from attribution.outbox)
  and not exists (select from connectors.outbox)
  and not exists (select from rewards.outbox) and not exists (
    select from bus.cursors c join bus.topics t using (topic) where c.position < t.next_position)
"""
"""Nothing waits to be sent or to be worked on."""


@pytest.fixture
def logging_as_in_production() -> Iterator[None]:
    """The process's own log pipeline at its most talkative, instead of the tests'."""
    configured, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    telemetry.set_up_logs("debug")
    yield
    structlog.configure(**configured)
    logging.getLogger().handlers[:] = handlers
    telemetry._set_up = False


async def journey(client: httpx.AsyncClient, store: Store) -> tuple[str, list[str]]:
    """The main job and some mistakes around it; returns the ambassador's id, and the texts of refused requests and the
    metrics.
    """
    program = (await client.post("/v1/programs", json=PROGRAM | {"joining": {}}, headers=store.secret)).json()["id"]
    joined = await client.post("/v1/ambassadors", json={"program_id": program, **AMBASSADOR}, headers=store.secret)
    assert joined.status_code == 201, joined.text
    noted = {"notes": "Met her mother, whispermark"}
    assert (await client.patch(f"/v1/ambassadors/{joined.json()['id']}", json=noted, headers=store.secret)).is_success
    seen = await client.post(
        "/v1/track",
        json={"type": "identify", "visitor_id": "v1", "customer": {k: FRIEND[k] for k in ("id", "email", "phone")}},
        headers=store.publishable,
    )
    assert seen.status_code == 202, seen.text
    order = {
        "order_id": "o-1",
        "placed_at": now(),
        "status": "paid",
        "currency": "EUR",
        "total_minor": 5000,
        "customer": FRIEND,
        "visitor_id": "v1",
        "codes": [joined.json()["code"]["code"]],
    }
    assert (await client.post("/v1/orders", json=order, headers=store.secret)).status_code == 202
    by_mail = order | {"order_id": "o-3", "customer": {"id": FRIEND_MAIL}, "visitor_id": FRIEND_MAIL}
    assert (await client.post("/v1/orders", json=by_mail, headers=store.secret)).status_code == 202
    visit = {"type": "visit", "visitor_id": FRIEND_MAIL, "url": f"https://shop.example/thanks?mail={FRIEND_MAIL}"}
    assert (await client.post("/v1/track", json=visit, headers=store.publishable)).status_code == 202
    await shopify_delivers(client, store)

    async def rewarded() -> bool:
        found = [await client.get(f"/v1/rewards?order_id={n}", headers=store.secret) for n in ("o-1", "o-3")]
        return all(answer.json()["data"] for answer in found)

    async def decided() -> bool:
        order = await client.get("/v1/orders/820982911946154508", headers=store.secret)
        return order.status_code == 200 and order.json()["decision"]["status"] != "pending"

    await until(rewarded, within=60, what="a reward")
    await until(decided, within=60, what="the platform's order")
    wrong = order | {"order_id": "o-2", "total_minor": -1, "customer": FRIEND | {"surname": "Zaphodia"}}
    refused = [
        await client.post("/v1/orders", json=wrong, headers=store.secret),
        await client.post("/v1/ambassadors", json={**AMBASSADOR, "program_id": "prg_nobody"}, headers=store.secret),
        await client.post("/v1/orders", content=json.dumps(order)[:-9], headers=store.secret),
        await client.post(
            "/v1/ambassadors", json={"program_id": program, "external_id": AMBASSADOR["email"]}, headers=store.secret
        ),
    ]
    assert all(400 <= answer.status_code < 500 for answer in refused)
    return joined.json()["id"], [*(answer.text for answer in refused), (await client.get("/metrics")).text]


async def written_to(
    client: httpx.AsyncClient, store: Store, ambassador_id: str, relay: MailServer, telegram: Telegram
) -> str:
    """The ambassador is told as much of a day as they want to hear, so that the next news waits, and connects the
    store's bot; somebody is invited by mail, and somebody joins. Returns the id of who has joined.
    """
    path = f"/v1/ambassadors/{ambassador_id}"
    assert (await client.put(f"{path}/preferences", json={"most_a_day": 1}, headers=store.secret)).is_success
    await until(lambda: relay.to(AMBASSADOR["email"]), within=60, what="a first message")
    code = (await client.get(path, headers=store.secret)).json()["code"]["code"]
    order = {"order_id": "o-5", "placed_at": now(), "status": "paid", "currency": "EUR", "total_minor": 5000}
    later = order | {"customer": {"id": "c-88"}, "codes": [code]}
    assert (await client.post("/v1/orders", json=later, headers=store.secret)).status_code == 202
    assert (await client.put("/v1/telegram-bot", json={"token": TOKEN}, headers=store.secret)).is_success
    await until(lambda: telegram.hook, within=60, what="the bot's hook")
    cookie = await signed_in(client, store, ambassador_id)
    page = (await client.post("/p/messages/telegram", headers=cookie | OWN_PAGE)).text
    (word,) = re.findall(r"start=([\w-]+)", page)
    chat = {"chat": {"id": CHAT, "type": "private"}, "from": {"language_code": "en"}}
    for text in (f"/start {word}", "/page"):
        answer = await client.post(
            httpx.URL(telegram.hook["url"]).path,
            json={"update_id": 1, "message": chat | {"text": text}},
            headers={"X-Telegram-Bot-Api-Secret-Token": telegram.hook["secret_token"]},
        )
        assert answer.json()["chat_id"] == CHAT, "the bot answers whom it knows"
    program = (await client.get("/v1/programs", headers=store.secret)).json()["data"][0]["id"]
    guest = {"program_id": program, "emails": [GUEST], "consent": "1"}
    assert (await client.post("/v1/invites", json=guest, headers=store.secret)).status_code == 202
    await until(lambda: relay.to(GUEST), within=60, what="the invitation")
    return await joins(client, store, program, relay)


async def joins(client: httpx.AsyncClient, store: Store, program: str, relay: MailServer) -> str:
    """On the program's page, by the address in the mail."""
    async with httpx.AsyncClient(base_url=client.base_url, timeout=30, headers=OWN_PAGE) as person:
        (opened,) = re.findall(r'name="opened" value="([^"]+)"', (await person.get(f"/join/{program}")).text)
        form = {"email": NEWCOMER, "name": "Nina Zaphodia", "role": "", "code": "", "terms": "", "website": ""}

        async def sent() -> bool:
            """Whether it is believed by now that a person filled it in."""
            return (await person.post(f"/join/{program}", data={**form, "opened": opened})).status_code == 303

        await until(sent, within=60, what="a form that is taken")
        await until(lambda: relay.to(NEWCOMER), within=60, what="the mail that proves the address")
        (token,) = re.findall(r"/p/sign-in/mail/(\S+)", text_part(relay.to(NEWCOMER)[0]))
        assert (await person.post("/p/sign-in/mail", data={"token": token})).headers["location"] == "/p"
    found = (await client.get("/v1/ambassadors", headers=store.secret)).json()["data"]
    return next(str(one["id"]) for one in found if one["email"] == NEWCOMER)


async def mailbox(client: httpx.AsyncClient, store: Store) -> list[str]:
    """What the store reads of messages: its console's page and the API's lists."""
    key = store.secret["authorization"].removeprefix("Bearer ")
    answer = await client.post("/console/session", json={"secret_key": key}, headers=OWN_PAGE)
    client.cookies.clear()
    cookie = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    answers = [await client.get("/console/links/mailbox", headers=cookie | {"accept": "text/html"})]
    answers += [await client.get(path, headers=store.secret) for path in ("/v1/mails", "/v1/messages")]
    assert [one.status_code for one in answers] == [200] * 3
    return [one.text for one in answers]


async def books(client: httpx.AsyncClient, store: Store) -> list[object]:
    """Everything that was counted and earned."""
    paths = ("/v1/orders", "/v1/rewards", "/v1/ledger/trial-balance", "/v1/ledger/entries")
    answers = [await client.get(path, headers=store.secret) for path in paths]
    assert [answer.status_code for answer in answers] == [200] * len(paths)
    return [answer.json() for answer in answers]


async def shopify_delivers(client: httpx.AsyncClient, store: Store) -> None:
    """An order in the platform's own shape, and one that cannot be read, which a log line tells."""
    made = await client.post("/v1/hooks", json={"platform": "shopify", "secret": "shpss_test"}, headers=store.secret)
    address = {"first_name": "Jane", "last_name": "Zaphodia", "phone": BUYER["phone"], "address1": "123 Zaphodia Lane"}
    order = {
        "id": 820982911946154508,
        "email": BUYER["email"],
        "contact_email": BUYER["email"],
        "created_at": now(),
        "updated_at": now(),
        "currency": "EUR",
        "financial_status": "paid",
        "total_price": "50.90",
        "customer": BUYER | {"default_address": address},
        "billing_address": address,
        "shipping_address": address,
        "note_attributes": [{"name": "kith_visitor", "value": "v1"}],
    }
    for reported, outcome in ((order, "taken"), (order | {"total_price": BUYER["email"]}, "failed")):
        body = json.dumps(reported).encode()
        headers = {
            "X-Shopify-Topic": "orders/paid",
            "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(b"shpss_test", body, "sha256")).decode(),
            "Content-Type": "application/json",
        }
        answer = await client.post(httpx.URL(made.json()["url"]).path, content=body, headers=headers)
        assert answer.json()["outcome"] == outcome, answer.text


@pytest.fixture(autouse=True)
def _relay_of_this_test() -> Iterator[None]:
    """The relay is read once in a process: those who come after this test have none."""
    yield
    smtp_settings.cache_clear()


@pytest.mark.usefixtures("logging_as_in_production")
async def test_names_mails_and_phones_stay_in_the_people_table(
    fresh_database: FreshDatabase, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mail_server() as relay, telegram_server() as telegram:
        send_through(relay, monkeypatch)
        monkeypatch.setenv("KITH_LINKS_TELEGRAM_URL", telegram.url)
        await stay_where_they_are(await fresh_database(), capfd, relay, telegram)


async def stay_where_they_are(
    url: str, capfd: pytest.CaptureFixture[str], relay: MailServer, telegram: Telegram
) -> None:
    settings = Settings(
        database_url=url,
        secret_keys="k1:a-secret-of-the-tests-0123456789",  # type: ignore[arg-type]  # parsed
        contact_key="a-contact-key-of-the-tests-0123456789",  # type: ignore[arg-type]  # parsed
        operator_key=OPERATOR,  # type: ignore[arg-type]  # parsed
        sealing_keys=dict.fromkeys(("connectors", "links", "rewards"), SEALING_KEYS),  # type: ignore[arg-type]  # parsed
        log_level="debug",
        outbound_allow="127.0.0.0/8",  # type: ignore[arg-type]  # parsed
        pool_size=3,
    )
    async with (
        running(manifests.load_all(), settings, port=0) as process,
        httpx.AsyncClient(base_url=process.url, timeout=30) as client,
    ):
        store = await make_store(client, "Privacy")
        ambassador_id, texts = await journey(client, store)
        newcomer = await written_to(client, store, ambassador_id, relay, telegram)
        connection = await asyncpg.connect(url.replace(f"{OWNER}@", "postgres@"))  # row-level security hides all else
        try:
            assert await rows_with_marks(connection) == {"links.people", "links.invites"}
            waiting = partial(connection.fetchval, WAITING, ambassador_id)
            await until(waiting, within=60, what="news that wait to be told")
            await until(lambda: connection.fetchval(QUIET), within=60, what="an end of all that is under way")
            before = await books(client, store)
            cookie = await signed_in(client, store, ambassador_id)
            for who in (ambassador_id, newcomer):
                assert (await client.delete(f"/v1/ambassadors/{who}", headers=store.secret)).status_code == 204
            forgotten = await client.post("/v1/invites/forget", json={"email": GUEST}, headers=store.secret)
            assert forgotten.status_code == 204
            await until(partial(erasure_arrived, connection, ambassador_id), within=60, what="the erasure")
            await until(lambda: connection.fetchval(QUIET), within=60, what="an end of what the erasure led to")
            assert await rows_with_marks(connection) == set()
            assert not await waiting(), "what waited is dropped"
            texts += await mailbox(client, store)
            assert await books(client, store) == before
            parts = ("", "/balance", "/qr.svg")
            closed = [(await client.get(f"/p{part}", headers=cookie)).status_code for part in parts]
            assert closed == [401] * 3
        finally:
            await connection.close()
    printed, logged = capfd.readouterr()
    assert '"event": "shopify.unreadable"' in logged, "the process logs nothing, so that there is nothing to search"
    for text in (*texts, printed, logged):
        assert not [mark for mark in MARKS if mark.lower() in text.lower()], text[:500]


async def signed_in(client: httpx.AsyncClient, store: Store, ambassador_id: str) -> dict[str, str]:
    """The ambassador's cookie at the portal, which shows the page."""
    made = await client.post("/v1/portal-sessions", json={"ambassador_id": ambassador_id}, headers=store.secret)
    token = made.json()["url"].rpartition("/")[2]
    answer = await client.post("/p/open", data={"token": token}, headers=OWN_PAGE)
    client.cookies.clear()
    cookie = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    assert (await client.get("/p/balance", headers=cookie)).status_code == 200
    return cookie


async def erasure_arrived(connection: asyncpg.Connection, ambassador_id: str) -> bool:
    """Whether the services that know ambassadors have learnt of the erasure."""
    newest = [
        await connection.fetchval(
            f"select max(revision) from {schema}.ambassadors where ambassador_id = $1", ambassador_id
        )
        for schema in ("attribution", "analytics")
    ]
    return newest == [3, 3]


async def rows_with_marks(connection: asyncpg.Connection) -> set[str]:
    """Every table of every schema, the bus among them, whose rows hold a mark anywhere, as text or as bytes."""
    tables = await connection.fetch(
        "select schemaname, tablename from pg_tables where schemaname in"
        " ('links', 'connectors', 'attribution', 'rewards', 'analytics', 'bus')"
    )
    found = set()
    for schema, table in tables:
        columns = await connection.fetch(
            "select column_name, data_type from information_schema.columns where table_schema = $1 and table_name = $2",
            schema,
            table,
        )
        parts = [f"encode(\"{name}\", 'escape')" if kind == "bytea" else f'"{name}"::text' for name, kind in columns]
        text = f"lower(concat_ws(' ', {', '.join(parts)}))"
        rows = await connection.fetchval(
            f'select count(*) from "{schema}"."{table}" where {text} like any($1::text[])',
            [f"%{mark.lower()}%" for mark in MARKS],
        )
        if rows:
            found.add(f"{schema}.{table}")
    return found
