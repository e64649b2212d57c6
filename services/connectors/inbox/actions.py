"""Keeps deliveries as they came, reads them, passes their facts on. What one says is its platform's matter.

A delivery is kept before it is looked at: no mistake in reading costs one. What reading finds is noted, and goes out,
in one transaction; of several who read one delivery only one finds it unread.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from prometheus_client import Counter

from contracts.events.orders import OrderFact
from services.common.order_facts import Clock, ReportedFact, of_order
from services.common.own_placeholders import placeholders_of
from services.connectors.accounts import sql as accounts_sql
from services.connectors.accounts.sql import Account as Connection
from services.connectors.inbox import sql
from services.connectors.inbox.domain import BODY, Outcome
from services.connectors.inbox.domain.facts import Known, facts_of, farewell_of, forms_of, payments_of, with_codes
from services.connectors.inbox.domain.marks import REFUND, marked
from services.connectors.inbox.domain.questions import Asker, asking_for_code, asking_for_order, redacting
from services.connectors.inbox.sql import Delivery, Timers
from services.connectors.payments import actions as paid_forms
from services.connectors.payments import sql as payments
from services.connectors.payments.actions import FormedFact
from services.connectors.platforms.domain.port import (
    POLLED,
    Delivered,
    Farewell,
    Form,
    Ignored,
    Payment,
    Platform,
    Report,
)
from services.connectors.remote_codes import sql as remote_codes
from services.connectors.remote_codes.sql import RemoteId
from services.connectors.settings import ASKED_KEPT, DELIVERIES_KEPT, PAYMENTS_KEPT, READ_WITHIN
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.db import Tx
from services.kernel.errors import AppError
from services.kernel.outbox import Outgoing
from services.kernel.revisions import Ref
from services.kernel.work import add_tasks

READ: Final = "connectors.read-deliveries"
"""The due job that reads what nobody has read yet."""
FORGET: Final = "connectors.forget-deliveries"
"""The due job that drops old deliveries."""
FORGOTTEN_AT_ONCE: Final = 1_000
"""Deliveries that one transaction drops."""
READ_AT_ONCE: Final = 100
"""Deliveries that one transaction of the job reads: each holds a body."""
OUTCOMES: Final = ("taken", "duplicate", "ignored", "failed", "unsigned")
"""What becomes of a delivery. What was kept is counted once what it says is noted, by whoever notes it."""
DELIVERIES: Final = Counter("kith_deliveries_total", "Deliveries of store platforms.", ("platform", "outcome"))
_TOPIC: Final = str(OrderFact.TOPIC)


@dataclass(frozen=True, slots=True)
class Readings:
    """How deliveries are read: the platforms, the key ring, and the keys that bodies are sealed with."""

    platforms: Mapping[str, Platform]
    ring: KeyRing
    sealing: Sealing

    def open(self, kept: Delivery) -> bytes:
        """A delivery's body. Raises `ValueError` if its key has left."""
        return self.sealing.open(BODY, kept.body, owner=kept.delivery_id)

    def read(self, kept: Delivery, body: bytes, known: Known) -> "Reading":
        """Reads a delivery. Never raises on what it says: that is noted with it."""
        try:
            platform = self.platforms[kept.platform]
            topic = platform.polling.topic if kept.topic == POLLED and platform.polling is not None else kept.topic
            report = platform.read(Delivered(topic, body, known.clock, kept.received_at, known.options))
            marks = marked(self.ring, report)
            facts = facts_of(self.ring, platform, kept.store_id, report, known)
            paid = payments_of(report, known)
            farewell = farewell_of(report, known)
        except Ignored as ignored:
            return Reading(replace(kept, outcome="ignored", reason=str(ignored), order_id=None))
        except AppError as error:
            return _failed(kept, f"unreadable: {error.errors[0].field if error.errors else error.code}")
        except msgspec.ValidationError as error:
            # What no order of ours can hold: a negative figure, say.
            return _failed(kept, f"unreadable: {_place(error)}")
        except Exception as error:
            # A time outside of all calendars, or the reader's mistake: the delivery lies safe until a version comes
            # that can read it.
            return _failed(kept, f"unreadable: {type(error).__name__}")
        if report.read_back is not None:
            asked = known.order_prefix + report.read_back
            # What it names is reported by the answer: it has no mark of its own.
            named = replace(kept, outcome="taken", reason=None, order_id=asked, marks=())
            return Reading(named, ask=report.read_back)
        order_id = facts[0].order_id if facts else paid[0].order_id if paid else None
        as_of = marks.as_of if farewell is None else kept.as_of
        read = replace(kept, outcome="taken", reason=None, order_id=order_id, marks=marks.marks, as_of=as_of)
        coded = Coded(report, known) if report.code_ids and report.orders else None
        return Reading(
            read,
            facts,
            payments=paid,
            by_payment=report.by_payment,
            farewell=farewell,
            coded=coded,
            forms=forms_of(facts, report),
        )


