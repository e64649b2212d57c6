"""Who is at the portal: the ambassador behind the cookie, which is renewed while its session stands."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from starlette.requests import Request

from services.common.contacts import contact_hashes
from services.common.portal_session import (
    PortalSession,
    issue_portal_session,
    portal_cookie_name,
    portal_of,
    to_sign_in,
)
from services.kernel.auth import sessions
from services.kernel.context import Context
from services.kernel.db import Tx
from services.kernel.errors import Unauthorized
from services.kernel.http.console import is_secure, refuse_foreign_write, wants_page
from services.kernel.http.limits import HEADERS
from services.kernel.ids import new_id
from services.links.applicants import sql as applicants
from services.links.applicants.sql import Applicant
from services.links.join import actions as joins
from services.links.people import actions as people
from services.links.portal.actions import ambassador_of
from services.links.programs import actions as programs
from services.links.proofs import sql as proofs
from services.links.proofs.sql import Proof
from services.links.session import actions as kept
from services.links.session import sql
from services.links.session.actions import VOUCHED

_RENEW: Final = timedelta(hours=1)
"""How old a cookie's word may be here, where the sessions are kept."""


async def visitor(ctx: Context, request: Request) -> PortalSession:
    """The ambassador at the portal. Raises `Unauthorized`, or leads a person to the sign-in page."""
    try:
        session = portal_of(ctx, request)
        now = sessions.real_time()
        if session.vouched_until - now < VOUCHED - _RENEW:
            async with ctx.db.transaction([session.store_id]) as tx:
                if not await sql.portal_stands(tx, session):
                    raise Unauthorized("You signed out: sign in again.", code="session_ended")
            session = replace(session, vouched_until=now + VOUCHED)
            if request.method in {"GET", "HEAD"}:  # what is sent may sign out: its answer has a word on the cookie, too
                _, cookie = set_cookie(ctx, session)
                request.scope.setdefault(HEADERS, []).append((b"set-cookie", cookie.encode()))
    except Unauthorized as error:
        if wants_page(request):
            raise to_sign_in(request) from error
        raise
    refuse_foreign_write(ctx, request)
    return session


async def open_by(ctx: Context, proof: Proof) -> PortalSession | None:
    """Uses a proof up and opens the page of whose address it proves, in one transaction; None when it was used
    meanwhile, or nobody of the store has the address. Who asked to join is an ambassador from now on.
    """
    for _ in range(2):  # somebody else may join with the same address at this very moment
        ambassador_id = await _whom(ctx, proof)
        if ambassador_id is None:
            return None
        session = kept.new_portal_session(proof.store_id, ambassador_id, proved=True)
        try:
            async with ctx.db.transaction([proof.store_id], actor=session.principal) as tx:
                if await proofs.use(tx, proof.store_id, proof.proof_id, proof.browser_hash) is None:
                    return None
                await _come_in(ctx, tx, proof, session)
            return session
        except _AnotherOne:
            continue
    return None


class _AnotherOne(Exception):
    """The address is another ambassador's than a moment ago."""


async def _whom(ctx: Context, proof: Proof) -> str | None:
    """Who acts when this proof is given: who has the address, or a new ambassador."""
    async with ctx.db.transaction([proof.store_id]) as tx:
        found = await ambassador_of(tx, proof)
        if found is not None and found.program_id == proof.program_id:
            return found.ambassador_id
        if (applicant := await _applicant(tx, proof)) is not None:
            version = await programs.get(tx, proof.store_id, proof.program_id)
            if await joins.may_join(tx, version.program, applicant):
                return new_id("amb", at=ctx.live.now())
    return None if found is None else found.ambassador_id


async def _come_in(ctx: Context, tx: Tx, proof: Proof, session: PortalSession) -> None:
    applicant = await _applicant(tx, proof)
    if applicant is not None:
        await joins.admit(
            tx,
            applicant,
            session.ambassador_id,
            is_proved=True,
            hash_contacts=lambda email, phone: contact_hashes(ctx.ring, email=email, phone=phone),
        )
    found = await ambassador_of(tx, proof)
    if found is None or found.ambassador_id != session.ambassador_id:
        raise _AnotherOne
    await people.present(tx, proof.store_id, found.ambassador_id)
    await kept.open_portal(tx, session, way="mail")


async def _applicant(tx: Tx, proof: Proof) -> Applicant | None:
    if proof.purpose != "join" or proof.about is None:
        return None
    return await applicants.get(tx, proof.store_id, proof.about)


def set_cookie(ctx: Context, session: PortalSession) -> tuple[str, str]:
    """The header that gives a browser this session."""
    left = session.expires_at - sessions.real_time()
    return "set-cookie", _cookie(ctx, issue_portal_session(ctx.ring, session), int(left.total_seconds()))


def drop_cookie(ctx: Context) -> tuple[str, str]:
    """The header that takes it away."""
    return "set-cookie", _cookie(ctx, "", 0)


def _cookie(ctx: Context, value: str, max_age_s: int) -> str:
    secure = is_secure(ctx)
    name = portal_cookie_name(secure=secure)
    return sessions.session_cookie(value, max_age_s=max_age_s, secure=secure, name=name)
