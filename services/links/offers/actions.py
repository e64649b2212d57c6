"""Reads what a friend is promised from the tokens that a visitor has."""

from collections.abc import Iterable
from datetime import timedelta

from contracts.events.tracking import TokenClaims
from services.common import click_token
from services.common.benefit import friend_gifts
from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.links.codes import sql as codes
from services.links.codes.sql import Code
from services.links.offers.schemas import OfferOut
from services.links.people import sql as people
from services.links.programs import sql as programs


async def offer(tx: Tx, ring: KeyRing, store_id: str, tokens: Iterable[str]) -> OfferOut:
    """What the newest token that still counts promises: its program runs, its window is open."""
    claims = [click_token.read(ring, token, store_id=store_id) for token in dict.fromkeys(tokens)]
    proved = [one for one in claims if isinstance(one, TokenClaims) and not one.embedded]
    for one in sorted(proved, key=lambda claim: (claim.at, claim.click_id), reverse=True):
        found = await _promised(tx, store_id, one)
        if found is not None:
            return found
    return OfferOut(valid=False)


async def _promised(tx: Tx, store_id: str, claim: TokenClaims) -> OfferOut | None:
    version = await programs.get(tx, store_id, claim.program_id)
    ambassador = await people.get(tx, store_id, claim.ambassador_id)
    if version is None or version.program.status != "active" or ambassador is None or ambassador.status != "active":
        return None
    program = version.offered
    until = claim.at + timedelta(days=program.attribution.click_window_days)
    if until <= tx.now:
        return None
    code = await codes.get(tx, store_id, ambassador.code_id)
    return OfferOut(
        valid=True,
        code=code.code if code is not None and _works(code, tx) else None,
        program_id=claim.program_id,
        ambassador_id=claim.ambassador_id,
        currency=program.currency,
        benefit=program.benefit,
        friend=friend_gifts(program),
        new_customers_only=program.attribution.new_customers_only,
        min_subtotal_minor=program.attribution.min_subtotal_minor,
        until=until,
    )


def _works(code: Code, tx: Tx) -> bool:
    return not code.retired and (code.expires_at is None or code.expires_at > tx.now)
