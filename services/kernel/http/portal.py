"""Ambassadors at the portal: who the cookie says they are, and where they go to sign in.

Signing in itself is a service's business; this knows the cookie and the address of the sign-in page.
"""

from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request

from services.kernel.auth import sessions
from services.kernel.auth.sessions import PortalSession
from services.kernel.context import Context
from services.kernel.errors import Unauthorized
from services.kernel.http.console import refuse_foreign_write, wants_page
from services.kernel.http.problems import HttpError

SIGN_IN_PATH: Final = "/p/sign-in"


def read_portal_visitor(ctx: Context, request: Request) -> PortalSession:
    """The ambassador behind the portal's cookie.

    Without one: `Unauthorized`, or for a browser that wants a page a 303 to the sign-in page. Raises `Forbidden` for a
    write that does not come from one of our own pages.
    """
    try:
        session = portal_session(ctx, request)
        if session.vouched_until <= datetime.now(UTC):
            raise Unauthorized("Open your page again: it has not been looked at for long.", code="session_rests")
    except Unauthorized as error:
        if wants_page(request):
            raise to_sign_in(request) from error
        raise
    refuse_foreign_write(ctx, request)
    return session


def portal_session(ctx: Context, request: Request) -> PortalSession:
    """The session in the request's cookie, also one that nobody vouches for at the moment. Raises `Unauthorized` where
    there is none, when it is over, or was ended by signing out.
    """
    cookie = request.cookies.get(sessions.portal_cookie_name(secure=is_secure(ctx)))
    if not cookie:
        raise Unauthorized("Sign in to see your page.", code="no_session")
    session = sessions.read_portal_session(ctx.ring, cookie)
    if session.session_id in ctx.live.ended:
        raise Unauthorized("You signed out: sign in again.", code="session_ended")
    return session


def is_secure(ctx: Context) -> bool:
    """Whether browsers reach us over https, so that cookies can be kept to it."""
    return ctx.settings.base_url.startswith("https://")


def to_sign_in(request: Request) -> HttpError:
    """Leads a person to the sign-in page."""
    if "hx-request" in request.headers:
        # htmx would put the sign-in page into the fragment's place; this header moves the whole page.
        return HttpError(401, "Sign in again.", code="no_session", headers={"HX-Redirect": SIGN_IN_PATH})
    return HttpError(303, "Sign in first.", code="no_session", headers={"Location": SIGN_IN_PATH})
