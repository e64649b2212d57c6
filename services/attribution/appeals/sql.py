"""Reads and writes appeals."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from services.attribution.appeals.domain import Kind, Outcome, State
from services.kernel.db import Row, Tx

_COLUMNS = (
    "store_id, appeal_id, ambassador_id, kind, friend_number, order_id, order_number, words, state, opened_at,"
    " answered_at, answer, outcome"
)
_ADD = f"""
insert into appeals ({_COLUMNS})
values (:store_id, :appeal_id, :ambassador_id, :kind, :friend_number, :order_id, :order_number, :words, :state,
        :opened_at, :answered_at, :answer, :outcome)
"""  # noqa: S608  # the columns are ours
_ONE = f"select {_COLUMNS} from appeals where store_id = :store and appeal_id = :appeal"  # noqa: S608
_PAGE = f"""
select {_COLUMNS} from appeals
where store_id = :store and (cast(:state as text) is null or state = :state)
  and (cast(:ambassador as text) is null or ambassador_id = :ambassador)
  and (cast(:before as text) is null or appeal_id < :before)
order by appeal_id desc limit :count
"""  # noqa: S608
_OLDEST = f"""
select {_COLUMNS} from appeals
where store_id = :store and state = :state and (cast(:after as text) is null or appeal_id > :after)
order by appeal_id limit :count
"""  # noqa: S608
_COUNTS = """
select count(*) filter (where opened_at > :since) as lately, count(*) filter (where state = 'open') as open,
       count(*) filter (where state = 'open' and friend_number = :number) as of_friend,
       count(*) filter (where state = 'open' and kind = 'missing' and order_number = :order_number) as of_order
from appeals where store_id = :store and ambassador_id = :ambassador
"""
_ANSWER = """
update appeals set state = :state, answered_at = :at, answer = :answer, outcome = :outcome, order_id = :order
where store_id = :store and appeal_id = :appeal and state = 'open'
"""
_FORGET = """
update appeals a set order_number = null, words = null, answer = null,
       state = case when state = 'open' then 'withdrawn' else state end
from unnest(cast(:stores as text[]), cast(:ambassadors as text[])) w (s, a)
where a.store_id = w.s and a.ambassador_id = w.a
"""


class Appeal(Struct, frozen=True):
    """One appeal."""

    store_id: str
    appeal_id: str
    ambassador_id: str
    kind: Kind
    friend_number: int | None
    order_id: str | None
    order_number: str | None
    words: str | None
    state: State
    opened_at: datetime
    answered_at: datetime | None = None
    answer: str | None = None
    outcome: Outcome | None = None


class Counts(Struct, frozen=True):
    """How much an ambassador has written: lately, still open, of them about one friend and about one order."""

    lately: int
    open: int
    of_friend: int
    of_order: int


async def add(tx: Tx, appeal: Appeal) -> None:
    """Keeps a new one."""
    await tx.execute(_ADD, **{name: getattr(appeal, name) for name in Appeal.__struct_fields__})


async def one(tx: Tx, store_id: str, appeal_id: str, *, lock: bool = False) -> Appeal | None:
    """One appeal; with `lock` nobody else answers it meanwhile."""
    row = await tx.one_or_none(_ONE + (" for update" if lock else ""), store=store_id, appeal=appeal_id)
    return _appeal(row) if row else None


async def newest(
    tx: Tx,
    store_id: str,
    *,
    state: State | None = None,
    ambassador_id: str | None = None,
    before: str | None = None,
    count: int,
) -> list[Appeal]:
    """Appeals, the newest first."""
    rows = await tx.all(_PAGE, store=store_id, state=state, ambassador=ambassador_id, before=before, count=count)
    return [_appeal(row) for row in rows]


async def oldest(tx: Tx, store_id: str, *, state: State = "open", after: str | None = None, count: int) -> list[Appeal]:
    """Appeals of one state, whoever has waited longest first."""
    return [_appeal(row) for row in await tx.all(_OLDEST, store=store_id, state=state, after=after, count=count)]


async def counts(
    tx: Tx, store_id: str, ambassador_id: str, *, since: datetime, number: int | None, order_number: str | None
) -> Counts:
    """How much the ambassador has written."""
    row = await tx.one(
        _COUNTS, store=store_id, ambassador=ambassador_id, since=since, number=number, order_number=order_number
    )
    return Counts(*tuple(row))


async def answer(
    tx: Tx, appeal: Appeal, *, state: State, at: datetime, words: str, outcome: Outcome, order_id: str | None
) -> None:
    """Notes the store's answer to an open appeal."""
    await tx.execute(
        _ANSWER,
        store=appeal.store_id,
        appeal=appeal.appeal_id,
        state=state,
        at=at,
        answer=words,
        outcome=outcome,
        order=order_id,
    )


async def forget(tx: Tx, ambassadors: Sequence[tuple[str, str]]) -> None:
    """Takes the words out of everything that these ambassadors, as (store, ambassador), wrote and were answered."""
    if ambassadors:
        await tx.execute(_FORGET, stores=[s for s, _ in ambassadors], ambassadors=[a for _, a in ambassadors])


def _appeal(row: Row) -> Appeal:
    return Appeal(*tuple(row))
