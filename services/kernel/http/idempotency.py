"""Idempotency-Key: the first answer is kept with its effect, in one transaction, and given again to every repetition.

A key belongs to whoever sent it (`Caller.claimant`) and to a route (method and path): an answer may say what only its
first caller may know, so nobody else is given it. Business keys (an order's own id) carry the guarantee for ever; this
is the convenience for a day. What is kept holds no secret and no personal data: both are derived anew (`reveal`).
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from services.kernel.auth.ring import KeyRing
from services.kernel.db import Tx
from services.kernel.errors import BadRequest, FieldError, Invalid
from services.kernel.service import DueJob

KEPT_FOR: Final = timedelta(hours=24)
PURGE: Final = "answers.purge"
_KEY = re.compile(rb"[\x21-\x7e]{1,255}")

# The insert waits for another transaction that holds the same key, and then finds it taken, or free again.
_CLAIM: Final = """
with claimed as (
  insert into answers (store_id, caller, route, key, body_hash, at)
  select * from unnest(cast(:stores as text[]), cast(:callers as text[]), cast(:routes as text[]),
                       cast(:keys as text[]), cast(:hashes as bytea[]), cast(:ats as timestamptz[]))
  order by 1, 2, 3, 4
  on conflict do nothing
  returning store_id, caller, route, key
), timers as (
  insert into due (job, store_id, at) select :purge, store_id, :purge_at from (select distinct store_id from claimed) s
  order by store_id
  on conflict do nothing
)
select store_id, caller, route, key from claimed
"""
_READ: Final = """
select a.store_id, a.caller, a.route, a.key, a.body_hash, a.status, a.answer
from answers a join unnest(cast(:stores as text[]), cast(:callers as text[]), cast(:routes as text[]),
                           cast(:keys as text[])) w(s, c, r, k)
  on a.store_id = w.s and a.caller = w.c and a.route = w.r and a.key = w.k
"""
_KEEP: Final = """
update answers a set status = w.status, answer = w.answer
from unnest(cast(:stores as text[]), cast(:callers as text[]), cast(:routes as text[]), cast(:keys as text[]),
            cast(:statuses as smallint[]), cast(:answers as bytea[])) w(s, c, r, k, status, answer)
where a.store_id = w.s and a.caller = w.c and a.route = w.r and a.key = w.k
"""
_RELEASE: Final = """
delete from answers a
using unnest(cast(:stores as text[]), cast(:callers as text[]), cast(:routes as text[]),
             cast(:keys as text[])) w(s, c, r, k)
where a.store_id = w.s and a.caller = w.c and a.route = w.r and a.key = w.k
"""
_DROP: Final = """
delete from answers where ctid = any(array(
    select ctid from answers where store_id = any(:stores) and at <= :before limit :count))
"""
_AT_ONCE: Final = 5_000
"""Answers that one transaction drops."""
_AMEND: Final = """
update answers
set answer = convert_to((convert_from(answer, 'UTF8')::jsonb || cast(:changes as jsonb))::text, 'UTF8')
where store_id = :store_id and route = :route and answer is not null
  and convert_from(answer, 'UTF8')::jsonb ->> 'id' = :id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One request that carries a key. `caller` is the `claimant` of who sent it."""

    store_id: str
    caller: str
    route: str
    key: str
    body_hash: bytes

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes two requests the same one."""
        return self.store_id, self.caller, self.route, self.key


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer that was given before, to the same body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Same:
    """An equal request stands earlier in the same batch, at this place: answer what that one gets."""

    place: int


class Reused:
    """The key came with another body before."""


Finding = Stored | Same | Reused | None
"""What is known of a request; None: nothing, it is the first and is to be done."""


def read_key(raw: bytes | None) -> str | None:
    """The key of a request; None without the header. Raises `BadRequest` unless it is 1 to 255 visible characters."""
    if raw is None:
        return None
    if _KEY.fullmatch(raw) is None:
        detail = "Idempotency-Key must be 1 to 255 visible ASCII characters."
        raise BadRequest(detail, code="bad_idempotency_key", errors=[FieldError("Idempotency-Key", "invalid", detail)])
    return raw.decode("ascii")