class Coded(NamedTuple):
    """A report that names codes by the platform's ids, and what was known as it was read."""

    report: Report
    known: Known


@dataclass(frozen=True, slots=True)
class Reading:
    """A delivery with what was made of it, and the facts that it reports (none if it is ignored or unreadable)."""

    delivery: Delivery
    facts: tuple[ReportedFact, ...] = ()
    ask: str | None = None
    """The order that the platform is to be asked for, by its own id."""
    payments: tuple[Payment, ...] = ()
    """Under the store's ids."""
    by_payment: bool = False
    """Its refunds name a payment in an order's place."""
    farewell: Farewell | None = None
    """Its orders under the store's ids."""
    coded: Coded | None = None
    """Its codes are to be looked up by their ids."""
    forms: Mapping[str, Form] = field(default_factory=dict)
    """In which form its refunds are reported, by the ids of their facts."""

    @property
    def formed(self) -> list[FormedFact]:
        """Its facts, each with its form."""
        return [FormedFact(fact, self.forms.get(fact.fact_id)) for fact in self.facts]


@dataclass(frozen=True, slots=True)
class Account:
    """The equation of a store's deliveries: acked = taken + ignored + failed + waiting, all that ever came."""

    store_id: str
    acked: int
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        """0, always."""
        return self.acked - sum(self.outcomes.values())


def _failed(kept: Delivery, reason: str) -> Reading:
    return Reading(replace(kept, outcome="failed", reason=reason, order_id=None))


_WHERE: Final = re.compile(r" at `\$\.?([^`]*)`")
_FIELD: Final = re.compile(r" field `([^`]*)`")


def _place(error: msgspec.ValidationError) -> str:
    """Where in a body something is wrong, or lacking."""
    found = [match[1] for match in (_WHERE.search(str(error)), _FIELD.search(str(error))) if match]
    return ".".join(found)[:80] or type(error).__name__


async def keep(tx: Tx, deliveries: Sequence[Delivery]) -> list[bool]:
    """Keeps deliveries as they came; says of each whether it is the first of its name."""
    distinct = {one.ref: one for one in reversed(deliveries)}
    timers = Timers(read=READ, read_at=tx.now + READ_WITHIN, forget=FORGET, kept_for=DELIVERIES_KEPT)
    new = await sql.keep(tx, list(distinct.values()), timers)
    answers = []
    for one in deliveries:
        answers.append(one.ref in new)
        new.discard(one.ref)
    return answers


async def note(tx: Tx, how: Readings, readings: Sequence[Reading], *, before: Outcome = "waiting") -> None:
    """Notes what was read and sends its facts' events, of those deliveries that are still as they were."""
    await _lock_payments(tx, readings)
    noted = await sql.note(tx, [(one.delivery, before) for one in readings])
    read = await _with_codes(tx, how, [one for one in readings if one.delivery.ref in noted])
    facts: dict[tuple[str, str, str], ReportedFact] = {}
    reported = [fact for one in read for fact in one.formed]
    for fact in await paid_forms.first(tx, [*reported, *await _of_paid_orders(tx, how, read)]):
        facts.setdefault(fact.key, fact)
    tx.emit_all(map(outgoing, facts.values()))
    for one in read:
        if one.farewell is not None:
            await _part(tx, one.delivery, one.farewell)
    asked = [asking_for_order(_asker(one), one.ask) for one in read if one.ask is not None]
    if asked:
        await add_tasks(tx, asked)
    if before == "waiting":
        deliveries = [one.delivery for one in read]
        tx.after_commit(lambda: _count(deliveries))


