"""Idempotency-Key on a real PostgreSQL: one effect, one answer, under repetition, races and failure."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from services.kernel.db import Database
from services.kernel.http import idempotency
from services.kernel.http.idempotency import Claim, Reused, Same, Stored
from tests.support import edge
from tests.support.postgres import TestServer
from tests.support.toy import make_toy_schema, toy_database


@pytest.fixture
async def url(postgres: TestServer) -> AsyncIterator[str]:
    made = await postgres.empty()
    await make_toy_schema(made)
    yield made
    await postgres.drop(made)


@pytest.fixture
async def db(url: str) -> AsyncIterator[Database]:
    async with toy_database(url, pool_size=6) as database:
        yield database


@pytest.fixture
async def client(db: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with edge.client(edge.make_context(db)) as made:
        yield made


async def post(client: httpx.AsyncClient, note: str, key: str | None, store: str = edge.STORE) -> httpx.Response:
    headers = edge.key(store=store) | ({"idempotency-key": key} if key else {})
    return await client.post("/v1/notes", json={"note": note}, headers=headers)


async def written(db: Database, *stores: str) -> int:
    async with db.transaction(stores or (edge.STORE, edge.OTHER_STORE, "str_new")) as tx:
        return int(await tx.scalar("select count(*) from seen"))


async def test_a_repetition_gets_the_first_answer_and_has_no_effect(client: httpx.AsyncClient, db: Database) -> None:
    first, second = await post(client, "one", "k"), await post(client, "one", "k")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert await written(db) == 1


async def test_another_body_under_the_same_key_is_refused_and_writes_nothing(
    client: httpx.AsyncClient, db: Database
) -> None:
    await post(client, "one", "k")
    refused = await post(client, "two", "k")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "idempotency_key_reused"
    assert await written(db) == 1


async def test_fifty_equal_posts_at_once_have_one_effect_and_one_answer(
    client: httpx.AsyncClient, db: Database
) -> None:
    answers = await asyncio.gather(*(post(client, "one", "k") for _ in range(50)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 49
    assert await written(db) == 1


async def test_equal_posts_at_two_replicas_have_one_effect_and_one_answer(url: str, db: Database) -> None:
    async with (
        toy_database(url, pool_size=6) as db_2,
        edge.client(edge.make_context(db, name="toy-1")) as one,
        edge.client(edge.make_context(db_2, name="toy-2")) as two,
    ):
        answers = await asyncio.gather(*(post(client, f"n{n}", f"k{n}") for n in range(10) for client in (one, two)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 10
    assert await written(db) == 10


async def test_racing_bodies_under_one_key_leave_one_effect_and_refuse_the_rest(
    client: httpx.AsyncClient, db: Database
) -> None:
    answers = await asyncio.gather(*(post(client, f"n{n % 5}", "k") for n in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [422] * 16
    assert await written(db) == 1


async def test_a_key_belongs_to_one_store(client: httpx.AsyncClient, db: Database) -> None:
    first = await post(client, "one", "k")
    other = await post(client, "two", "k", store=edge.OTHER_STORE)
    assert (first.status_code, other.status_code) == (201, 201)
    assert await written(db) == 2


async def test_a_key_belongs_to_the_api_key_that_sent_it(client: httpx.AsyncClient, db: Database) -> None:
    """An answer may hold a secret that its caller was allowed to have; another caller asks for its own."""
    answers = [
        await client.post(
            "/v1/notes",
            json={"note": f"secret {name}"},
            headers=edge.key(*scopes, key_id=name) | {"idempotency-key": "k"},
        )
        for name, scopes in (("key_1", ()), ("key_2", ("links:write",)), ("key_1", ()))
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert answers[1].json()["secret"] != answers[0].json()["secret"]
    assert answers[2].content == answers[0].content
    assert await written(db) == 2
    mute = edge.key("orders:write", key_id="key_1") | {"idempotency-key": "k"}
    assert (await client.post("/v1/notes", json={"note": "secret key_1"}, headers=mute)).status_code == 403


async def test_a_failed_request_leaves_its_key_free(client: httpx.AsyncClient, db: Database) -> None:
    assert (await post(client, "conflict", "k")).status_code == 409
    assert (await post(client, "one", "k")).status_code == 201
    assert await written(db) == 1


async def test_without_a_key_nothing_is_kept(client: httpx.AsyncClient, db: Database) -> None:
    assert (await post(client, "one", None)).status_code == 201
    async with db.transaction([edge.STORE]) as tx:
        assert await tx.scalar("select count(*) from answers") == 0


async def test_a_secret_is_revealed_each_time_and_never_kept(client: httpx.AsyncClient, db: Database) -> None:
    first, second = await post(client, "secret 1", "k"), await post(client, "secret 1", "k")
    assert first.json()["secret"] == f"s-{first.json()['id']}"
    assert second.json() == first.json()
    async with db.transaction([edge.STORE]) as tx:
        assert b"s-note" not in await tx.scalar("select answer from answers")


async def test_the_operator_has_keys_too(client: httpx.AsyncClient, db: Database) -> None:
    headers = {"authorization": f"Bearer {edge.OPERATOR_KEY}", "idempotency-key": "k"}
    first = await client.post("/v1/operator-notes", json={"note": "one"}, headers=headers)
    second = await client.post("/v1/operator-notes", json={"note": "one"}, headers=headers)
    assert first.status_code == 201
    assert second.content == first.content
    assert await written(db) == 1


@pytest.mark.parametrize("bad", ["", "a b", "ü", "x" * 256])
async def test_a_key_that_is_none_is_refused(client: httpx.AsyncClient, bad: str) -> None:
    headers = [(b"authorization", edge.key()["authorization"].encode()), (b"idempotency-key", bad.encode())]
    refused = await client.post("/v1/notes", json={"note": "one"}, headers=headers)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"


async def test_a_database_that_is_away_answers_503_and_when_to_come_back() -> None:
    async with edge.client(edge.make_context(edge.no_database())) as client:
        refused = await post(client, "one", "k")
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1


async def test_a_deadlock_is_tried_again_unseen(client: httpx.AsyncClient, db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("insert into notes (note) values ('first'), ('second')")
    met = asyncio.Barrier(2)
    edge.DEADLOCKS[:] = [("first", "second"), ("second", "first")]
    edge.MEETING = met
    answers = await asyncio.gather(post(client, "deadlock 0", "k0"), post(client, "deadlock 1", None))
    assert [answer.status_code for answer in answers] == [201, 201]


def claim_of(key: str, body: bytes = b"b", store: str = edge.STORE) -> Claim:
    return Claim(store, "key_1", "POST /v1/hot", key, idempotency.body_hash(edge.RING, body))


async def test_a_batch_claims_many_requests_at_once(db: Database) -> None:
    stores = (edge.STORE, edge.OTHER_STORE)
    async with db.transaction(stores) as tx:
        assert await idempotency.claim(tx, [claim_of("old")]) == [None]
        await idempotency.keep(tx, [(claim_of("old"), 202, b"{}")])
    async with db.transaction(stores) as tx:
        found = await idempotency.claim(
            tx,
            [
                claim_of("new"),
                claim_of("old"),
                claim_of("new"),
                claim_of("new", b"other"),
                claim_of("old", b"other"),
                claim_of("new", store=edge.OTHER_STORE),
            ],
        )
        assert found[:3] == [None, Stored(202, b"{}"), Same(0)]
        assert isinstance(found[3], Reused)
        assert isinstance(found[4], Reused)
        assert found[5] is None
        await idempotency.release(tx, [claim_of("new")])
        await idempotency.keep(tx, [(claim_of("new", store=edge.OTHER_STORE), 202, b"{}")])
    async with db.transaction(stores) as tx:
        assert await idempotency.claim(tx, [claim_of("new")]) == [None]


async def test_answers_are_dropped_after_a_day_and_the_timer_ends_with_them(db: Database) -> None:
    async with db.transaction([edge.STORE]) as tx:
        await idempotency.claim(tx, [claim_of("a"), claim_of("b")])
        due = await tx.one_or_none("select store_id, at - now() as wait from due where job = 'answers.purge'")
        assert due is not None
        assert due.wait == idempotency.KEPT_FOR
        await tx.execute("update answers set at = at - interval '25 hours' where key = 'a'")
    async with db.transaction([edge.STORE]) as tx:
        again = await idempotency.PURGE_JOB.run(tx, [edge.STORE])
        assert await tx.scalar("select array_agg(key) from answers") == ["b"]
        assert again[edge.STORE] - tx.now > timedelta(hours=23)
        await tx.execute("update answers set at = at - interval '25 hours'")
        assert await idempotency.PURGE_JOB.run(tx, [edge.STORE]) == {}
