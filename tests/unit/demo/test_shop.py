"""Whatever a visitor types, the demo shop's server, which holds a secret key, calls the routes that it means only."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from demo.details import Details
from demo.paths import segment
from demo.shop.app import Kith, build_shop

TRIES = (
    "../orders/1001/cancel#",
    "../orders/1001/cancel?",
    "../../v1/keys#",
    "..%2forders%2f1001%2fcancel%23",
    "%2e%2e/orders/1001/cancel%23",
    "..",
    ".",
    "..\\orders\\1001\\cancel#",
    "//evil.example/v1/keys",
    "A/check?x=",
    "A#",
    "A;b=1",
    "A@evil.example",
    "ANNA10/redeem#",
    "анна/../..",
    "\r\nX-Injected: 1",
)
DETAILS = Details(
    store_id="str_1",
    secret_key="kith_sk_of_the_test",
    publishable_key="kith_pk_of_the_test",
    program_id="prg_1",
    ambassador_id="amb_1",
    code="ANNA10",
    link_url="http://localhost/r/anna",
    portal_url="http://localhost/p",
)


@dataclass(slots=True)
class Api:
    """Stands where Kith would and notes the bytes of each request."""

    url: str = ""
    heads: list[str] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)
    answers: dict[str, object] = field(default_factory=dict)
    """By path; anything else is answered like a code that nobody has."""

    @property
    def calls(self) -> list[str]:
        """Method and path of each request, as they came."""
        return [head.split("\r\n", 1)[0].removesuffix(" HTTP/1.1") for head in self.heads]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await _head(reader)):
            length = next(int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
            self.heads.append(head)
            self.bodies.append(json.loads(await reader.readexactly(length)))
            answer = json.dumps(self.answers.get(head.split(" ")[1], {"valid": False})).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer)
            )
            writer.write(answer)
            await writer.drain()
        writer.close()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return ""


@asynccontextmanager
async def visitor() -> AsyncIterator[tuple[httpx.AsyncClient, Api]]:
    """A browser at the shop, and the API that its server calls."""
    api = Api()
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0)
    api.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    shop = build_shop(Kith(server_url=api.url, browser_url="https://kith.example", details=DETAILS))
    async with (
        server,
        shop.router.lifespan_context(shop),
        httpx.AsyncClient(transport=httpx.ASGITransport(shop), base_url="http://shop") as browser,
    ):
        yield browser, api
        server.close()


@pytest.mark.parametrize("typed", TRIES)
async def test_a_promo_code_is_asked_about_and_nothing_else(typed: str) -> None:
    async with visitor() as (browser, api):
        await browser.post("/cart/add", data={"product": "mug"})
        answer = await browser.post("/cart/code", data={"code": typed})
    assert answer.status_code == 200
    for call in api.calls:
        method, path = call.split(" ")
        before, _, rest = path.partition("/v1/codes/")
        code, _, verb = rest.partition("/")
        assert (method, before, verb) == ("POST", "", "check")
        assert not set(code) & set("?#;@\\") and ".." not in code.split("/")
    assert not any("\r\nx-injected" in head.lower() for head in api.heads)


@pytest.mark.parametrize("typed", TRIES)
async def test_every_other_field_of_the_shop_calls_the_orders_route_alone(typed: str) -> None:
    async with visitor() as (browser, api):
        await browser.post("/cart/add", data={"product": typed})
        await browser.post("/cart/add", data={"product": "mug"})
        await browser.post("/cart/remove", data={"product": typed})
        browser.cookies.set("other", "x")
        form = {"email": typed, "kith_tokens": typed, "kith_visitor": typed}
        await browser.post("/checkout", data=form)
    assert api.calls == ["POST /v1/orders"]
    assert next(iter(api.bodies[0]["items"][0].values())) == "mug"  # type: ignore[index]  # JSON


async def test_a_code_from_a_forged_cart_stays_a_value() -> None:
    forged = "{'lines':{'mug':1},'code':'../orders/1001/cancel#'}"
    async with visitor() as (browser, api):
        await browser.post("/checkout", data={"email": "a@shop.example"}, headers={"cookie": f"cart={forged}"})
    assert api.calls == ["POST /v1/codes/..%2Forders%2F1001%2Fcancel%23/check", "POST /v1/orders"]
    assert api.bodies[1]["codes"] == ["../orders/1001/cancel#"]


async def test_the_friends_discount_is_taken_off_by_itself_on_the_first_order_only() -> None:
    gift = {"rule": "discount", "give": {"kind": "fixed", "amount_minor": 500}, "which": "first", "pay_as": "discount"}
    promised = {"valid": True, "code": "ANNA5", "friend": [gift], "min_subtotal_minor": 600}
    async with visitor() as (browser, api):
        api.answers["/v1/offers"] = promised
        browser.cookies.set("kith_t", "k1.first~k1.second")
        await browser.post("/cart/add", data={"product": "mug"})
        cart = (await browser.get("/cart")).text
        await browser.post("/checkout", data={"email": "a@shop.example"})
        await browser.post("/cart/add", data={"product": "mug"})
        again = (await browser.get("/cart")).text
    assert "<dt>ANNA5</dt><dd>−€5.00</dd>" in cart
    assert "<dt>ANNA5</dt>" not in again
    asked = api.bodies[api.calls.index("POST /v1/offers")]
    assert asked == {"tokens": ["k1.first", "k1.second"]}
    order = api.bodies[api.calls.index("POST /v1/orders")]
    assert (order["codes"], order["discount_minor"], order["subtotal_minor"]) == (["ANNA5"], 500, 1100)


async def test_a_discount_that_would_leave_too_little_is_not_taken_off() -> None:
    gift = {
        "rule": "discount",
        "give": {"kind": "percent", "basis_points": 1000},
        "which": "every",
        "pay_as": "discount",
    }
    async with visitor() as (browser, api):
        api.answers["/v1/offers"] = {"valid": True, "code": "ANNA10", "friend": [gift], "min_subtotal_minor": 600}
        browser.cookies.set("kith_t", "k1.first")
        await browser.post("/cart/add", data={"product": "filters"})
        assert "<dt>ANNA10</dt>" not in (await browser.get("/cart")).text
        await browser.post("/cart/add", data={"product": "mug"})
        assert "<dt>ANNA10</dt><dd>−€2.25</dd>" in (await browser.get("/cart")).text


@pytest.mark.parametrize("number", ["1001%3Fx%3D1", "1001%23", "..", "%252e%252e"])
async def test_the_thanks_pages_link_keeps_the_order_in_one_segment(number: str) -> None:
    async with visitor() as (browser, _):
        page = (await browser.get(httpx.URL("http://shop", raw_path=f"/thanks/{number}".encode()))).text
    if "See this order" in page:
        link = page.split('class="go" href="')[1].split('"')[0]
        rest = link.removeprefix("https://kith.example/console/attribution/orders/")
        assert not set(rest) & set("/?#") and rest.strip(".")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("ANNA10", "ANNA10"), ("a b", "a%20b"), ("..", "__"), (".", "_"), ("a..b", "a..b"), ("../x#?", "..%2Fx%23%3F")],
)
def test_one_segment(typed: str, kept: str) -> None:
    assert segment(typed) == kept
