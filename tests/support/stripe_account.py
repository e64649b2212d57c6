"""A Stripe account's API as far as coupons and promotion codes go: run it by hand with
`python -m tests.support.stripe_account 8091`.

Coupons never change, and one id is made once; of a promotion code only `active` changes; a code is unique among those
that are on, whatever its case, and made of letters and digits; a moment of the past is no end.
"""

import asyncio
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.support.wait import until
from tests.support.woo_shop import Fault

KEY = "rk_live_of_the_tests"


@dataclass(slots=True)
class StripeAccount:
    """The account: its coupons and promotion codes by id, what was asked, and how it behaves."""

    coupons: dict[str, dict[str, str]] = field(default_factory=dict)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    """Of the next calls that make promotion codes, in their order."""
    url: str = ""

    def add(self, code: str, **values: Any) -> str:
        """Makes a promotion code, as its owner does in the dashboard."""
        name = f"promo_{len(self.codes)}"
        self.codes[name] = {"id": name, "object": "promotion_code", "code": code, "active": True, "metadata": {}}
        self.codes[name].update(values)
        return name

    def of(self, code: str, *, active: bool | None = None) -> list[dict[str, Any]]:
        """The promotion codes of a text."""
        found = [one for one in self.codes.values() if one["code"].lower() == code.lower()]
        return found if active is None else [one for one in found if one["active"] is active]

    async def answer(self, request: Request) -> Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _error(401, code="api_key_invalid")
        assert request.headers["stripe-version"] == "2025-09-30.clover"
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        path = request.url.path
        if path == "/v1/coupons":
            return self._coupon(form)
        if path == "/v1/promotion_codes" and request.method == "GET":
            asked = request.query_params
            found = self.of(asked["code"], active=True if asked.get("active") == "true" else None)
            return JSONResponse({"object": "list", "data": found[: int(asked.get("limit", 10))], "has_more": False})
        if path == "/v1/promotion_codes":
            fault = self.faults.pop(0) if self.faults else None
            if fault is not None and not fault.after:
                return _error(fault.status, code="rate_limit" if fault.status == 429 else "api_error")
            made = self._promotion_code(form)
            return made if fault is None else _error(fault.status, code="api_error")
        return self._change(path.rpartition("/")[2], form)

    def _coupon(self, form: dict[str, str]) -> Response:
        if form["id"] in self.coupons:
            return _error(400, code="resource_already_exists", message="Coupon already exists.")
        assert ("percent_off" in form) != ("amount_off" in form and "currency" in form)
        self.coupons[form["id"]] = form
        return JSONResponse({"object": "coupon", **form})

    def _promotion_code(self, form: dict[str, str]) -> Response:
        code = form["code"]
        assert form["promotion[type]"] == "coupon"
        if form["promotion[coupon]"] not in self.coupons:
            return _error(400, code="resource_missing", param="promotion[coupon]")
        if re.fullmatch("[A-Za-z0-9]+", code) is None:
            return _error(400, param="code", message="Promotion codes must be letters and digits.")
        if self.of(code, active=True):
            return _error(400, message=f"An active promotion code with `code: {code}` already exists.")
        if "expires_at" in form and int(form["expires_at"]) <= time.time():
            return _error(400, param="expires_at")
        name = self.add(code, metadata=_metadata(form), form=form)
        return JSONResponse(self.codes[name])

    def _change(self, name: str, form: dict[str, str]) -> Response:
        if name not in self.codes:
            return _error(404, code="resource_missing")
        assert set(form) == {"active"}, "nothing else changes"
        self.codes[name]["active"] = form["active"] == "true"
        return JSONResponse(self.codes[name])


def _metadata(form: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}


def _error(status: int, **fields: str) -> Response:
    return JSONResponse({"error": {"type": "invalid_request_error", **fields}}, status_code=status)


def app(account: StripeAccount) -> Starlette:
    """The account as an ASGI application."""
    return Starlette(routes=[Route("/{path:path}", account.answer, methods=["GET", "POST", "DELETE"])])


@asynccontextmanager
async def stripe_account() -> AsyncIterator[StripeAccount]:
    """Runs an account until the block ends."""
    account = StripeAccount()
    server = uvicorn.Server(uvicorn.Config(app(account), port=0, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started, what="the stand-in for Stripe")
    account.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield account
    finally:
        server.should_exit = True
        await running


if __name__ == "__main__":
    uvicorn.run(app(StripeAccount()), port=int(sys.argv[1]))