async def _with_codes(tx: Tx, how: Readings, read: Sequence[Reading]) -> list[Reading]:
    """These, their orders with the codes that they name by the platform's ids. The platform is asked for those that
    nobody knows, where it can be; their orders count meanwhile without.
    """
    ids = {one.delivery.ref: _code_ids(one) for one in read if one.coded is not None}
    if not ids:
        return list(read)
    codes = await remote_codes.codes(tx, {code_id for found in ids.values() for code_id in found})
    unknown = [(one, code_id) for one in read for code_id in ids.get(one.delivery.ref, ()) if code_id not in codes]
    accounts = await accounts_sql.read_by(tx, {(one.delivery.store_id, one.delivery.hook_id) for one, _ in unknown})
    asked = []
    for one, code_id in unknown:
        account = accounts.get((one.delivery.store_id, one.delivery.hook_id))
        if account is not None and account.access is not None and how.platforms[account.platform].naming is not None:
            asked.append(asking_for_code(_asker(one), code_id.remote_id))
    if asked:
        await add_tasks(tx, asked)
    found = []
    for one in read:
        meant = [code for code_id in ids.get(one.delivery.ref, ()) if (code := codes.get(code_id))]
        if one.coded is not None and meant:
            kept, (report, known) = one.delivery, one.coded
            platform = how.platforms[kept.platform]
            orders = with_codes(how.ring, platform, kept.store_id, report, known, meant)
            one = replace(one, facts=(*orders, *one.facts[len(orders) :]))
        found.append(one)
    return found


def _asker(one: Reading) -> Asker:
    return Asker(one.delivery.store_id, one.delivery.hook_id, one.delivery.delivery_id)


def _code_ids(one: Reading) -> list[RemoteId]:
    named = one.coded.report.code_ids if one.coded is not None else ()
    return [RemoteId(one.delivery.store_id, one.delivery.hook_id, code_id) for code_id in named]


async def _part(tx: Tx, delivery: Delivery, farewell: Farewell) -> None:
    """Does what a platform asks for, of the shop that the connection is with: what opened its API is dropped, or what
    was kept of orders. The request itself stays as long as any delivery.
    """
    ref = (delivery.store_id, delivery.hook_id)
    account = (await accounts_sql.read_by(tx, [ref])).get(ref)
    if account is None or account.host not in {None, farewell.host.lower()}:
        return
    if farewell.removed:
        # What comes late, or once more, says nothing of access that was given since. No header makes it newer.
        came_at = delivery.received_at - tx.offset
        await accounts_sql.drop_access(tx, account, before=min(delivery.as_of or came_at, came_at))
    if farewell.orders:
        await sql.redact(tx, delivery, farewell.orders)
    # Without a host nobody knows whether the shop that says farewell is the connection's.
    if farewell.orders is None and account.host is not None:
        await add_tasks(tx, [redacting(Asker(delivery.store_id, delivery.hook_id, delivery.delivery_id))])


async def _lock_payments(tx: Tx, readings: Sequence[Reading]) -> None:
    """Whoever notes which order a payment paid, and whoever notes its refund, take turns: the second sees the first."""
    paid = {(one.delivery.store_id, payment.payment_id) for one in readings for payment in one.payments}
    paid |= {(fact.store_id, fact.order_id) for one in readings if one.by_payment for fact in one.facts}
    if paid:
        await payments.lock(tx, paid)


async def _of_paid_orders(tx: Tx, how: Readings, read: Sequence[Reading]) -> list[FormedFact]:
    """Refunds that name a payment, as refunds of the order that it paid: of what was read now, and of what came before
    anybody reported which order that is.
    """
    paying = [(one.delivery.store_id, payment) for one in read for payment in one.payments]
    new = await payments.add(tx, paying, at=tx.now) if paying else set()
    early = await _read_all(tx, how, await sql.about(tx, new)) if new else []
    refunds = [back for one in (*read, *early) if one.by_payment for back in one.formed if back.fact.kind == "refund"]
    if not refunds:
        return []
    paid = await payments.orders(tx, {back.order for back in refunds})
    named = ((back, paid.get(back.order)) for back in refunds)
    return [FormedFact(of_order(back.fact, order_id), back.form) for back, order_id in named if order_id is not None]


async def without_other_forms(tx: Tx, reading: Reading) -> Reading:
    """What a reading says beside refunds that were reported in another form: those are new to nobody."""
    if not reading.forms or await paid_forms.counting(tx, reading.formed):
        return reading
    paid = {(reading.delivery.store_id, payment.payment_id) for payment in reading.payments}
    known = paid and len(await payments.orders(tx, paid)) == len(paid)
    marks = [mark for mark in reading.delivery.marks or () if not (known or mark.startswith(REFUND))]
    return replace(reading, delivery=replace(reading.delivery, marks=marks))


def _count(read: Iterable[Delivery]) -> None:
    for one in read:
        DELIVERIES.labels(one.platform, one.outcome).inc()


