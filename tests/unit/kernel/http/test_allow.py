"""Which methods an address takes: its own, and not those of a neighbour's pattern that would take it as an id."""

import importlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter

from services.cli.names import NAMES
from services.kernel.http.app import Edge, framework
from services.kernel.http.table import RouteTable, allowed
from services.kernel.service import Service
from services.kernel.tables import service_metadata
from tests.support import edge

router = APIRouter()


@router.get("/v1/keys/secret")
async def written_out() -> dict[str, str]:
    return {"is": "the secret"}


@router.delete("/v1/keys/{key_id}")
async def deleted(key_id: str) -> dict[str, str]:
    return {"deleted": key_id}


@router.get("/v1/keys/{name}")
async def shown(name: str) -> dict[str, str]:
    return {"is": name}


@router.post("/v1/keys/{key_id}.csv")
async def as_file(key_id: str) -> dict[str, str]:
    return {"file": key_id}


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    service = Service(
        name="toy", package="tests", metadata=service_metadata(), routes=("/v1/keys*",), routers=(router,)
    )
    app = Edge(service, edge.make_context(edge.no_database()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://kith.example") as made:
        yield made


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/keys/secret", "GET, HEAD, OPTIONS"),
        ("/v1/keys/other", "DELETE, GET, HEAD, OPTIONS"),
        ("/v1/keys/other.csv", "OPTIONS, POST"),
    ],
)
async def test_options_and_a_405_list_the_addresss_own_methods(
    client: httpx.AsyncClient, path: str, methods: str
) -> None:
    assert (await client.options(path)).headers["allow"] == methods
    refused = await client.put(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, methods)
    for method in {"GET", "HEAD", "POST", "DELETE"} - set(methods.split(", ")):
        answer = await client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, methods), method


async def test_head_is_taken_where_get_is(client: httpx.AsyncClient) -> None:
    for path in ("/v1/keys/secret", "/v1/keys/other"):
        answer = await client.head(path)
        assert (answer.status_code, answer.content) == (200, b"")
    assert (await client.get("/v1/keys/secret")).json() == {"is": "the secret"}
    assert (await client.delete("/v1/keys/other")).json() == {"deleted": "other"}


@pytest.mark.parametrize("name", NAMES)
def test_every_described_address_takes_the_described_methods(name: str) -> None:
    service = importlib.import_module(f"services.{name}.main").SERVICE
    table = RouteTable(framework(service).router.routes)
    document = json.loads(Path(f"contracts/openapi/{name}.json").read_text())
    assert document["paths"]
    for path, item in document["paths"].items():
        described = {method.upper() for method in item} & {"GET", "POST", "PUT", "PATCH", "DELETE"}
        taken = set(allowed(table.find(re.sub(r"\{[^{}]*\}", "x1", path)))) - {"HEAD", "OPTIONS"}
        assert taken == described, path
