"""SQL of store credit at the checkout: whether a name is a guest's, and what sets say of reservations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from services.kernel.db import Tx
from services.rewards.ledger.sql import unpack_basis

_IS_GUEST: Final = """
select exists (
  select from rewards where store_id = :store and order_id = :name and beneficiary_id = :name and side = 'friend'
)
"""
_AFTER: Final = """
select spend_id, purpose, purpose_id, owner, side, unit, status, captured, given_back from spends
where store_id = :store and purpose <> 'redemption' and spend_id > :after order by spend_id limit :count
"""
# A cart becomes an order before it is captured: what was reserved names the one, what is used the other.
_SETS: Final = """
select t.spend_id, s.movement, e.owner, e.account, e.unit, s.basis, s.packed_basis
from unnest(cast(:spends as text[])) w(spend_id)
join spend_steps t on t.store_id = :store and t.spend_id = w.spend_id and t.step in ('reserve', 'capture')
join posting_sets s on s.store_id = t.store_id and s.number = t.number
join entries e on e.store_id = s.store_id and e.number = s.number and e.line = 1
order by 1, 2
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A reservation for an order or a cart, as it lies in the table."""

    spend_id: str
    purpose: str
    purpose_id: str
    owner: str
    side: str
    unit: str
    status: str
    captured: int
    given_back: int


@dataclass(frozen=True, slots=True)
class SaidBySet:
    """What the set by which something was reserved, or used, says of whose it was and what for."""

    spend_id: str
    movement: str
    owner: str
    account: str
    unit: str
    basis: Mapping[str, Any]


async def is_guest(tx: Tx, store_id: str, name: str) -> bool:
    """Whether a guest without any name, who is called by their order, was rewarded under this one."""
    return bool(await tx.scalar(_IS_GUEST, store=store_id, name=name))


async def after(tx: Tx, store_id: str, *, after: str, count: int) -> list[Kept]:
    """Reservations behind an id."""
    return [Kept(*tuple(row)) for row in await tx.all(_AFTER, store=store_id, after=after, count=count)]


async def sets_of(tx: Tx, store_id: str, spends: Sequence[str]) -> list[SaidBySet]:
    """By which these were reserved and used."""
    rows = await tx.all(_SETS, store=store_id, spends=list(spends))
    return [SaidBySet(r.spend_id, r.movement, r.owner, r.account, r.unit, _basis(r)) for r in rows]


def _basis(row: Any) -> Mapping[str, Any]:
    text = row.basis if row.packed_basis is None else unpack_basis(bytes(row.packed_basis))
    found: Mapping[str, Any] = orjson.loads(text)
    return found
