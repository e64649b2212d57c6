"""Ambassadors at the portal: the session in their cookie, the one-time address that opens one, the token of addresses
given out in earlier days; who the cookie says they are, and where they go to sign in.

Signing in itself is a service's business; this knows the cookie and the address of the sign-in page.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request

from services.kernel.auth.principal import Principal
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sessions import host_cookie_name, real_time, seal_until, unseal
from services.kernel.context import Context
from services.kernel.errors import Unauthorized
from services.kernel.http.console import is_secure, refuse_foreign_write, wants_page
from services.kernel.http.problems import HttpError

SIGN_IN_PATH: Final = "/p/sign-in"
PORTAL_COOKIE: Final = "kith_portal"
FRESH: Final = timedelta(minutes=15)
"""How long ago somebody may have signed in to change where their money goes."""


@dataclass(frozen=True, slots=True)
class PortalToken:
    """Whose portal an address of earlier days was."""

    store_id: str
    ambassador_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PortalSession:
    """An ambassador who signed in. `vouched_until` is how long others take the cookie's word without asking who keeps
    the sessions: one that was ended needs to be remembered by everybody no longer than that. `proved_at` is when they
    proved who they are by their own means; None where the store opened their page for them.
    """

    store_id: str
    ambassador_id: str
    session_id: str
    vouched_until: datetime
    expires_at: datetime
    proved_at: datetime | None = None

    @property
    def principal(self) -> Principal:
        """Who acts, when this ambassador does."""
        return Principal("ambassador", self.ambassador_id, self.session_id)

    @property
    def is_fresh(self) -> bool:
        """Whether they proved who they are just now: what is worth a thief's while asks for that."""
        return self.proved_at is not None and real_time() - self.proved_at < FRESH


@dataclass(frozen=True, slots=True)
class PortalEntry:
    """An address that opens the portal once. `nonce` is what the caller remembers as used; `way` how it was given."""

    store_id: str
    ambassador_id: str
    nonce: str
    way: str
    expires_at: datetime


def read_portal(ring: KeyRing, text: str, *, now: datetime | None = None) -> PortalToken:
    """Whose portal an address of earlier days was. It opens nothing any more. Raises `Unauthorized`."""
    (store_id, ambassador_id), expires_at = unseal(ring, "portal", text, now=now, fields=2)
    return PortalToken(store_id, ambassador_id, expires_at)


def issue_portal_session(ring: KeyRing, session: PortalSession) -> str:
    """The value of the portal's cookie."""
    vouched = str(int(session.vouched_until.timestamp()))
    fields: tuple[str, ...] = (session.store_id, session.ambassador_id, session.session_id, vouched)
    if session.proved_at is not None:
        fields = (*fields, str(int(session.proved_at.timestamp())))
    return seal_until(ring, "portal-session", fields, end=session.expires_at)


def read_portal_session(ring: KeyRing, text: str, *, now: datetime | None = None) -> PortalSession:
    """The session in a cookie. Raises `Unauthorized` for anything else, or when it is over.

    Whether it was ended since is for the caller to ask (`portal_of` does).
    """
    fields, expires_at = unseal(ring, "portal-session", text, now=now, fields=4, more=1)
    store_id, ambassador_id, session_id, vouched, *proved = fields
    return PortalSession(
        store_id,
        ambassador_id,
        session_id,
        datetime.fromtimestamp(int(vouched), UTC),
        expires_at=expires_at,
        proved_at=datetime.fromtimestamp(int(proved[0]), UTC) if proved else None,
    )


def issue_portal_entry(ring: KeyRing, entry: PortalEntry) -> str:
    """The token of an address that opens the portal once: the same again for the same entry."""
    fields = (entry.store_id, entry.ambassador_id, entry.nonce, entry.way)
    return seal_until(ring, "portal-entry", fields, end=entry.expires_at)


def read_portal_entry(ring: KeyRing, text: str, *, now: datetime | None = None) -> PortalEntry:
    """What such an address opens, if nobody used its nonce yet. Raises `Unauthorized`."""
    (store_id, ambassador_id, nonce, way), expires_at = unseal(ring, "portal-entry", text, now=now, fields=4)
    return PortalEntry(store_id, ambassador_id, nonce, way, expires_at)


def portal_cookie_name(*, secure: bool) -> str:
    """The portal's cookie: over https by a name that no other host, and no page of a store beside us, can set."""
    return host_cookie_name(PORTAL_COOKIE, secure=secure)


def read_portal_visitor(ctx: Context, request: Request) -> PortalSession:
    """The ambassador behind the portal's cookie.

    Without one: `Unauthorized`, or for a browser that wants a page a 303 to the sign-in page. Raises `Forbidden` for a
    write that does not come from one of our own pages.
    """
    try:
        session = portal_of(ctx, request)
        if session.vouched_until <= real_time():
            raise Unauthorized("Open your page again: it has not been looked at for long.", code="session_rests")
    except Unauthorized as error:
        if wants_page(request):
            raise to_sign_in(request) from error
        raise
    refuse_foreign_write(ctx, request)
    return session


def portal_of(ctx: Context, request: Request) -> PortalSession:
    """The session in the request's cookie, also one that nobody vouches for at the moment. Raises `Unauthorized` where
    there is none, when it is over, or was ended by signing out.
    """
    cookie = request.cookies.get(portal_cookie_name(secure=is_secure(ctx)))
    if not cookie:
        raise Unauthorized("Sign in to see your page.", code="no_session")
    session = read_portal_session(ctx.ring, cookie)
    if session.session_id in ctx.live.ended:
        raise Unauthorized("You signed out: sign in again.", code="session_ended")
    return session


def to_sign_in(request: Request) -> HttpError:
    """Leads a person to the sign-in page."""
    if "hx-request" in request.headers:
        # htmx would put the sign-in page into the fragment's place; this header moves the whole page.
        return HttpError(401, "Sign in again.", code="no_session", headers={"HX-Redirect": SIGN_IN_PATH})
    return HttpError(303, "Sign in first.", code="no_session", headers={"Location": SIGN_IN_PATH})
