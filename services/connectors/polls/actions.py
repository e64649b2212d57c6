"""Begins polls' rounds, takes what a page brought, and ends them. Who asks the platform is `work`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Counter

from services.connectors.accounts import actions as accounts
from services.connectors.accounts.sql import Account
from services.connectors.inbox import actions as inbox
from services.connectors.inbox.actions import Reading, Readings
from services.connectors.inbox.domain import BODY
from services.connectors.inbox.domain.marks import ReportMarks
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.polls import domain, sql
from services.connectors.polls.domain.changes import EarlierReport, change_since, joined
from services.connectors.polls.sql import Gap, Poll
from services.connectors.settings import DELIVERIES_KEPT
from services.kernel.db import Tx
from services.kernel.due import schedule
from services.kernel.errors import Conflict, Invalid
from services.kernel.work import NewTask, add_tasks, release

JOB: Final = "connectors.poll"
"""The due job that begins rounds whose time has come."""
TASK: Final = "poll"
"""The kind of task that asks for one page after the other."""
FORGOTTEN_AT_ONCE: Final = 1_000
OUTCOMES: Final = ("done", "failed", "stopped")
_ROUNDS: Final = Counter("kith_polls_total", "Rounds of polls, by how they ended.", ("platform", "outcome"))
_GAPS: Final = Counter("kith_poll_gaps_total", "What polls found that no delivery had told.", ("platform", "kind"))
for _about in PLATFORMS.values():  # a series that begins at a failure shows no increase
    if _about.polling is not None:
        for _outcome in OUTCOMES:
            _ROUNDS.labels(_about.name, _outcome)
        for _kind in ("missed", "changed"):
            _GAPS.labels(_about.name, _kind)


@dataclass(frozen=True, slots=True)
class Taken:
    """One entry of a page, as it was read: with its body, which is sealed once it is to be kept."""

    reading: Reading
    body: bytes


async def opened(tx: Tx, account: Account) -> None:
    """Somebody gave access to a platform's API: its poll begins anew, and looks for what changes from now on."""
    if not pollable(account):
        return
    # The store before its timer and its poll, as the job that begins rounds takes them.
    await tx.lock_stores([account.store_id])
    await sql.add(tx, Poll(account.store_id, account.account_id, "idle", tx.now - tx.offset))
    poll = await sql.one(tx, account.store_id, account.account_id, lock=True)
    if poll is None:
        return
    # Where the former access had come to means nothing to another shop.
    await sql.save(tx, replace(poll, state="idle", reason=None, cursor=None, next_at=tx.now, size=domain.SIZE))
    await release(tx, kind=TASK, lane=account.account_id)
    await schedule(tx, JOB, {account.store_id: tx.now})


async def moved(tx: Tx, account: Account) -> None:
    """The connection leads to another shop: what changed there before now nobody was to report."""
    poll = await sql.one(tx, account.store_id, account.account_id, lock=True)
    if poll is not None:
        here = tx.now - tx.offset
        await sql.save(tx, replace(poll, state="idle", reason=None, cursor=None, reached_at=here, next_at=None))


async def closed(tx: Tx, account: Account) -> None:
    """The connection ends: a page that is on its way brings nothing any more."""
    poll = await sql.one(tx, account.store_id, account.account_id, lock=True)
    if poll is not None:
        await sql.save(tx, replace(poll, state="stopped", next_at=None))


def pollable(account: Account) -> bool:
    """Whether there is what a poll needs: somebody to ask, and what opens their API."""
    about = PLATFORMS[account.platform]
    has_host = account.host is not None or about.api is None or about.api.host is None
    return about.polling is not None and account.access is not None and has_host


async def standing(tx: Tx, account: Account) -> Poll | None:
    """How a connection's poll stands: one whose access is gone (the app was removed, or it leads to another shop) does
    not go on by itself, whatever its last round left. None where there is no poll.
    """
    poll = await sql.one(tx, account.store_id, account.account_id)
    if poll is None or poll.state != "idle" or pollable(account):
        return poll
    return replace(poll, state="stopped", reason="no_access", next_at=None)