def body_hash(ring: KeyRing, body: bytes) -> bytes:
    """A keyed hash: short bodies with an address in them could be guessed from a plain one."""
    return ring.contact_tag(b"body:" + hashlib.sha256(body).digest())[:16]


async def claim(tx: Tx, claims: Sequence[Claim]) -> list[Finding]:
    """Takes the keys for this transaction, and says of each request what is known of it.

    One statement, two when some key was used before, for any number of claims. Waits while another transaction holds
    one of the keys; claim before other locks are taken, once per transaction, and end each claim that is to be done
    with `keep` or `release`.
    """
    first: dict[tuple[str, str, str, str], int] = {}
    for place, one in enumerate(claims):
        first.setdefault(one.identity, place)
    distinct = [claims[place] for place in first.values()]
    taken = {
        (row.store_id, row.caller, row.route, row.key)
        for row in await tx.all(
            _CLAIM,
            **_columns(distinct),
            hashes=[one.body_hash for one in distinct],
            ats=[tx.now] * len(distinct),
            purge=PURGE,
            purge_at=tx.now + KEPT_FOR,
        )
    }
    used = [one for one in distinct if one.identity not in taken]
    rows = await tx.all(_READ, **_columns(used)) if used else ()
    kept = {(row.store_id, row.caller, row.route, row.key): row for row in rows}

    def finding(place: int, one: Claim) -> Finding:
        row = kept.get(one.identity)
        if row is not None and row.status is not None:
            return Stored(row.status, row.answer) if row.body_hash == one.body_hash else Reused()
        earlier = first[one.identity]
        if earlier == place:
            return None
        return Same(earlier) if claims[earlier].body_hash == one.body_hash else Reused()

    return [finding(place, one) for place, one in enumerate(claims)]


async def keep(tx: Tx, answers: Sequence[tuple[Claim, int, bytes]]) -> None:
    """Keeps the answers of claims that this transaction holds. One statement."""
    if answers:
        await tx.execute(
            _KEEP,
            **_columns([c for c, _, _ in answers]),
            statuses=[status for _, status, _ in answers],
            answers=[answer for _, _, answer in answers],
        )


async def release(tx: Tx, claims: Sequence[Claim]) -> None:
    """Gives keys back whose requests failed while the rest of a batch goes on: a repetition is a first try again."""
    if claims:
        await tx.execute(_RELEASE, **_columns(claims))


async def amend(tx: Tx, store_id: str, route: str, entity_id: str, changes: Mapping[str, Any]) -> None:
    """Changes the answers kept for one route about one entity: what must be forgotten is forgotten there too.

    Reads the store's answers of a day; for rare occasions.
    """
    reported = orjson.dumps(changes).decode()
    await tx.execute(_AMEND, store_id=store_id, route=route, id=entity_id, changes=reported)


def reused() -> Invalid:
    """The refusal of a key that came with another body before."""
    return Invalid.field(
        "Idempotency-Key",
        "This key was used with another body. Send the first body again, or a new key.",
        code="idempotency_key_reused",
    )


def _columns(claims: Sequence[Claim]) -> dict[str, Any]:
    return {
        "stores": [c.store_id for c in claims],
        "callers": [c.caller for c in claims],
        "routes": [c.route for c in claims],
        "keys": [c.key for c in claims],
    }


async def _purge(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Drops answers older than a day, some at a time; comes again while a store has younger ones."""
    gone = await tx.execute(_DROP, stores=list(stores), before=tx.now - KEPT_FOR, count=_AT_ONCE)
    if gone == _AT_ONCE:
        return dict.fromkeys(stores, tx.now)
    rows = await tx.all(
        "select store_id, min(at) as oldest from answers where store_id = any(:stores) group by store_id",
        stores=list(stores),
    )
    # An hour's grain: a busy store is looked at 24 times a day, not at every answer's end.
    return {row.store_id: max(row.oldest + KEPT_FOR, tx.now + timedelta(hours=1)) for row in rows}


PURGE_JOB: Final = DueJob(name=PURGE, run=_purge)
"""Runs in every service; the kernel's runner adds it."""
