"""SQL of what is known of payouts that providers are called for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx

_FIELDS = "payout_id, provider_id, sending_key, tried_at, tries, busy_until, remote_id, word, detail, told_at, at_odds"
_ADD = """
insert into payout_calls (store_id, payout_id, provider_id, sending_key)
select :store, p, :provider, k from unnest(cast(:payouts as text[]), cast(:keys as text[])) w (p, k)
"""
_OF_SENDING = f"""
select {_FIELDS} from payout_calls where store_id = :store and sending_key = :key order by payout_id
"""  # noqa: S608
_SEVERAL = f"""
select {_FIELDS} from payout_calls where store_id = :store and payout_id = any(cast(:ids as text[])) order by payout_id
"""  # noqa: S608
_BUSY = """
update payout_calls set busy_until = :until,
  tried_at = case when :pays then coalesce(tried_at, :real) else tried_at end,
  tries = tries + case when :pays then 1 else 0 end
where store_id = :store and payout_id = any(cast(:ids as text[]))
"""
_FREE = """
update payout_calls set busy_until = case when :busy then busy_until end,
  remote_id = coalesce(cast(:remote as text), remote_id)
where store_id = :store and sending_key = :key
"""
_UNTRIED = """
update payout_calls set tried_at = null where store_id = :store and payout_id = any(cast(:ids as text[]))
"""
_NOTE_WORDS = """
update payout_calls c set word = w.word, detail = w.detail, at_odds = w.odds, told_at = :now
from unnest(cast(:ids as text[]), cast(:words as text[]), cast(:details as text[]), cast(:odds as boolean[]))
  w (id, word, detail, odds)
where c.store_id = :store and c.payout_id = w.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What is known of a payout's calls."""

    payout_id: str
    provider_id: str
    sending_key: str
    tried_at: datetime | None
    tries: int
    busy_until: datetime | None
    remote_id: str | None
    word: str | None
    detail: str | None
    told_at: datetime | None
    at_odds: bool


@dataclass(frozen=True, slots=True)
class Word:
    """What a provider says of a payout."""

    payout_id: str
    word: str
    detail: str | None
    at_odds: bool


def _called(row: Row) -> Called:
    return Called(**row._asdict())


async def add(tx: Tx, store_id: str, provider_id: str, keys: Sequence[tuple[str, str]]) -> None:
    """Notes under which key each payout will be given: (payout, key)."""
    await tx.execute(
        _ADD, store=store_id, provider=provider_id, payouts=[one[0] for one in keys], keys=[one[1] for one in keys]
    )


async def of_sending(tx: Tx, store_id: str, key: str) -> list[Called]:
    """All payouts of a sending, in the order in which they are sent."""
    return [_called(row) for row in await tx.all(_OF_SENDING, store=store_id, key=key)]


async def several(tx: Tx, store_id: str, ids: Iterable[str]) -> dict[str, Called]:
    """What is known of these, as far as a provider is called for them."""
    rows = await tx.all(_SEVERAL, store=store_id, ids=sorted(set(ids)))
    return {row.payout_id: _called(row) for row in rows}


async def busy(tx: Tx, store_id: str, ids: Sequence[str], *, until: datetime, real: datetime, pays: bool) -> None:
    """A call begins that may be on its way so long; where it `pays`, that it was tried is known from now on."""
    await tx.execute(_BUSY, store=store_id, ids=list(ids), until=until, real=real, pays=pays)


async def free(tx: Tx, store_id: str, key: str, *, remote_id: str | None, busy: bool) -> None:
    """The call is over, unless another one keeps it `busy`; the provider may have said what its own number of it is."""
    await tx.execute(_FREE, store=store_id, key=key, remote=remote_id, busy=busy)


async def untried(tx: Tx, store_id: str, ids: Sequence[str]) -> None:
    """The call was refused as a whole: nothing of it was taken."""
    await tx.execute(_UNTRIED, store=store_id, ids=list(ids))


async def note_words(tx: Tx, store_id: str, words: Sequence[Word]) -> None:
    """Keeps what the provider said."""
    await tx.execute(
        _NOTE_WORDS,
        store=store_id,
        now=tx.now,
        ids=[one.payout_id for one in words],
        words=[one.word for one in words],
        details=[one.detail for one in words],
        odds=[one.at_odds for one in words],
    )
