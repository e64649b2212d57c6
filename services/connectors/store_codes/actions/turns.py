"""A connection's turn: what its shop is asked for next, and what becomes of the answer.

Before the shop is asked, it is written that it is; so whoever comes after a crash looks the code up before anything is
made. One task of a connection runs at a time, and only it writes these rows, but for an owner who has refused codes
tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Final

from contracts.program import Program
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.remote_codes import sql as remote_codes
from services.connectors.store_codes.actions import carry
from services.connectors.store_codes.domain.port import Absent, Exists, Found, Put, Refused, Result, State, Want
from services.connectors.store_codes.domain.terms import OwnLimits, Terms, terms_of
from services.connectors.store_codes.sql import carriers, changed, codes
from services.connectors.store_codes.sql.carriers import Carrier
from services.connectors.store_codes.sql.codes import Kept
from services.kernel.db import Tx
from services.kernel.work import add_tasks, release

COMPARED_AT_ONCE: Final = 500
"""Codes that one turn compares with the set-up."""
MOST_TRIES: Final = 5
"""How often a shop may say that it has a code which it cannot show, before the code counts as refused."""
HOSTS_HOLD: Final = timedelta(days=1)
"""So long the hosts of a shop are believed before it is asked once more, as soon as it is asked for anything."""
MOST_COUNTED: Final = 100
"""So far tries are counted."""
_REST: Final = (timedelta(), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
"""After a call of which nobody knows the end, by how often these codes had been looked up for that before."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a connection's shop is asked for. `lookups`: these are looked up by their codes, nothing is made."""

    kept: Sequence[Kept]
    wants: Sequence[Want]
    lookups: bool
    revision: int
    """The carrier's: where another was written meanwhile, the answers may be another shop's."""
    asks_hosts: bool
    """Which hosts the shop has is not known, or was asked long ago."""

    @property
    def rest(self) -> timedelta:
        """How long the shop is left in peace at least if this comes to nothing. Each look-up that succeeds ends a task,
        so a shop that finds codes and cannot end what it writes would else be asked every few seconds, for ever.
        """
        return _REST[min(max((one.tries for one in self.kept), default=0), len(_REST) - 1)]


async def begin(tx: Tx, store_id: str, connection_id: str, *, revision: int, lookups: int, puts: int) -> Turn | None:
    """The next codes of a connection, `lookups` or `puts` at most; that the shop is asked for them is noted. None where
    it carries none any more, or where its shop or access is not that of `revision`: then another turn begins.
    """
    carrier = await carriers.one(tx, store_id, connection_id, lock=True)
    if carrier is None:
        return None
    if not carrier.on or carrier.revision != revision:
        await _next(tx, carrier, again=carrier.on)
        return None
    await _compare(tx, carrier)
    unclear = await codes.waiting(tx, store_id, connection_id, asked=True, count=lookups)
    found = unclear or await codes.waiting(tx, store_id, connection_id, asked=False, count=puts)
    if found and not unclear:
        await codes.write(tx, store_id, connection_id, [replace(one, asked=True) for one in found])
    return Turn(
        found,
        [_want(tx, one, unclear=bool(unclear)) for one in found],
        lookups=bool(unclear),
        revision=carrier.revision,
        asks_hosts=carrier.hosts_at is None or carrier.hosts_at <= tx.now - HOSTS_HOLD,
    )


async def compare(tx: Tx, store_id: str, connection_id: str) -> bool:
    """Marks what differs from the set-up, some codes at a time; whether there may be more."""
    carrier = await carriers.one(tx, store_id, connection_id, lock=True)
    return carrier is not None and carrier.on and await _compare(tx, carrier)


async def _compare(tx: Tx, carrier: Carrier) -> bool:
    ids = await changed.take(tx, *carrier.ref, count=COMPARED_AT_ONCE)
    if ids:
        await _mark(tx, carrier, await codes.stale_of(tx, *carrier.ref, ids))
    if carrier.sweep is None:
        return len(ids) == COMPARED_AT_ONCE
    found = await codes.stale(tx, *carrier.ref, after=carrier.sweep, count=COMPARED_AT_ONCE)
    await _mark(tx, carrier, found)
    more = found[-1].code_id if len(found) == COMPARED_AT_ONCE else None
    await carriers.write(tx, replace(carrier, sweep=more))
    return more is not None or len(ids) == COMPARED_AT_ONCE


async def _mark(tx: Tx, carrier: Carrier, found: Sequence[Kept]) -> None:
    """Writes how each of these should stand in the shop."""
    before, marked = [], []
    for one in found:
        terms = _terms(one)
        if terms is None and not one.known:
            continue  # nothing was ever wanted of it
        wanted = terms.digest if terms is not None else ""
        there = one.there or ""
        as_wanted = wanted == there and not one.asked
        state: State = "waiting" if not as_wanted else "in_store" if wanted else "disabled"
        changed = state != one.state
        before.append(one)
        marked.append(
            replace(
                one,
                state=state,
                wanted=wanted,
                there=there,
                reason=None if changed else one.reason,
                holder=None if changed else one.holder,
                tries=0,
                revision=one.revision + int(changed),
            )
        )
    await _write(tx, carrier, before, marked)


async def end(
    tx: Tx, store_id: str, connection_id: str, turn: Turn, results: Sequence[Result], hosts: Sequence[str] | None
) -> None:
    """Notes what the shop answered, and starts the next turn if something is left to do. `hosts`: the shop's, where it
    was asked for them.
    """
    carrier = await carriers.one(tx, store_id, connection_id, lock=True)
    if carrier is None:
        return
    await _note(tx, carrier, turn, results, unanswered=True)
    if hosts is not None and carrier.revision == turn.revision:
        carrier = await carry.know(tx, carrier, hosts)
    again = carrier.on and (await _differs(tx, carrier) or await codes.any_waiting(tx, store_id, connection_id))
    await _next(tx, replace(carrier, problem=None), again=again)


