"""What a store sets for payouts, and what ambassadors ask for."""

from services.common.money import exponent
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Tx
from services.kernel.errors import Conflict
from services.rewards.destinations import sql as destinations
from services.rewards.payouts.actions.files import with_payer
from services.rewards.payouts.domain.terms import Terms
from services.rewards.payouts.sql import ready as books
from services.rewards.payouts.sql import terms as sql


class NotNow(Conflict):
    """Somebody cannot ask for their money now."""

    code = "no_request"


async def put(tx: Tx, sealing: Sealing, store_id: str, terms: Terms, *, payer: tuple[str, str] | None = None) -> Terms:
    """Sets the terms of a currency; `payer` is (holder, IBAN) of the account that money comes from, None for as it was.
    A limit that is looser than the one that holds comes to hold a day later.

    Raises `Invalid` for a currency that there is not, or an account that is none.
    """
    exponent(terms.currency)
    await tx.lock_stores([store_id])
    before = await sql.terms(tx, store_id, terms.currency)
    after = Terms(
        currency=terms.currency,
        minimum_minor=terms.minimum_minor,
        approval_minor=terms.approval_minor,
        may_request=terms.may_request,
        columns=terms.columns,
        payer_id=before.payer_id,
        payer=before.payer,
    ).set_after(before, now=tx.now)
    if payer is not None:
        after = with_payer(sealing, after, holder=payer[0], iban=payer[1])
    if after != before:
        await sql.keep(tx, store_id, after)
        names = [
            name
            for name in ("minimum_minor", "approval_minor", "may_request", "columns", "payer")
            if getattr(before, name) != getattr(after, name)
        ]
        figures: dict[str, str | int | bool | None] = {
            "changed": ",".join(names),
            "currency": after.currency,
            "amount_minor": after.minimum_minor,
        }
        tx.note("payout_terms.changed", on=after.currency, after=figures)
    return after


async def ask(tx: Tx, store_id: str, ambassador_id: str, currency: str) -> None:
    """An ambassador asks for their money: the next batch of those who asked has it. A repeat changes nothing.

    Raises `NotNow` where the store does not take requests, they are blocked, or there is less than the minimum.
    """
    terms = await sql.terms(tx, store_id, currency)
    if not terms.may_request:
        raise NotNow("This store pays by itself; nobody has to ask.")
    if await destinations.blocked(tx, store_id, [ambassador_id]):
        raise NotNow("Payouts wait while the store has blocked this account.")
    if await books.payable(tx, store_id, ambassador_id, currency) < terms.minimum_minor:
        raise NotNow("There is less than the minimum.")
    if not await sql.has_asked(tx, store_id, ambassador_id, currency):
        await sql.ask(tx, store_id, ambassador_id, currency)
        tx.note("payout.requested", on=ambassador_id, after={"currency": currency})