async def ask(tx: Tx, store_id: str, connection_id: str, *, since: datetime | None = None) -> Poll:
    """Begins a round now, also of a poll that was stopped; one that runs goes on. Raises `NotFound`, `Conflict` without
    access, `Invalid` for a `since` that nobody remembers.
    """
    account = await accounts.get(tx, store_id, connection_id)
    about = PLATFORMS[account.platform]
    if about.polling is None:
        raise Conflict(f"Kith asks {about.title} nothing: it tells by itself.", code="no_poll")
    if not pollable(account):
        raise Conflict("Give access to the shop's API first, and its host.", code="no_access")
    now = tx.now - tx.offset
    if since is not None and not now - domain.FURTHEST <= since <= now:
        raise Invalid.field("since", f"Give a moment of the last {domain.FURTHEST.days} days.")
    await sql.add(tx, Poll(store_id, connection_id, "idle", now))
    poll = await sql.one(tx, store_id, connection_id, lock=True)
    assert poll is not None
    tx.note("poll.asked", on=connection_id)
    if poll.state == "running":
        return poll
    return await begin(tx, replace(poll, reason=None), memory=about.polling.reaches_back, since=since)


async def begin(tx: Tx, poll: Poll, *, memory: timedelta | None, since: datetime | None = None) -> Poll:
    """Begins a round of a poll that is locked. One that was broken off goes on where it was, unless that is too long
    ago.
    """
    begun = replace(poll, state="running", round=poll.round + 1, began_at=tx.now, next_at=None, asked=0)
    if poll.cursor is None or since is not None or domain.forgotten(poll.since_at, tx.now - tx.offset):
        begin_at, until = domain.window(poll.reached_at, tx.now - tx.offset, since=since, memory=memory)
        begun = replace(
            begun,
            since_at=begin_at,
            until_at=until,
            cursor=None,
            size=domain.SIZE,
            found=0,
            missed=0,
            changed=0,
        )
    await sql.save(tx, begun)
    task = NewTask(
        kind=TASK,
        store_id=poll.store_id,
        lane=poll.hook_id,
        key=f"{poll.hook_id}:{begun.round}",
        payload={"connection": poll.hook_id, "round": begun.round},
    )
    await add_tasks(tx, [task])
    return begun


