"""Which application answers which path, and what the whole says of itself."""

from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest
from fastapi import APIRouter, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.kernel.http.app import Edge, framework
from services.kernel.http.dispatch import Dispatcher
from services.kernel.http.hot import HotAnswer, HotRoute, HotTable, answer, start
from services.kernel.http.openapi import merge, openapi
from services.kernel.http.table import RouteTable, allowed
from tests.support import edge


def named(name: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": name.encode()})

    return app


PATTERNS: dict[str, Sequence[str]] = {
    "links": ("/v1/codes*", "/r/*", "/console/links*"),
    "attribution": ("/v1/codes/*/check", "/v1/orders*"),
    "analytics": ("/console", "/v1/metrics*"),
}


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/v1/codes", "links"),
        ("/v1/codes/ANNA", "links"),
        ("/v1/codes/ANNA/check", "attribution"),
        ("/v1/codes/ANNA/check/more", "links"),
        ("/v1/codes/a/b/check", "links"),
        ("/v1/orders/1/refunds", "attribution"),
        ("/r/x", "links"),
        ("/console", "analytics"),
        ("/console/links/programs", "links"),
        ("/v1/codes/\n/check", "attribution"),
        ("/nobody", "links"),
    ],
)
async def test_the_longest_pattern_decides(path: str, service: str) -> None:
    apps = {name: (named(name), tuple(patterns)) for name, patterns in PATTERNS.items()}
    assert Dispatcher(apps).owner(path) is apps[service][0]


async def test_an_unclaimed_address_is_a_problem_and_hot_routes_come_first() -> None:
    app = Edge(edge.SERVICE, edge.make_context(edge.no_database()))
    transport = httpx.ASGITransport(app=Dispatcher({"toy": (app, edge.SERVICE.routes), "x": (named("x"), ("/*",))}))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        assert (await client.post("/v1/track", content=b"{}")).status_code == 202
        assert (await client.get("/v1/track")).text == "x"
        assert (await client.get("/v1/notes/n")).json()["code"] == "no_key"
        assert (await client.get("/openapi.json")).json()["info"]["title"] == "Kith"
        assert (await client.head("/openapi.json")).content == b""


async def test_hot_routes_are_found_exactly_then_by_the_longest_prefix() -> None:
    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        return None

    made = {p: HotRoute("GET", p, handle) for p in ("/r/*", "/v1/orders", "/v1/hooks/*", "/v1/hooks/shopify/*", "/x")}
    table = HotTable(made.values())
    cases = {
        "/r/anna": "/r/*",
        "/r/": "/r/*",
        "/r": None,
        "/v1/orders": "/v1/orders",
        "/v1/orders/1": None,
        "/v1/hooks/stripe/1": "/v1/hooks/*",
        "/v1/hooks/shopify/1": "/v1/hooks/shopify/*",
        "/x": "/x",
        "/x/": None,
        "": None,
        "/": None,
    }
    assert {path: table.find("GET", path) for path in cases} == {p: made[r] if r else None for p, r in cases.items()}
    assert table.find("POST", "/x") is None
    with pytest.raises(ValueError, match="star"):
        HotTable([HotRoute("GET", "/a/*/b", handle)])


def test_the_table_knows_every_method_of_a_path() -> None:
    table = RouteTable(framework(edge.SERVICE).router.routes)
    assert allowed(table.find("/console/toy/notes")) == ["GET", "HEAD", "OPTIONS", "POST"]
    (found,) = table.find("/v1/notes/x")
    assert (found.template, found.query, found.takes_json) == ("/v1/notes/{note_id}", frozenset({"limit"}), False)
    (posted,) = table.find("/v1/notes")
    assert posted.takes_json
    assert table.find("/v1/notesx") == []


def test_the_description_is_complete() -> None:
    document = openapi(edge.SERVICE)
    operation = document["paths"]["/v1/notes"]["post"]
    assert operation["operationId"] == "post_note"
    assert operation["security"] == [{"secretKey": []}]
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "429", "431", "503"} <= operation[
        "responses"
    ].keys()
    assert operation["responses"]["422"] == {"$ref": "#/components/responses/Problem422"}
    assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]
    assert document["paths"]["/v1/operator-notes"]["post"]["security"] == [{"operatorKey": []}]
    assert document["paths"]["/v1/tracked"]["post"]["security"] == [{"publishableKey": []}]
    assert "security" not in document["paths"]["/v1/limited"]["get"]
    assert "/console/toy/notes" not in document["paths"]
    assert document["servers"] == [{"url": "/"}]
    assert operation["responses"]["201"]["links"]["get_note"]["parameters"] == {"note_id": "$response.body#/id"}
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_merged_descriptions_keep_schemas_of_one_name_apart() -> None:
    def document(service: str, kind: str) -> dict[str, object]:
        return {
            "openapi": "3.1.0",
            "info": {"title": f"Kith {service}"},
            "paths": {f"/{service}": {"get": {"schema": {"$ref": "#/components/schemas/Out"}}}},
            "components": {"schemas": {"Out": {"type": kind}, "Problem": {"type": "object"}}, "responses": {}},
        }

    merged = merge([document("links", "object"), document("rewards", "array"), document("analytics", "object")])
    assert merged["components"]["schemas"] == {
        "Out": {"type": "object"},
        "RewardsOut": {"type": "array"},
        "Problem": {"type": "object"},
    }
    assert merged["paths"]["/rewards"]["get"]["schema"] == {"$ref": "#/components/schemas/RewardsOut"}
    assert merged["paths"]["/links"]["get"]["schema"] == {"$ref": "#/components/schemas/Out"}


async def test_a_prebuilt_answer_stays_as_it_was_built() -> None:
    first = start(200, ((b"content-length", b"2"),))

    async def handle(scope: Scope, receive: Receive, send: Send) -> int:
        return await answer(send, first, b"{}")

    async def endpoint() -> HotAnswer:
        return HotAnswer(handle)

    router = APIRouter()
    router.add_api_route("/v1/ready", endpoint, response_class=Response)
    service = replace(edge.SERVICE, routers=(router,), hot=lambda _: ())
    transport = httpx.ASGITransport(app=Edge(service, edge.make_context(edge.no_database())))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        one, two = await client.get("/v1/ready"), await client.get("/v1/ready")
    assert (one.text, two.text) == ("{}", "{}")
    assert one.headers["x-request-id"] != two.headers["x-request-id"]
    assert first["headers"] == [(b"content-length", b"2")]
