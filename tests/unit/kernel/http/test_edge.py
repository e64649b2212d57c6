"""The edge without a database: what is refused, how, and what every answer carries."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support import edge

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with edge.client(edge.make_context(edge.no_database())) as made:
        yield made


def assert_problem(answer: httpx.Response, status: int, code: str, field: str | None = None) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "code", "detail", "request_id"} <= problem.keys()
    assert (problem["status"], problem["code"]) == (status, code)
    assert answer.headers["x-request-id"] == problem["request_id"]
    if field is not None:
        assert field in [error["field"] for error in problem["errors"]]


BODIES = [
    (b"", 422, "invalid", "body"),
    (b"{", 400, "bad_json", "body"),
    (b"null", 422, "invalid", "body"),
    (b"[]", 422, "invalid", "body"),
    (b'{"note":"a","more":1}', 422, "invalid", "more"),
    (b'{"note":1}', 422, "invalid", "note"),
    (b'{"note":"a","items":[{"note":"b"},{"note":""}]}', 422, "invalid", "items.1.note"),
    (b'{"note":"a","amount_minor":NaN}', 400, "bad_json", "body"),
    (b'{"note":"a","amount_minor":-Infinity}', 400, "bad_json", "body"),
    (b'{"note":"a","amount_minor":1e999}', 400, "bad_json", "body"),
    (b'{"note":"a","amount_minor":-1}', 422, "invalid", "amount_minor"),
    (b'{"note":"a","amount_minor":1.5}', 422, "invalid", "amount_minor"),
    (b'{"note":"a","amount_minor":99999999999999999999}', 422, "invalid", "amount_minor"),
    (b'{"note":"a","amount_minor":' + b"9" * 5000 + b"}", 400, "bad_json", "body"),
    (b'{"note":"a\\u0000b"}', 422, "invalid", "note"),
    (b'{"note":"a","items":[{"note":"\\u0000"}]}', 422, "invalid", "items.0.note"),
    (b'{"note":"\xff"}', 400, "bad_encoding", "body"),
    (b'{"note":"\\ud800"}', 400, "bad_json", "body"),
    (b'{"note":"a","note":"b"}', 422, "invalid", "note"),
    (b'{"note":"a","note" :"b"}', 422, "invalid", "note"),
    (b'{"note":"a","items":[{"note":"b","note":"c"}]}', 422, "invalid", "note"),
    (b'{"a":' * 40 + b"1" + b"}" * 40, 422, "invalid", "body"),
    (b"[" * 100_000, 400, "too_deep", "body"),
    (b'{"note":"' + b"x" * 300_000 + b'"}', 413, "too_large", None),
]


@pytest.mark.parametrize("path", ["/v1/notes", "/v1/hot"])
@pytest.mark.parametrize(("body", "status", "code", "field"), BODIES, ids=range(len(BODIES)))
async def test_a_bad_body_is_refused_and_its_place_is_named(
    client: httpx.AsyncClient, path: str, body: bytes, status: int, code: str, field: str | None
) -> None:
    if path == "/v1/hot" and not body:
        status, code, field = 400, "bad_json", None
    answer = await client.post(path, content=body, headers=edge.key() | JSON)
    assert_problem(answer, status, code, field)


async def test_two_wrong_fields_are_both_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/notes", json={"amount_minor": "x", "more": 1}, headers=edge.key())
    assert [e["field"] for e in answer.json()["errors"]] == ["note", "amount_minor", "more"]
    assert [e["code"] for e in answer.json()["errors"]] == ["required", "int_parsing", "unknown_field"]


async def test_a_body_that_is_not_called_json_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/v1/notes", content=b'{"note":"a"}', headers=edge.key() | {"content-type": "text/plain"}
    )
    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("more=1", "more"),
        ("limit=x", "limit"),
        ("limit=1%00", "limit"),
        ("limit=1&%00=2", ""),
        ("&".join("a" * 50), "a"),
    ],
)
async def test_unknown_and_odd_query_fields_are_named(client: httpx.AsyncClient, query: str, field: str) -> None:
    answer = await client.get(f"/v1/notes/n?{query}", headers=edge.key())
    assert_problem(answer, 422, "invalid", field)


async def test_too_many_query_fields_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/notes/n?" + "&".join("limit=1" for _ in range(200)), headers=edge.key())
    assert_problem(answer, 422, "invalid", "query")


async def test_pages_ignore_query_fields_of_others(client: httpx.AsyncClient) -> None:
    answer = await client.get("/console/toy/notes?utm_source=mail", headers=edge.key())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/v1/notes/%00",
        "/v1/notes/a%00b",
        "/v1/numbers/x",
        "/v1/numbers/" + "9" * 5000,
        "//",
        "/v1/notes/a/",
    ],
)
async def test_an_unknown_address_is_404(client: httpx.AsyncClient, path: str) -> None:
    assert_problem(await client.get(path, headers=edge.key()), 404, "not_found")


@pytest.mark.parametrize("path", ["/v1/notes/%ff%fe", "/v1/notes/%0d%0a", "/v1/notes/%F0%9F%98%80", "/v1/notes/%20"])
async def test_odd_ids_are_just_ids(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, headers=edge.key())).status_code == 200


async def test_a_wrong_method_is_told_the_right_ones(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/console/toy/notes")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await client.request("BREW", "/v1/notes")).status_code == 405


async def test_options_lists_the_methods(client: httpx.AsyncClient) -> None:
    answer = await client.options("/console/toy/notes")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert "access-control-allow-origin" not in answer.headers


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    got = await client.get("/v1/notes/n", headers=edge.key())
    head = await client.head("/v1/notes/n", headers=edge.key())
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]


async def test_a_bug_shows_nothing_of_its_insides(
    client: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = await client.get("/v1/broken")
    assert_problem(answer, 500, "internal")
    logged = capsys.readouterr()
    assert "anna@example.com" not in answer.text + logged.out + logged.err
    assert "RuntimeError" in logged.out + logged.err
    assert answer.json()["request_id"] in logged.out + logged.err


async def test_a_dependency_that_is_away_answers_503(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/away")
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "1"


async def test_answers_carry_security_headers(client: httpx.AsyncClient) -> None:
    data = await client.get("/v1/notes/n", headers=edge.key())
    assert data.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert data.headers["x-content-type-options"] == "nosniff"
    assert data.headers["cache-control"] == "no-store"
    page = await client.get("/console/toy/notes", headers=edge.key())
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("given", ["x", "x" * 65, "a b c d e f", "ünicode-id-1", "a\tbcdefgh"])
async def test_an_odd_request_id_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/nothing", headers=[(b"x-request-id", given.encode())])
    assert answer.headers["x-request-id"].startswith("req_")


async def test_a_sane_request_id_is_kept(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nothing", headers={"x-request-id": "shop-4711.a_B"})
    assert answer.headers["x-request-id"] == "shop-4711.a_B"


async def test_pages_of_other_origins_may_track_and_nothing_else(client: httpx.AsyncClient) -> None:
    shop = {"origin": "https://shop.example:8443", "access-control-request-method": "POST"}
    asked = await client.options("/v1/track", headers=shop)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == shop["origin"]
    assert "content-type" in asked.headers["access-control-allow-headers"]
    reported = await client.post("/v1/track", content=b"{}", headers=shop)
    assert reported.headers["access-control-allow-origin"] == shop["origin"]
    assert reported.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in reported.headers
    too_much = await client.post("/v1/track", content=b"x" * 300_000, headers=shop)
    assert_problem(too_much, 413, "too_large")
    assert too_much.headers["access-control-allow-origin"] == shop["origin"]
    for other in ("/v1/notes", "/v1/hot"):
        refused = await client.options(other, headers=shop)
        assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    "origin", ["null", "", "https://a b", "javascript:1", "https://x\r\ny: z", "https://x/path", "*"]
)
async def test_an_odd_origin_is_not_echoed(client: httpx.AsyncClient, origin: str) -> None:
    reported = await client.post("/v1/track", content=b"{}", headers=[(b"origin", origin.encode())])
    assert "access-control-allow-origin" not in reported.headers
    assert reported.headers["vary"] == "Origin"


@pytest.fixture
async def fresh() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that nobody has asked yet."""
    async with edge.client(edge.make_context(edge.no_database())) as made:
        yield made


