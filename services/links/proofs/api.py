"""The browser that asked for a proof, known by a cookie."""

import secrets
from typing import Final

from fastapi import Request, Response

from services.kernel.auth.sessions import host_cookie_name, session_cookie
from services.kernel.context import Context
from services.kernel.http.console import is_secure

ASKED: Final = "kith_asked"
_DAY_S: Final = 24 * 3600


def asked_in(ctx: Context, request: Request) -> str:
    """What this browser is known by, if it asked for something; else empty."""
    return request.cookies.get(_name(ctx), "")


def browser_of(ctx: Context, request: Request) -> str:
    """What a browser is known by while it waits for a mail: kept from one asking to the next."""
    kept = asked_in(ctx, request)
    return kept if len(kept) == 32 else secrets.token_hex(16)


def keep_browser(ctx: Context, answer: Response, browser: str) -> None:
    """Gives it to the browser for a day."""
    cookie = session_cookie(browser, max_age_s=_DAY_S, secure=is_secure(ctx), name=_name(ctx))
    answer.headers.append("set-cookie", cookie)


def _name(ctx: Context) -> str:
    return host_cookie_name(ASKED, secure=is_secure(ctx))