async def begin_due(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Begins the rounds whose time has come, drops what is old; returns when to look at each store again."""
    for poll, platform in await sql.due(tx, stores):
        polling = PLATFORMS[platform].polling
        if polling is not None:
            await begin(tx, poll, memory=polling.reaches_back)
    if await sql.forget(tx, stores, before=tx.now - domain.KEPT, most=FORGOTTEN_AT_ONCE):
        return dict.fromkeys(stores, tx.now)
    moments = {store: at + domain.KEPT for store, at in (await sql.oldest(tx, stores)).items()}
    for store, at in (await sql.next_moments(tx, stores)).items():
        moments[store] = min(at, moments.get(store, at))
    return {store: max(at, tx.now + timedelta(seconds=1)) for store, at in moments.items()}


async def running(tx: Tx, poll: Poll) -> Poll | None:
    """The poll, locked, if it is still in the round that it was; None if that has ended."""
    now = await sql.one(tx, poll.store_id, poll.hook_id, lock=True)
    return (
        now if now is not None and (now.state, now.round, now.cursor) == ("running", poll.round, poll.cursor) else None
    )


async def take(tx: Tx, readings: Readings, account: Account, poll: Poll, page: Sequence[Taken]) -> Poll:
    """Takes what a page brought: what nobody had reported is kept as a delivery, sent on and noted as a gap; all else
    is known. In the transaction that moves the cursor, so that a page is taken once.
    """
    read = [
        replace(one, reading=await inbox.without_other_forms(tx, one.reading))
        for one in page
        if one.reading.delivery.outcome != "ignored"
    ]
    names = list(dict.fromkeys(one.reading.delivery.order_id or "" for one in read))
    known = await sql.earlier_reports(tx, poll.store_id, poll.hook_id, names)
    kept, gaps, found = [], [], {}
    for one in read:
        delivery = one.reading.delivery
        if delivery.outcome != "taken" or delivery.order_id is None:
            kept.append(one)
            continue
        marks = ReportMarks(tuple(delivery.marks or ()), delivery.as_of)
        earlier = known.setdefault(delivery.order_id, [])
        new = change_since(marks, [report for report, _ in earlier])
        before = next((report for report, polled in earlier if polled), None)
        found[delivery.order_id] = now = joined(marks, before)
        known[delivery.order_id] = [pair for pair in earlier if not pair[1]]
        known[delivery.order_id].append((EarlierReport(now.marks, now.as_of, tx.now - tx.offset), True))
        if new is not None:
            kept.append(one)
            gaps.append(_gap(one, new.kind, new.marks, tx.now))
    gaps = await _keep(tx, readings, kept, gaps)
    if found:
        await sql.note_found(tx, poll.store_id, poll.hook_id, found)
    await sql.add_gaps(tx, poll.store_id, poll.hook_id, gaps)
    tx.after_commit(lambda: _count(account.platform, gaps))
    missed = sum(one.kind == "missed" for one in gaps)
    return replace(
        poll,
        asked=poll.asked + 1,
        found=poll.found + len(page),
        missed=poll.missed + missed,
        changed=poll.changed + len(gaps) - missed,
    )


async def _keep(tx: Tx, readings: Readings, kept: Sequence[Taken], gaps: Sequence[Gap]) -> list[Gap]:
    """Keeps and notes what was found; returns the gaps of what was not kept before."""
    if not kept:
        return []
    sealed = []
    for one in kept:
        name = one.reading.delivery.delivery_id
        body = readings.sealing.seal(BODY, one.body, owner=name)
        sealed.append(replace(one.reading, delivery=replace(one.reading.delivery, body=body)))
    waiting = [replace(one.delivery, outcome="waiting", reason=None, order_id=None) for one in sealed]
    first = await inbox.keep(tx, waiting)
    new = [one for one, is_new in zip(sealed, first, strict=True) if is_new]
    await inbox.note(tx, readings, new)
    names = {one.delivery.delivery_id for one in new}
    return [gap for gap in gaps if gap.delivery_id in names]


def _gap(one: Taken, kind: domain.Kind, marks: tuple[str, ...], now: datetime) -> Gap:
    delivery = one.reading.delivery
    return Gap(
        store_id=delivery.store_id,
        delivery_id=delivery.delivery_id,
        hook_id=delivery.hook_id,
        order_id=delivery.order_id or "",
        kind=kind,
        as_of=delivery.as_of,
        found_at=now,
        marks=marks,
    )


def _count(platform: str, gaps: Sequence[Gap]) -> None:
    for gap in gaps:
        _GAPS.labels(platform, gap.kind).inc()


async def done(tx: Tx, account: Account, poll: Poll) -> None:
    """A round has come to its end: all that changed before it is found."""
    await sql.note_late(tx, poll.store_id, poll.hook_id, since=tx.now - DELIVERIES_KEPT)
    until = poll.until_at or poll.reached_at
    # What lies between where the last round had come to and where this one began, nobody looked at.
    hole = poll.since_at is not None and poll.since_at > poll.reached_at
    # That is said until somebody asks: nobody may look at the page within the hour.
    reason = domain.STOOD_STILL if hole or poll.reason == domain.STOOD_STILL else None
    ended = replace(poll, state="idle", reason=reason, cursor=None, reached_at=max(poll.reached_at, until))
    await _end(tx, account.platform, ended, "done")


async def broken_off(tx: Tx, platform: str, poll: Poll, reason: str) -> None:
    """A round was broken off; the next one goes on where it was."""
    await _end(tx, platform, replace(poll, state="idle", reason=reason), "failed")


async def started_over(tx: Tx, platform: str, poll: Poll, reason: str) -> None:
    """A round was broken off by an answer that asking once more would not mend: the next one begins anew."""
    await broken_off(tx, platform, replace(poll, cursor=None), reason)


async def stopped(tx: Tx, platform: str, poll: Poll, reason: str) -> None:
    """Nothing can be asked for until somebody does something about it."""
    await _end(tx, platform, replace(poll, state="stopped", reason=reason), "stopped")


async def _end(tx: Tx, platform: str, poll: Poll, outcome: str) -> None:
    next_at = None if poll.state == "stopped" else tx.now + domain.EVERY
    await sql.save(tx, replace(poll, ended_at=tx.now, next_at=next_at))
    if next_at is not None:
        await schedule(tx, JOB, {poll.store_id: next_at})
    tx.after_commit(lambda: _ROUNDS.labels(platform, outcome).inc())
