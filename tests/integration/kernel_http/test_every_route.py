"""Every route of the product, as the services' own descriptions list them: who may call it, what it refuses, and that
nothing of one store shows to another. A route that nobody gave a body or an id here fails, so that none is forgotten.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.cli import manifests
from services.kernel.http.openapi import merge, openapi
from tests.support.two_stores import BODIES, OPERATOR, Store, TwoStores, unknown_like

OPEN = {("POST", "/v1/hooks/shopify/{hook_id}")}
"""Routes without a key: the platform's signature is the credential."""
NO_404 = {
    ("POST", "/v1/codes/{code}/check"),
    ("POST", "/v1/orders/{order_id}/refunds"),
    ("POST", "/v1/orders/{order_id}/cancel"),
    ("PUT", "/v1/message-occasions/{occasion}"),
    ("PUT", "/v1/goodwill-terms/{unit}"),
    ("PUT", "/v1/payout-terms/{currency}"),
    ("POST", "/v1/payout-providers/{provider}/tests"),
    ("POST", "/v1/message-templates/{occasion}/{language}/preview"),
    *((method, "/v1/message-templates/{occasion}/{language}") for method in ("GET", "PUT", "DELETE")),
}
"""Asking about a code is answered; facts may come before their order, and stay in the caller's own namespace; every
store has the same occasions and languages.
"""


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    security: tuple[str, ...]
    has_body: bool
    needs_body: bool
    query: tuple[str, ...]

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def url(self, ids: Mapping[str, str]) -> str:
        return re.sub(r"{(\w+)}", lambda found: ids[found[1]], self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations() -> Iterator[Operation]:
    document = merge([openapi(service) for service in manifests.load_all(manifests.NAMES)])
    for path, item in sorted(document["paths"].items()):
        for method, found in item.items():
            yield Operation(
                method.upper(),
                path,
                tuple(name for entry in found.get("security", ()) for name in entry),
                "requestBody" in found,
                found.get("requestBody", {}).get("required", False),
                tuple(p["name"] for p in found.get("parameters", ()) if p["in"] == "query"),
            )


OPERATIONS = list(operations())
each = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
WITH_BODY = [operation for operation in OPERATIONS if operation.has_body]
WITH_IDS = [operation for operation in OPERATIONS if operation.parameters]


@dataclass(frozen=True)
class Product:
    """Calls operations of the product."""

    client: httpx.AsyncClient
    a: Store
    b: Store

    async def call(self, operation: Operation, headers: Mapping[str, str], **more: Any) -> httpx.Response:
        ids = more.pop("ids", dict.fromkeys(operation.parameters, "x1"))
        url = operation.url(ids)
        if operation.has_body and not more:
            more = {"json": {}}
        return await self.client.request(operation.method, url, headers=dict(headers), **more)


@pytest.fixture(scope="module")
def product(two_stores: TwoStores) -> Product:
    return Product(two_stores.client, two_stores.a, two_stores.b)


def own_key(operation: Operation, store: Store) -> dict[str, str]:
    """The credential that the operation is for."""
    if "operatorKey" in operation.security:
        return {"authorization": f"Bearer {OPERATOR}"}
    return store.publishable if "publishableKey" in operation.security else store.secret


def assert_refused(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    assert answer.status_code in statuses, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    return problem


def test_every_route_has_what_these_tests_need() -> None:
    assert {str(operation) for operation in WITH_BODY} - BODIES.keys() == set()
    assert {(o.method, o.path) for o in OPERATIONS if not o.security} == OPEN


@each
async def test_nobody_comes_in_without_a_key_of_the_right_kind(product: Product, operation: Operation) -> None:
    if not operation.security:
        return
    for headers in ({}, {"authorization": "Bearer kith_sk_k1_a_b_1_" + "0" * 32}, {"authorization": "Basic eDp5"}):
        assert_refused(await product.call(operation, headers), 401)
    wrong = product.a.publishable if "publishableKey" not in operation.security else product.a.secret
    assert_refused(await product.call(operation, wrong), 403)
    if "operatorKey" in operation.security:
        assert_refused(await product.call(operation, product.a.secret), 403)
    else:
        assert_refused(await product.call(operation, {"authorization": f"Bearer {OPERATOR}"}), 401)


@each
async def test_an_unknown_query_field_is_named(product: Product, operation: Operation) -> None:
    answer = await product.call(operation, own_key(operation, product.a), params={"zzz": "1"})
    assert [error["field"] for error in assert_refused(answer, 422)["errors"]] == ["zzz"]


@each
async def test_a_nul_in_a_query_field_is_named(product: Product, operation: Operation) -> None:
    for name in operation.query:
        answer = await product.call(operation, own_key(operation, product.a), params={name: "a\0b"})
        assert name in [error["field"] for error in assert_refused(answer, 422)["errors"]]


@each
async def test_odd_query_values_are_never_a_failure_of_ours(product: Product, operation: Operation) -> None:
    odd = ("", "-1", "9" * 400, "x" * 3000, "💥", "2026-13-45")
    for name in operation.query:
        for value in odd:
            answer = await product.call(operation, own_key(operation, product.a), params={name: value})
            assert answer.status_code < 500, (name, value, answer.text)


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
async def test_a_bad_body_is_refused(product: Product, operation: Operation) -> None:
    headers = own_key(operation, product.a) | {"content-type": "application/json"}
    bodies = (
        *(
            b"{",
            b"null" if operation.needs_body else b"x",
            b"[]",
            b'"x"',
            b"1",
            b'{"a":NaN}',
            b'{"a":"\xff"}',
            b'{"a":"\\ud800"}',
            b'{"a":1,"a":2}',
        ),
        *(b'{"a":"\\u0000"}', b"[" * 5000, b'{"a":' * 50 + b"1" + b"}" * 50, b'{"a":' + b"9" * 5000 + b"}", b"\x00"),
    )
    for answer in await asyncio.gather(*(product.call(operation, headers, content=body) for body in bodies)):
        assert_refused(answer, 400, 413, 415, 422)  # 413: some take no more than a few kB
    too_much = 1_100_000 if operation.path.endswith(("/batches", "/sheets")) else 300_000
    too_much = (
        1_500_000
        if operation.path.endswith(("/results", "/{pool_id}/codes", "/plan-targets"))
        or "/preview-pictures/" in operation.path
        else too_much
    )
    assert_refused(await product.call(operation, headers, content=b'"' + b"x" * too_much + b'"'), 413)


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
async def test_an_unknown_field_is_named(product: Product, operation: Operation) -> None:
    body = BODIES[str(operation)](product.a.ids) | {"zzz": 1}
    answer = await product.call(operation, own_key(operation, product.a), json=body, ids=product.a.ids)
    assert "zzz" in [error["field"].rpartition(".")[2] for error in assert_refused(answer, 422)["errors"]]


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
async def test_each_field_of_a_body_may_be_odd_and_is_never_a_failure_of_ours(
    product: Product, operation: Operation
) -> None:
    good = BODIES[str(operation)](unknown_like(product.a.ids))
    odd: tuple[Any, ...] = (None, -1, 2**63, 1e308, "", "x" * 5000, [], {"a": {}})
    for name in good:
        for value in odd:
            answer = await product.call(operation, own_key(operation, product.b), json=good | {name: value})
            assert answer.status_code < 500, (name, value, answer.text)


@pytest.mark.parametrize("operation", WITH_IDS, ids=str)
async def test_odd_ids_are_unknown_addresses(product: Product, operation: Operation) -> None:
    odd = ("%00", "%ff%fe", "x" * 3000, "..%2F..%2Fetc", "-1", "%0d%0a")
    more: dict[str, Any] = {"json": BODIES[str(operation)](product.a.ids)} if operation.has_body else {}
    headers = own_key(operation, product.b)
    for name in operation.parameters:
        for value in odd:
            answer = await product.call(operation, headers, ids=product.a.ids | {name: value}, **more)
            assert answer.status_code < 500, (value, answer.text)
            if "%00" in value:
                assert_refused(answer, 404)


def without_ids(answer: httpx.Response, ids: Mapping[str, str]) -> tuple[int, str]:
    """An answer with what must differ taken out."""
    text = answer.text
    for value in sorted(ids.values(), key=len, reverse=True):
        text = text.replace(value, "…")
    return answer.status_code, re.sub(r'"request_id":"\w+"', "", text)


@pytest.mark.parametrize("operation", WITH_IDS, ids=str)
async def test_ids_of_another_store_are_unknown_ids(product: Product, operation: Operation) -> None:
    """Under B's key everything of A answers exactly as what does not exist."""
    assert set(operation.parameters) <= product.a.ids.keys(), "give this parameter an id in `fill`"
    if not operation.security or "operatorKey" in operation.security:
        return  # nobody's, or the operator's, who may name any store
    answers = []
    for ids in (product.a.ids, unknown_like(product.a.ids)):
        more: dict[str, Any] = {"json": BODIES[str(operation)](ids)} if operation.has_body else {}
        answer = await product.call(operation, own_key(operation, product.b), ids=ids, **more)
        answers.append(without_ids(answer, ids))
    assert answers[0] == answers[1]
    if (operation.method, operation.path) not in NO_404:
        assert answers[0][0] == 404, answers[0]


@pytest.mark.parametrize("operation", [o for o in WITH_BODY if not o.parameters and o.security], ids=str)
async def test_ids_of_another_store_in_a_body_are_unknown_ids(product: Product, operation: Operation) -> None:
    if "operatorKey" in operation.security:
        return
    answers = []
    for ids in (product.a.ids, unknown_like(product.a.ids)):
        answer = await product.call(operation, own_key(operation, product.b), json=BODIES[str(operation)](ids))
        reported = answer.json() if answer.content else {}
        answers.append((answer.status_code, reported.get("errors", reported.get("data", ()))))
    if "program_id" in BODIES[str(operation)](product.a.ids):
        assert answers[0][0] in {404, 422}
    assert [without(answers[n]) for n in (0, 1)] == [without(answers[0])] * 2


def without(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], re.sub(r"[a-z]{3}_[0-9a-z]{26}", "…", str(answer[1]))


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.method == "GET" and o.query], ids=str)
async def test_lists_show_nothing_of_another_store(product: Product, operation: Operation) -> None:
    if operation.parameters:
        return
    for ids in ({}, *({name: value} for name, value in product.a.ids.items() if name in operation.query)):
        answer = await product.call(operation, own_key(operation, product.b), params=ids)
        assert answer.status_code < 500
        for value in (
            product.a.ids[name] for name in ("ambassador_id", "program_id", "link_id", "reward_id", "key_id")
        ):
            if value not in ids.values():
                assert value not in answer.text
        assert "anna@example.com" not in answer.text


async def test_what_is_store_a_s_was_not_touched(product: Product) -> None:
    """Runs last: after all those calls with B's key, A still has what it had. No month of its books is over yet."""
    reads = [o for o in WITH_IDS if o.method == "GET" and o.security and "{month}" not in str(o)]
    found = {str(o): (await product.call(o, product.a.secret, ids=product.a.ids)).status_code for o in reads}
    assert found == {str(o): 200 for o in reads}
