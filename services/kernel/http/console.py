"""People at the console: who the session cookie says they are, where they go to sign in, and whose form it is.

Signing in itself is a service's business; this knows the cookie and the address of the sign-in page.
"""

from typing import Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request

from services.kernel.auth import sessions
from services.kernel.auth.api_keys import Caller
from services.kernel.context import Context
from services.kernel.errors import Forbidden, Unauthorized
from services.kernel.http.problems import HttpError

SIGN_IN_PATH: Final = "/console/session"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def read_console_caller(ctx: Context, request: Request) -> Caller:
    """The person behind the console's cookie.

    Without one: `Unauthorized`, or for a browser that wants a page a 303 to the sign-in page. Raises `Forbidden` for a
    write that does not come from one of our own pages.
    """
    cookie = request.cookies.get(sessions.COOKIE)
    try:
        if cookie is None:
            raise Unauthorized(
                "Sign in, or send an API key.", code="no_session", headers={"WWW-Authenticate": "Bearer"}
            )
        session = open_session(ctx, cookie)
    except Unauthorized as error:
        if wants_page(request):
            raise _to_sign_in(request) from error
        raise
    refuse_foreign_write(ctx, request)
    ctx.uses.note(session.store_id, session.key_id, ctx.live.microseconds())
    return Caller(session.store_id, session.key_id, "session", session.scopes, session_id=session.session_id)


def open_session(ctx: Context, cookie: str) -> sessions.ConsoleSession:
    """The session in a cookie. Raises `Unauthorized` for anything else, also when it is over, was ended by signing out,
    or its key was revoked.
    """
    session = sessions.read_session(ctx.ring, cookie)
    if session.session_id in ctx.live.ended:
        raise Unauthorized("You signed out: sign in again.", code="session_ended")
    if session.key_id in ctx.live.revoked:
        raise Unauthorized("The key that you signed in with was revoked: sign in again.", code="revoked_key")
    return session


def wants_page(request: Request) -> bool:
    """Whether a person waits for a page: a browser's navigation or a fragment of one."""
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def is_secure(ctx: Context) -> bool:
    """Whether browsers reach us over https, so that cookies can be kept to it."""
    return ctx.settings.base_url.startswith("https://")


def refuse_foreign_write(ctx: Context, request: Request) -> None:
    """Raises `Forbidden` unless a write was sent by a page of ours: a foreign form could borrow the cookie."""
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    # A page that passes on no referrer hides its origin too; no page can set what its browser says of the site.
    if site == "same-origin" and origin in (None, "null"):
        return
    if origin is not None and _host(origin) in {request.headers.get("host", ""), _host(ctx.settings.base_url)}:
        return
    raise Forbidden("This form was not sent by one of our pages.", code="foreign_origin")


def _host(origin: str) -> str:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return "?"
    return parts.netloc if parts.scheme in {"http", "https"} else "?"


def _to_sign_in(request: Request) -> HttpError:
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = f"{SIGN_IN_PATH}?next={quote(back if request.method in _SAFE else '/console', safe='/')}"
    if "hx-request" in request.headers:
        # htmx would put the sign-in page into the fragment's place; this header moves the whole page.
        return HttpError(401, "Sign in again.", code="no_session", headers={"HX-Redirect": address})
    return HttpError(303, "Sign in first.", code="no_session", headers={"Location": address})