def outgoing(fact: ReportedFact) -> Outgoing:
    """The event that passes a fact on."""
    return Outgoing(
        event_id=fact.event_id,
        topic=_TOPIC,
        key=fact.store_id,
        type=fact.type,
        store_id=fact.store_id,
        subject=fact.order_id,
        at=fact.received_at,
        traceparent=fact.traceparent,
        data=fact.body,
    )


async def note_unanswered(tx: Tx, store_id: str, delivery_id: str, outcome: Outcome, reason: str) -> None:
    """Notes that asking about a delivery, which was taken by it, brought no order."""
    kept = await sql.get(tx, store_id, delivery_id)
    if kept is not None:
        await sql.note(tx, [(replace(kept, outcome=outcome, reason=reason), "taken")])


async def read_waiting(tx: Tx, readings: Readings, stores: Sequence[str]) -> dict[str, datetime]:
    """Reads what was kept and not read, some at a time; returns when to look at each store again. A process that was
    killed between the two leaves such.
    """
    found = await sql.waiting(tx, stores, before=tx.now - READ_WITHIN, most=READ_AT_ONCE)
    await note(tx, readings, await _read_all(tx, readings, found))
    if len(found) == READ_AT_ONCE:
        return dict.fromkeys(stores, tx.now)
    return {store_id: at + READ_WITHIN for store_id, at in (await sql.oldest_waiting(tx, stores)).items()}


async def _read_all(tx: Tx, readings: Readings, found: Sequence[Delivery]) -> list[Reading]:
    """Reads what was kept. Read late, it was received all the same when it came."""
    accounts = await accounts_sql.read_by(tx, {(one.store_id, one.hook_id) for one in found})
    nobody = {store_id: await placeholders_of(tx, store_id) for store_id in {one.store_id for one in found}}
    return [
        _read_kept(readings, one, _known(accounts, one, Clock(one.received_at, tx.offset), nobody[one.store_id]))
        for one in found
    ]


def _read_kept(readings: Readings, kept: Delivery, known: Known) -> Reading:
    try:
        body = readings.open(kept)
    except ValueError:
        return _failed(kept, "sealed with a key that is gone")
    return readings.read(kept, body, known)


def _known(accounts: Mapping[Ref, Connection], kept: Delivery, clock: Clock, nobody: Collection[str]) -> Known:
    account = accounts.get((kept.store_id, kept.hook_id))
    if account is None:  # of an address whose secret could not be moved here
        return Known(clock, nobody)
    return Known(clock, nobody, account.order_prefix, account.options)


async def read_again(tx: Tx, readings: Readings, kept: Delivery, clock: Clock) -> Delivery:
    """Reads a delivery that was kept once more, and sends the facts that it reports now: those known stay as they are.

    What has no time of its own is as old as its receipt: read as of now, it would stand above all that came since.
    """
    accounts = await accounts_sql.read_by(tx, [(kept.store_id, kept.hook_id)])
    nobody = await placeholders_of(tx, kept.store_id)
    reading = _read_kept(readings, kept, _known(accounts, kept, clock._replace(now=kept.received_at), nobody))
    await note(tx, readings, [reading], before=kept.outcome)
    return reading.delivery


async def forget(tx: Tx, stores: Sequence[str]) -> dict[str, datetime]:
    """Drops what is too old, some at a time; returns when to come again: at once, or a day later at the earliest."""
    oldest = await sql.forget(
        tx, stores, before=tx.now - DELIVERIES_KEPT, asked_before=tx.now - ASKED_KEPT, count=FORGOTTEN_AT_ONCE
    )
    if oldest is None:
        return dict.fromkeys(stores, tx.now)
    paid = await payments.forget(tx, stores, before=tx.now - PAYMENTS_KEPT)
    moments = {store_id: at + PAYMENTS_KEPT for store_id, at in paid.items()}
    for store_id, at in oldest.items():
        moments[store_id] = min(at + DELIVERIES_KEPT, moments.get(store_id, at + DELIVERIES_KEPT))
    return {store_id: max(at, tx.now + timedelta(days=1)) for store_id, at in moments.items()}


async def reconcile(tx: Tx, store_id: str) -> Account:
    """Counts a store's deliveries: what was acknowledged, and what became of it."""
    totals, kept = await sql.totals(tx, store_id), await sql.by_outcome(tx, store_id)
    outcomes = {name: totals.get(name, 0) + kept.pop(name, 0) for name in ("taken", "ignored", "failed", "waiting")}
    return Account(store_id, totals["acked"], {**outcomes, **kept})