async def _differs(tx: Tx, carrier: Carrier) -> bool:
    """Whether some of the set-up is not compared yet."""
    return carrier.sweep is not None or await changed.is_any(tx, *carrier.ref)


async def _next(tx: Tx, carrier: Carrier, *, again: bool) -> None:
    after = replace(carrier, awake=again, round=carrier.round + int(again))
    await carriers.write(tx, after)
    if again:
        await add_tasks(tx, [carry.task(after)])


async def break_off(
    tx: Tx, store_id: str, connection_id: str, turn: Turn, results: Sequence[Result], *, problem: str, unanswered: bool
) -> None:
    """Notes what the shop answered before it answered no more: why is shown. `unanswered`: it may have done what it was
    asked for.
    """
    carrier = await carriers.one(tx, store_id, connection_id, lock=True)
    if carrier is None:
        return
    if carrier.revision != turn.revision:
        # It was asked with what somebody replaced since: that says nothing of what is there now, nor holds it up.
        await release(tx, kind=carry.TASK, lane=connection_id)
        return
    await _note(tx, carrier, turn, results, unanswered=unanswered)
    await carriers.write(tx, replace(carrier, problem=problem))


async def _note(tx: Tx, carrier: Carrier, turn: Turn, results: Sequence[Result], *, unanswered: bool) -> None:
    if carrier.revision != turn.revision:
        return  # what was asked for is looked up, or was another shop's
    by_id = {result.code_id: result for result in results}
    after = []
    for one in turn.kept:
        result = by_id.get(one.code_id)
        after.append(_after(one, result) if result else replace(one, asked=one.asked or unanswered))
    await _write(tx, carrier, turn.kept, after)


async def stand_still(tx: Tx, store_id: str, connection_id: str, problem: str, *, revision: int | None = None) -> None:
    """Nothing more is done until somebody changes something: why is shown. `revision`: the carrier's, where the problem
    was found.
    """
    carrier = await carriers.one(tx, store_id, connection_id, lock=True)
    if carrier is not None:
        # What changed in the meantime would otherwise be slept through: the set-up, or the access.
        other = (revision is not None and carrier.revision != revision) or await _differs(tx, carrier)
        await _next(tx, replace(carrier, problem=problem), again=carrier.on and other)


def _after(one: Kept, result: Result) -> Kept:
    terms = _terms(one)
    wanted = terms.digest if terms is not None else ""
    match result:
        case Put(remote_id=remote_id):
            state: State = "in_store" if wanted else "disabled"
            return _with(one, state=state, remote_id=remote_id, there=wanted, asked=False, tries=0)
        case Found(remote_id=remote_id):
            # How it stands there nobody knows: the next turn puts it as it is wanted.
            tries = min(one.tries + 1, MOST_COUNTED)
            return _with(one, state="waiting", remote_id=remote_id, there="?", asked=False, tries=tries)
        case Absent():
            return _absent(one, wanted)
        case Refused(reason=reason, holder=holder):
            state = "refused" if wanted else "disabled"
            why = {"reason": reason, "holder": holder} if wanted else {}
            return _with(one, state=state, there="", asked=False, tries=0, **why)
        case Exists():
            return _absent(one, wanted) if one.tries >= MOST_TRIES else _with(one, asked=True, tries=one.tries + 1)


def _absent(one: Kept, wanted: str) -> Kept:
    if not wanted:
        return _with(one, state="disabled", remote_id=None, there="", asked=False, tries=0)
    if one.tries >= MOST_TRIES:
        return _with(one, state="refused", reason="unclear", remote_id=None, there="", asked=False, tries=0)
    return _with(one, state="waiting", remote_id=None, there="", asked=False, tries=one.tries + 1)


def _with(one: Kept, **changes: object) -> Kept:
    reason = {} if "reason" in changes else {"reason": None, "holder": None}
    after: Kept = replace(one, **reason, **changes)  # type: ignore[arg-type]  # fields of Kept
    return replace(after, revision=one.revision + int((after.state, after.reason) != (one.state, one.reason)))


async def _write(tx: Tx, carrier: Carrier, before: Sequence[Kept], after: Sequence[Kept]) -> None:
    if not after:
        return
    await codes.write(tx, carrier.store_id, carrier.connection_id, after)
    if PLATFORMS[carrier.platform].naming is not None:
        ids = {one.remote_id: one.code for one in after if one.remote_id is not None}
        await remote_codes.add(tx, carrier.store_id, carrier.connection_id, ids)
    for old, new in zip(before, after, strict=True):
        if new.revision != old.revision and new.state is not None:
            carry.report(tx, carrier, new.code_id, new.code, new.state, new.reason, new.revision)


def _want(tx: Tx, one: Kept, *, unclear: bool) -> Want:
    terms = _terms(one)
    if terms is not None and terms.expires_at is not None:
        terms = replace(terms, expires_at=terms.expires_at - tx.offset)
    return Want(code_id=one.code_id, code=one.code, terms=terms, remote_id=one.remote_id, unclear=unclear)


def _terms(one: Kept) -> Terms | None:
    limits = OwnLimits(retired=one.retired, max_uses=one.max_uses, expires_at=one.expires_at)
    return terms_of(_program(one.program), limits, active=one.active)


@lru_cache(maxsize=100)
def _program(body: str) -> Program:
    """Codes of one program come together: it is read once."""
    return Program.model_validate_json(body, extra="ignore")
