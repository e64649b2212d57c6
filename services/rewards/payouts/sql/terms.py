"""SQL of a store's terms for payouts, and of requests."""

from collections.abc import Sequence

import orjson

from services.kernel.db import Row, Tx
from services.rewards.payouts.domain.terms import Terms, columns_of

_FIELDS = "currency, minimum_minor, approval_minor, former_minor, looser_at, may_request, columns, payer_id, payer"
_ONE = f"select {_FIELDS} from payout_terms where store_id = :store and currency = :currency"  # noqa: S608
_ALL = f"select {_FIELDS} from payout_terms where store_id = :store order by currency"  # noqa: S608
_KEEP = f"""
insert into payout_terms (store_id, {_FIELDS})
values (:store, :currency, :minimum, :approval, :former, :looser_at, :request, cast(:columns as jsonb), :payer_id,
  :payer)
on conflict (store_id, currency) do update set minimum_minor = excluded.minimum_minor,
  approval_minor = excluded.approval_minor, former_minor = excluded.former_minor, looser_at = excluded.looser_at,
  may_request = excluded.may_request, columns = excluded.columns,
  payer_id = excluded.payer_id, payer = excluded.payer
"""  # noqa: S608
_ASK = """
insert into payout_requests (store_id, ambassador_id, currency, at) values (:store, :ambassador, :currency, :now)
on conflict do nothing
"""
_ASKED = """
select at from payout_requests where store_id = :store and ambassador_id = :ambassador and currency = :currency
"""
_SERVED = """
delete from payout_requests where store_id = :store and currency = :currency
  and ambassador_id = any(cast(:ambassadors as text[]))
"""


def _terms(row: Row) -> Terms:
    return Terms(
        currency=row.currency,
        minimum_minor=row.minimum_minor,
        approval_minor=row.approval_minor,
        former_minor=row.former_minor,
        looser_at=row.looser_at,
        may_request=row.may_request,
        columns=columns_of(row.columns),
        payer_id=row.payer_id,
        payer=None if row.payer is None else bytes(row.payer),
    )


async def terms(tx: Tx, store_id: str, currency: str) -> Terms:
    """A store's terms in a currency; those that hold without any where none are set."""
    row = await tx.one_or_none(_ONE, store=store_id, currency=currency)
    return Terms(currency=currency) if row is None else _terms(row)


async def all_terms(tx: Tx, store_id: str) -> list[Terms]:
    """Terms in all currencies that some are set for."""
    return [_terms(row) for row in await tx.all(_ALL, store=store_id)]


async def keep(tx: Tx, store_id: str, terms: Terms) -> None:
    """Sets terms."""
    await tx.execute(
        _KEEP,
        store=store_id,
        currency=terms.currency,
        minimum=terms.minimum_minor,
        approval=terms.approval_minor,
        former=terms.former_minor,
        looser_at=terms.looser_at,
        request=terms.may_request,
        columns=orjson.dumps(terms.columns).decode(),
        payer_id=terms.payer_id,
        payer=terms.payer,
    )


async def ask(tx: Tx, store_id: str, ambassador_id: str, currency: str) -> None:
    """Notes that somebody asks for their money; once is enough."""
    await tx.execute(_ASK, store=store_id, ambassador=ambassador_id, currency=currency, now=tx.now)


async def has_asked(tx: Tx, store_id: str, ambassador_id: str, currency: str) -> bool:
    """Whether a request waits."""
    return (await tx.scalar(_ASKED, store=store_id, ambassador=ambassador_id, currency=currency)) is not None


async def served(tx: Tx, store_id: str, currency: str, ambassadors: Sequence[str]) -> None:
    """Their money is in a batch."""
    await tx.execute(_SERVED, store=store_id, currency=currency, ambassadors=list(ambassadors))
