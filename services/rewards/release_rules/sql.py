"""SQL of rules for releasing: a store's rule, its secrets, its questions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.kernel.db import Row, Tx
from services.rewards.release_rules.domain import Way

_WAYS = "select store_id, way from release_rules where store_id = any(cast(:stores as text[]))"
_RULE = """
select way, url, test_number, test_outcome, test_status, tested_at from release_rules where store_id = :store
"""
_KEEP = """
insert into release_rules (store_id, way, url, test_number) values (:store, :way, :url, 0)
on conflict (store_id) do update set way = excluded.way, url = excluded.url
"""
_TEST = """
update release_rules set test_number = test_number + 1, test_outcome = 'waiting', test_status = null, tested_at = null
where store_id = :store returning test_number
"""
_TESTED = """
update release_rules set test_outcome = :outcome, test_status = :status, tested_at = :now
where store_id = :store and test_number = :number
"""
_SECRETS = """
select secret_id, secret, ends_at from release_secrets where store_id = :store and (ends_at is null or ends_at > :now)
order by ends_at desc nulls first, created_at desc
"""
_NEW = """
insert into release_secrets (store_id, secret_id, secret, created_at) values (:store, :id, :secret, :now)
"""
_DROP_SECRETS = """
delete from release_secrets where store_id = :store and (cast(:all as boolean) or ends_at is not null)
"""
_ENDS = "update release_secrets set ends_at = :at where store_id = :store and ends_at is null"
_ASK = """
insert into release_asks (store_id, reward_id, round, tries, outcome, asked_at)
select s, r, 1, 0, 'waiting', :now from unnest(cast(:stores as text[]), cast(:rewards as text[])) u (s, r) order by 1, 2
on conflict (store_id, reward_id) do update set round = release_asks.round + 1, tries = 0, outcome = 'waiting',
  status = null, reason = null, asked_at = excluded.asked_at, tried_at = null, next_at = null
returning store_id, reward_id, round
"""
_ASKED = """
select reward_id, round, tries, outcome, status, reason, asked_at, tried_at, next_at from release_asks
where store_id = :store and reward_id = any(cast(:rewards as text[]))
"""
_TRIED = """
update release_asks set tries = tries + 1, outcome = :outcome, status = :status, reason = :reason, tried_at = :now,
  next_at = :next_at
where store_id = :store and reward_id = :reward and round = :round
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a store lets rewards become available, and what its last sample came to."""

    way: Way = "automatic"
    url: str | None = None
    test_number: int = 0
    test_outcome: str | None = None
    test_status: int | None = None
    tested_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Secret:
    """One of a store's secrets, sealed."""

    secret_id: str
    secret: bytes
    ends_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What became of the newest question about a reward."""

    reward_id: str
    round: int
    tries: int
    outcome: str
    status: int | None
    reason: str | None
    asked_at: datetime
    tried_at: datetime | None
    next_at: datetime | None


async def ways(tx: Tx, stores: Iterable[str]) -> dict[str, Way]:
    """How these stores let rewards become available; those that chose nothing are left out."""
    return {row.store_id: row.way for row in await tx.all(_WAYS, stores=sorted(stores))}


async def rule(tx: Tx, store_id: str) -> Rule:
    """A store's rule; the usual one where it chose nothing."""
    row = await tx.one_or_none(_RULE, store=store_id)
    return Rule() if row is None else Rule(**row._asdict())


async def keep(tx: Tx, store_id: str, *, way: Way, url: str | None) -> None:
    """Sets a store's rule."""
    await tx.execute(_KEEP, store=store_id, way=way, url=url)


async def begin_test(tx: Tx, store_id: str) -> int:
    """Begins another try with a sample; returns its number."""
    return int(await tx.scalar(_TEST, store=store_id) or 0)


async def tested(tx: Tx, store_id: str, *, number: int, outcome: str, status: int | None) -> None:
    """What a sample came to, unless a newer one was sent meanwhile."""
    await tx.execute(_TESTED, store=store_id, number=number, outcome=outcome, status=status, now=tx.now)


async def secrets(tx: Tx, store_id: str) -> list[Secret]:
    """The secrets that hold now, the newest first."""
    return [
        Secret(row.secret_id, bytes(row.secret), row.ends_at)
        for row in await tx.all(_SECRETS, store=store_id, now=tx.now)
    ]


async def add_secret(tx: Tx, store_id: str, *, secret_id: str, secret: bytes) -> None:
    """Gives a store a secret that has no end."""
    await tx.execute(_NEW, store=store_id, id=secret_id, secret=secret, now=tx.now)


async def end_secret(tx: Tx, store_id: str, *, at: datetime) -> None:
    """Lets the newest secret end at a moment, and drops those before it."""
    await tx.execute(_DROP_SECRETS, store=store_id, all=at <= tx.now)
    await tx.execute(_ENDS, store=store_id, at=at)


async def ask(tx: Tx, rewards: Sequence[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """Notes that a question about each (store, reward) begins; (store, reward, round)."""
    rows = await tx.all(_ASK, stores=[r[0] for r in rewards], rewards=[r[1] for r in rewards], now=tx.now)
    return [(row.store_id, row.reward_id, row.round) for row in rows]


async def asked(tx: Tx, store_id: str, rewards: Iterable[str]) -> dict[str, Asked]:
    """What became of the questions about these rewards."""
    rows: Sequence[Row] = await tx.all(_ASKED, store=store_id, rewards=sorted(set(rewards)))
    return {row.reward_id: Asked(**row._asdict()) for row in rows}


async def tried(
    tx: Tx,
    store_id: str,
    reward_id: str,
    *,
    number: int,
    outcome: str,
    status: int | None,
    reason: str | None,
    next_at: datetime | None = None,
) -> None:
    """Notes a try of the question of that round."""
    await tx.execute(
        _TRIED,
        store=store_id,
        reward=reward_id,
        round=number,
        outcome=outcome,
        status=status,
        reason=reason,
        next_at=next_at,
        now=tx.now,
    )
