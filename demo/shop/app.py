"""The demo shop's pages: shelf, cart, checkout, thanks. It talks to Kith as any store would: `kith.js` in the browser,
`POST /v1/orders` with the secret key from the server. Its state is a cookie; it keeps nothing.
"""

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo.details import Details
from demo.paths import segment
from demo.shop.goods import GOODS, Cart
from demo.shop.offers import offered

_HERE = Path(__file__).parent
_CART = "cart"
_BOUGHT = "bought"


@dataclass(frozen=True, slots=True)
class Kith:
    """Where Kith is, seen from the shop's server and from a buyer's browser."""

    server_url: str
    browser_url: str
    details: Details


def build_shop(kith: Kith) -> FastAPI:
    """The shop as an ASGI app; serve it on a port of its own, so that cookies and CORS are really cross-origin."""
    templates = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    templates.filters["segment"] = segment
    templates.filters["euro"] = lambda minor: f"{'−' if minor < 0 else ''}€{abs(minor) / 100:,.2f}"

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with httpx.AsyncClient(base_url=kith.server_url, timeout=10) as client:
            app.state.kith = client
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.mount("/assets", StaticFiles(directory=_HERE / "assets"))

    def page(name: str, request: Request, cart: Cart | None = None, **values: object) -> HTMLResponse:
        cart = cart or _read_cart(request)
        html = templates.get_template(name).render(
            kith_url=kith.browser_url,
            publishable_key=kith.details.publishable_key,
            goods=GOODS,
            cart=cart,
            count=sum(cart.lines.values()),
            **values,
        )
        return HTMLResponse(html)

    async def call(path: str, body: dict[str, object]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {kith.details.secret_key}"}
        client: httpx.AsyncClient = app.state.kith
        return await client.post(path, json=body, headers=headers)

    async def priced(request: Request) -> Cart:
        """The cart with what the friend is promised: asked of Kith each time, as anybody can write a cookie."""
        cart = _read_cart(request)
        offer = await offered(call, cart.code, request.cookies, first=_BOUGHT not in request.cookies)
        return replace(cart, offer=offer)

    @app.get("/")
    async def shelf(request: Request) -> HTMLResponse:
        return page("shelf.html", request)

    @app.get("/cart")
    async def cart(request: Request) -> HTMLResponse:
        return page("cart.html", request, await priced(request), refused=None)

    @app.post("/cart/add")
    async def add(request: Request, product: str = Form()) -> Response:
        cart = _read_cart(request)
        lines = dict(cart.lines)
        if product in GOODS:
            lines[product] = min(lines.get(product, 0) + 1, 9)
        return _with_cart(RedirectResponse("/cart", 303), Cart(lines, cart.code))

    @app.post("/cart/remove")
    async def remove(request: Request, product: str = Form()) -> Response:
        cart = _read_cart(request)
        lines = {name: quantity for name, quantity in cart.lines.items() if name != product}
        return _with_cart(RedirectResponse("/cart", 303), Cart(lines, cart.code))

    @app.post("/cart/code")
    async def code(request: Request, code: str = Form("")) -> Response:
        cart = _read_cart(request)
        wanted = code.strip()[:40]
        found = await offered(call, wanted, {}, first=_BOUGHT not in request.cookies) if wanted else None
        if found is None:
            return page("cart.html", request, await priced(request), refused=wanted)
        return _with_cart(RedirectResponse("/cart", 303), Cart(cart.lines, found.code))

    @app.get("/checkout")
    async def checkout(request: Request) -> Response:
        cart = await priced(request)
        return page("checkout.html", request, cart) if cart.lines else RedirectResponse("/cart", 303)

    @app.post("/checkout")
    async def buy(
        request: Request,
        email: str = Form(max_length=200),
        kith_tokens: str = Form("", max_length=4000),
        kith_visitor: str = Form("", max_length=100),
    ) -> Response:
        cart = await priced(request)
        if not cart.lines:
            return RedirectResponse("/cart", 303)
        order_id = f"Z{int(time.time() * 1000) % 10**9:09d}"
        tokens = kith_tokens.split()
        customer_id = "c" + hashlib.sha256(email.strip().lower().encode()).hexdigest()[:12]
        order: dict[str, object] = {
            "order_id": order_id,
            "placed_at": datetime.now(UTC).isoformat(),
            "status": "paid",
            **cart.order(),
            "customer": {"id": customer_id, "email": email.strip()},
            "codes": [cart.offer.code] if cart.offer else [cart.code] if cart.code else [],
            "tokens": tokens[-20:],
            **({"visitor_id": kith_visitor} if kith_visitor else {}),
        }
        answer = await call("/v1/orders", order)
        if not answer.is_success:
            return page("refused.html", request, detail=answer.json().get("detail", "The order was not accepted."))
        thanked = _with_cart(RedirectResponse(f"/thanks/{order_id}", 303), Cart({}))
        thanked.set_cookie(_BOUGHT, "1", max_age=31_536_000, httponly=True, samesite="lax")
        return thanked

    @app.get("/thanks/{order_id}")
    async def thanks(request: Request, order_id: str) -> HTMLResponse:
        return page("thanks.html", request, order_id=order_id)

    return app


def _read_cart(request: Request) -> Cart:
    try:
        stored = json.loads(request.cookies.get(_CART, "{}").replace("'", '"'))
        lines = {str(k): int(v) for k, v in stored.get("lines", {}).items() if k in GOODS and 0 < int(v) < 10}
        code = stored.get("code")
        return Cart(lines, code if isinstance(code, str) else None)
    except (ValueError, AttributeError, TypeError):
        return Cart({})


def _with_cart(response: Response, cart: Cart) -> Response:
    value = json.dumps({"lines": cart.lines, "code": cart.code}, separators=(",", ":")).replace('"', "'")
    response.set_cookie(_CART, value, max_age=86_400, httponly=True, samesite="lax")
    return response