@pytest.mark.usefixtures("no_refill")
async def test_a_limited_look_up_says_where_one_stands(fresh: httpx.AsyncClient) -> None:
    answers = [await fresh.get("/v1/limited") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert answers[0].headers["ratelimit-policy"] == '"limited";q=3;w=60'
    assert 1 <= int(answers[3].headers["retry-after"]) <= 20
    assert_problem(answers[3], 429, "rate_limited")


@pytest.mark.usefixtures("no_refill")
async def test_keys_have_buckets_of_their_own_and_made_up_ones_share_theirs(fresh: httpx.AsyncClient) -> None:
    for headers in (edge.key(), edge.key(store=edge.OTHER_STORE)):
        await fresh.get("/v1/notes/n", headers=headers)  # a key is known once it was verified
        statuses = [(await fresh.get("/v1/limited", headers=headers)).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
    made_up = [(await fresh.get("/v1/limited", headers={"authorization": f"Bearer {n}"})).status_code for n in range(4)]
    assert made_up == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("/console/none", {}, 404),
        ("/nowhere", {"host": "[", "accept-language": "ru"}, 404),
        ("/nowhere?lang=%ff&x=%00&lang=uk", {"cookie": "kith_lang=\x7f; kith_theme"}, 404),
        ("/a%00b", {}, 404),
    ],
)
async def test_somebody_who_followed_a_link_gets_a_page(
    client: httpx.AsyncClient, path: str, more: dict[str, str], status: int
) -> None:
    answer = await client.get(path, headers={"accept": "text/html,*/*;q=0.8"} | more)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-request-id"] in answer.text


@pytest.mark.parametrize("headers", [{"accept": "*/*"}, {"accept": "text/html", "hx-request": "true"}])
async def test_a_fragment_or_a_program_gets_a_problem(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert_problem(await client.get("/console/none", headers=headers), 404, "not_found")
    assert_problem(await client.get("/v1/none", headers={"accept": "text/html"}), 404, "not_found")


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer kith_sk_x"}, edge.key("links:read")])
async def test_a_body_is_not_looked_at_before_the_key(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    status = 403 if headers == edge.key("links:read") else 401
    for body in (b"", b"{", b"[" * 100_000, b"x" * 300_000):
        answer = await client.post("/v1/notes", content=body, headers=headers | {"content-type": "application/json"})
        assert answer.status_code == status


async def test_a_body_that_is_too_long_is_told_what_to_do(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/notes", content=b" " * 300_000, headers=edge.key() | JSON)
    assert answer.status_code == 413
    assert "over 256 kB: leave out" in answer.json()["detail"]
