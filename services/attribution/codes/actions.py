"""Answers whether a code is good, and counts the uses of those that may be used so many times only."""

from contracts.events.catalog import CodeSaved, ProgramPublished
from services.attribution.codes import sql
from services.attribution.codes.schemas import CodeState, Redeemed, RedeemIn
from services.attribution.slices import sql as slices_sql
from services.common import codes
from services.common.benefit import friend_gifts
from services.common.referral_terms import code_too_old
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.revisions import newest


async def check(tx: Tx, store_id: str, text: str) -> CodeState:
    """Whether the code would count for an order placed now."""
    folded = codes.fold(text)
    found = await _find(tx, store_id, folded) if folded else None
    if folded is None or found is None:
        return CodeState(code=folded or text[:64], valid=False, reason="code_unknown")
    code, program, uses = found
    reason = _reason(tx, code, program, uses)
    return CodeState(
        code=code.code,
        valid=reason is None,
        reason=reason,
        program_id=code.program_id,
        ambassador_id=code.ambassador_id,
        currency=program.program.currency if program else None,
        benefit=program.program.benefit if program else "none",
        friend=friend_gifts(program.program) if program else [],
        expires_at=code.expires_at,
        max_uses=code.max_uses,
        uses=uses,
    )


async def redeem(tx: Tx, store_id: str, text: str, reported: RedeemIn) -> Redeemed:
    """Counts a use, once per order or redemption. Raises `NotFound`, or `Conflict` for a code that no longer counts."""
    if (reported.order_id is None) == (reported.redemption_id is None):
        raise Invalid.field("order_id", "Give order_id, or redemption_id where there is no order yet.")
    folded = codes.fold(text)
    await tx.lock_stores([store_id])
    found = await _find(tx, store_id, folded) if folded else None
    if found is None:
        raise NotFound("There is no such code.", code="code_unknown")
    code, program, uses = found
    use = (
        store_id,
        code.code_id,
        f"o:{reported.order_id}" if reported.order_id is not None else f"r:{reported.redemption_id}",
    )
    if code.max_uses is not None and await sql.held(tx, [use]):
        return Redeemed(code=code.code, uses=uses, max_uses=code.max_uses)
    reason = _reason(tx, code, program, uses)
    if reason is not None:
        raise Conflict("This code no longer counts.", code=reason)
    if code.max_uses is not None and uses is not None:
        await sql.add(tx, [use])
        uses += 1
    return Redeemed(code=code.code, uses=uses, max_uses=code.max_uses)


async def _find(tx: Tx, store_id: str, folded: str) -> tuple[CodeSaved, ProgramPublished | None, int | None] | None:
    revisions = [code for code, _ in await slices_sql.codes(tx, [(store_id, folded)])]
    if not revisions:
        return None
    latest = newest(revisions, key=lambda code: code.code_id).values()
    code = max(latest, key=lambda saved: (not saved.retired, saved.created_at, saved.code_id))
    versions = await slices_sql.programs(tx, [(store_id, code.program_id)])
    uses = None
    if code.max_uses is not None:
        uses = (await sql.count(tx, [(store_id, code.code_id)])).get((store_id, code.code_id), 0)
    return code, max(versions, key=lambda version: version.version, default=None), uses


def _reason(tx: Tx, code: CodeSaved, program: ProgramPublished | None, uses: int | None) -> str | None:
    if code.retired:
        return "code_retired"
    if code.expires_at is not None and code.expires_at <= tx.now:
        return "code_expired"
    if code.max_uses is not None and uses is not None and uses >= code.max_uses:
        return "code_used_up"
    if program is None:
        return "program_unknown"
    if code_too_old(program.program.attribution, code.created_at, tx.now):
        return "code_too_old"
    if program.program.status != "active":
        return f"program_{program.program.status}"
    return "kind_not_counted" if "code" not in program.program.attribution.priority else None
