"""Who may call what: keys, scopes, the operator, people at the console."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.kernel.auth import sessions
from services.kernel.context import Context
from services.kernel.errors import Forbidden, Unauthorized
from services.kernel.http.credentials import authenticate, authenticate_operator, authorize
from tests.support import edge
from tests.support.chance import chance, examples, tally
from tests.support.forge import forged


@pytest.fixture
def context() -> Context:
    return edge.make_context(edge.no_database())


@pytest.fixture
async def client(context: Context) -> AsyncIterator[httpx.AsyncClient]:
    async with edge.client(context) as made:
        yield made


def raw(headers: dict[str, str]) -> bytes:
    return headers["authorization"].encode()


def cookie(*scopes: str, life: timedelta = timedelta(hours=1)) -> dict[str, str]:
    value = sessions.issue_session(edge.RING, store_id=edge.STORE, key_id="key_1", scopes=scopes, life=life)
    return {"cookie": f"{sessions.COOKIE}={value}"}


OURS = {"origin": "https://kith.example"}


async def test_a_key_with_the_scope_is_let_in(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/notes/n", headers=edge.key("links:read"))
    assert answer.json() == {"id": "n", "note": edge.STORE}


async def test_a_key_without_the_scope_is_forbidden(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/notes/n", headers=edge.key("links:write"))
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


async def test_a_publishable_key_may_track_and_nothing_else(client: httpx.AsyncClient) -> None:
    headers = edge.key(kind="pk")
    assert (await client.post("/v1/tracked", headers=headers)).json()["id"] == "pk"
    for method, path in (
        ("GET", "/v1/notes/n"),
        ("POST", "/v1/notes"),
        ("GET", "/console/toy/notes"),
        ("POST", "/v1/hot"),
    ):
        answer = await client.request(method, path, headers=headers, json={"note": "a"})
        assert (answer.status_code, answer.json()["code"]) == (403, "publishable_key")
    assert (await client.post("/v1/operator-notes", json={"note": "a"}, headers=headers)).status_code == 403


async def test_a_secret_key_does_not_track_unless_it_was_given_that(client: httpx.AsyncClient) -> None:
    assert (await client.post("/v1/tracked", headers=edge.key())).status_code == 403


async def test_a_revoked_key_is_refused_at_once(client: httpx.AsyncClient, context: Context) -> None:
    assert (await client.get("/v1/notes/n", headers=edge.key())).status_code == 200
    context.live.revoked = frozenset({"key_1"})
    answer = await client.get("/v1/notes/n", headers=edge.key())
    assert (answer.status_code, answer.json()["code"]) == (401, "revoked_key")


async def test_only_the_operator_is_the_operator(client: httpx.AsyncClient) -> None:
    for headers, status in ((edge.key(), 403), ({"authorization": "Bearer x"}, 401), ({}, 401)):
        answer = await client.post("/v1/operator-notes", json={"note": "a"}, headers=headers)
        assert answer.status_code == status
    as_store = await client.get("/v1/notes/n", headers={"authorization": f"Bearer {edge.OPERATOR_KEY}"})
    assert as_store.status_code == 401


HEADERS = st.one_of(
    st.binary(max_size=700),
    st.text(max_size=200).map(lambda tail: b"bearer kith_sk_" + tail.encode("utf-8", "surrogatepass")),
    st.from_regex(
        rb"Bearer kith_(sk|pk)_k[0-9]_[a-z0-9]{1,30}_[a-z0-9]{1,30}_[0-9a-f]{1,20}_[0-9a-f]{32}", fullmatch=True
    ),
)


def refused(context: Context, header: bytes) -> None:
    with pytest.raises(Unauthorized):
        authenticate(context, header)
    with pytest.raises(Unauthorized):
        authenticate_operator(context, header)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HEADERS)
def test_whatever_looks_like_a_key_is_unauthorized(context: Context, header: bytes) -> None:
    refused(context, header)


def test_thousands_of_mutations_of_a_key_are_unauthorized(context: Context) -> None:
    luck, tries = chance("mutations of a key"), examples(10_000)
    good = raw(edge.key())
    for _ in range(tries):
        header = bytearray(good)
        for _ in range(luck.choice((1, 1, 1, 2, 9))):
            place = luck.randrange(7, len(header))
            match luck.randrange(4):
                case 0:
                    header[place] = luck.randrange(256)
                case 1:
                    header[place:] = b"0" * luck.randrange(1, 40)
                case 2:
                    header.insert(place, luck.randrange(256))
                case _:
                    header[place : place + 1] = b"00"
        if bytes(header).split() != good.split():
            refused(context, bytes(header))
    tally("keys of callers", tries)


def test_a_store_s_key_is_not_the_operator_s(context: Context) -> None:
    with pytest.raises(Forbidden):
        authenticate_operator(context, raw(edge.key()))
    with pytest.raises(Forbidden):
        authorize(context, {b"authorization": raw(edge.key("links:read"))}, "links:write")


async def test_odd_header_bytes_are_401_through_the_whole_edge(client: httpx.AsyncClient) -> None:
    for value in (
        b"Bearer \xff\xfe",
        b"Bearer " + "ключ".encode(),
        b"",
        b"Bearer",
        b"Basic a:b",
        b"Bearer " + b"x" * 9000,
    ):
        for path in ("/v1/notes/n", "/console/toy/notes"):
            answer = await client.get(path, headers=[(b"authorization", value)])
            assert answer.status_code == 401, (path, value)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_signed_in_person_sees_the_store(client: httpx.AsyncClient) -> None:
    answer = await client.get("/console/toy/notes", headers=cookie("links:read"))
    assert answer.text == f"<p>{edge.STORE}</p>"
    assert (await client.get("/console/toy/notes", headers=cookie("rewards:read"))).status_code == 403


async def test_a_revoked_key_ends_the_sessions_that_it_opened(client: httpx.AsyncClient, context: Context) -> None:
    signed_in = cookie("links:read")
    context.live.revoked = frozenset({"key_2"})
    assert (await client.get("/console/toy/notes", headers=signed_in)).status_code == 200
    context.live.revoked = frozenset({"key_1", "key_2"})
    answer = await client.get("/console/toy/notes", headers=signed_in)
    assert (answer.status_code, answer.json()["code"]) == (401, "revoked_key")
    person = await client.get("/console/toy/notes", headers={**signed_in, "accept": "text/html"})
    assert (person.status_code, person.headers["location"]) == (303, "/console/session?next=/console/toy/notes")


async def test_a_browser_without_a_session_is_sent_to_sign_in(client: httpx.AsyncClient) -> None:
    answer = await client.get("/console/toy/notes?from=2026-01-01", headers={"accept": "text/html,*/*"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/session?next=/console/toy/notes%3Ffrom%3D2026-01-01"
    fragment = await client.get("/console/toy/notes", headers={"hx-request": "true"})
    assert fragment.status_code == 401
    assert fragment.headers["hx-redirect"].startswith("/console/session")
    program = await client.get("/console/toy/notes")
    assert (program.status_code, program.json()["code"]) == (401, "no_session")


async def test_a_session_that_is_over_or_forged_is_none(client: httpx.AsyncClient) -> None:
    over = await client.get("/console/toy/notes", headers=cookie("links:read", life=timedelta(seconds=-1)))
    assert (over.status_code, over.json()["code"]) == (401, "session_expired")
    strange = await client.get("/console/toy/notes", headers={"cookie": forged(cookie("links:read")["cookie"])})
    assert strange.status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OURS, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 200),
        ({"sec-fetch-site": "cross-site", "origin": "null"}, 403),
        ({"origin": "https://kith.example.evil.example"}, 403),
        ({"origin": "https://evil.example/https://kith.example"}, 403),
        ({"origin": "https://[broken"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "https://evil.example"}, 403),
    ],
)
async def test_a_form_counts_only_from_our_own_pages(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    sent = cookie("links:write") | headers
    answer = await client.post("/console/toy/notes", data={"note": "abc"}, headers=sent)
    assert answer.status_code == status, answer.text


async def test_a_form_by_key_needs_no_origin(client: httpx.AsyncClient) -> None:
    answer = await client.post("/console/toy/notes", data={"note": "abc"}, headers=edge.key())
    assert answer.text == f"<p>{edge.STORE} 3</p>"


async def test_a_nul_in_a_form_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/console/toy/notes", data={"note": "a\0b"}, headers=edge.key())
    assert answer.status_code == 422


@pytest.mark.parametrize("origin", ["https://shop.example", "null", "https://kith.example"])
async def test_a_secret_key_that_comes_from_a_browser_is_refused_and_told_why(
    client: httpx.AsyncClient, origin: str
) -> None:
    sent = {"origin": origin}
    operator = {"authorization": f"Bearer {edge.OPERATOR_KEY}"}
    answers = [
        await client.get("/v1/notes/n", headers=edge.key("links:read") | sent),
        await client.post("/v1/hot", json={"note": "a"}, headers=edge.key() | sent),
        await client.get("/console/toy/notes", headers=edge.key() | sent),
        await client.post("/v1/operator-notes", json={"note": "a"}, headers=operator | sent),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "secret_key_in_browser")}
    assert "Revoke it" in answers[0].json()["detail"]
    assert (await client.post("/v1/tracked", headers=edge.key(kind="pk") | sent)).status_code == 200
