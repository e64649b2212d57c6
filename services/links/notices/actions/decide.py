"""From events to notices. Events may come again and in any order: of each subject people are notified once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from contracts.events.appeals import AppealAnswered
from contracts.events.balances import BalanceExpiring
from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.conversions import Conversion
from contracts.events.payouts import DestinationChanged
from contracts.events.redemptions import Redemption
from contracts.events.rewards import AnyReward, SourcedReward
from contracts.events.tiers import TierChanged
from services.kernel.bus.port import Event
from services.kernel.db import ALL_STORES, Tx
from services.kernel.due import schedule
from services.kernel.ids import new_id
from services.kernel.revisions import Ref, newest
from services.links.activity import sql as activity
from services.links.notices.domain.occasions import ABOUT, Occasion
from services.links.notices.domain.plan import is_alarm
from services.links.notices.sql import notices as sql
from services.links.notices.sql import orders
from services.links.notices.sql import rewards as reward_rows
from services.links.notices.sql.notices import NewNotice, Standing
from services.links.notices.sql.orders import KnownDecision
from services.links.notices.sql.rewards import Reward
from services.links.people import sql as people
from services.links.programs import sql as programs
from services.links.proofs import sql as proofs

JOB: Final = "links.notices"
"""The due job that notifies."""
FRESH: Final = timedelta(days=3)
"""What is older than this when it arrives is not new: a backlog or a replay writes to nobody."""
_NOT_NOTIFIED: Final = frozenset({"program_unknown"})
"""What is waited for that is nobody's business but ours."""


async def of_conversions(tx: Tx, events: Sequence[Event[Conversion]]) -> None:
    """Orders: whose they are, why one waits, and why it does not count; of each the newest revision only."""
    await _lock(tx)
    latest = newest((event.data for event in events), key=_order)
    known = await orders.known(tx, latest)
    changes = {
        key: event
        for event in events
        if event.data is latest[key := _order(event.data)]
        and (key not in known or known[key].revision < event.data.revision)
    }
    wanted: list[NewNotice] = []
    holds: dict[Ref, Standing] = {}
    former: dict[tuple[str, str, str], Event[Conversion]] = {}
    for key, event in changes.items():
        occasion = _occasion_of(event.data)
        whose = event.data.ambassador_id if occasion == "attributed" else None
        holds[key] = Standing(occasion=occasion or "", whose=whose or "")
        wanted += _of_order(tx, event, occasion)
        before = known[key].ambassador_id if key in known else None
        if whose is not None and before not in (None, whose):
            former[(*key, str(before))] = event
    await sql.overtake(tx, holds)
    for store_id, order_id, who in await sql.lost(tx, former):
        event = former[store_id, order_id, who]
        wanted.append(_notice(tx, event, who, "rejected", order_id, reason="reassigned"))
    await _add(tx, wanted)
    # Of orders that never named anybody nothing is kept: that is most of them.
    kept = {key for key, one in changes.items() if key in known or one.data.status != "unattributed"}
    await orders.put(
        tx, {key: KnownDecision(changes[key].data.revision, holds[key].whose or None) for key in sorted(kept)}
    )


def _order(data: Conversion) -> Ref:
    return data.store_id, data.order_id


def _of_order(tx: Tx, event: Event[Conversion], occasion: Occasion | None) -> list[NewNotice]:
    data = event.data
    if occasion == "attributed" and data.ambassador_id is not None:
        return [_notice(tx, event, data.ambassador_id, "attributed", data.order_id)]
    if occasion not in ("waiting", "rejected"):
        return []
    return [
        _notice(tx, event, one.ambassador_id, occasion, data.order_id, reason=one.reason)
        for one in data.named
        if one.reason not in _NOT_NOTIFIED
    ]


async def of_rewards(tx: Tx, events: Sequence[Event[AnyReward]]) -> None:
    """Ambassadors' rewards: what an order brings, what can be used, and what was taken back."""
    await _lock(tx)
    own = [event for event in events if event.data.beneficiary.kind == "ambassador"]
    known = await reward_rows.known(tx, [(event.store_id, event.data.reward_id) for event in own])
    wanted: list[NewNotice] = []
    granted: list[tuple[str, str, str]] = []
    for event in own:
        data = event.data
        key = (event.store_id, data.reward_id)
        before = known.get(key)
        if before is not None and before.revision >= data.revision:
            continue
        known[key] = after = _reward(data)
        if after.amount_minor and after.order_id:
            granted.append((after.store_id, after.ambassador_id, after.order_id))
        wanted += _notices_of(tx, event, before, after)
    await reward_rows.put(tx, [known[key] for key in sorted({(e.store_id, e.data.reward_id) for e in own})])
    await _add(tx, wanted)
    await schedule(tx, JOB, dict.fromkeys(await sql.sooner(tx, granted), tx.now))


def _notices_of(tx: Tx, event: Event[AnyReward], before: Reward | None, after: Reward) -> list[NewNotice]:
    who, found = after.ambassador_id, []
    if after.status == "available" and after.amount_minor and (before is None or before.status != "available"):
        if deed := _deed(event.data):
            found.append(_notice(tx, event, who, "earned", after.reward_id, **deed))
        else:
            found.append(_notice(tx, event, who, "available" if after.order_id else "goodwill", after.reward_id))
    if before is not None and after.amount_minor < before.amount_minor:
        facts = {
            "reward_id": after.reward_id,
            "before_minor": before.amount_minor,
            "after_minor": after.amount_minor,
            "reason": event.data.reason,
        }
        found.append(_notice(tx, event, who, "took_back", f"{after.reward_id}:{after.revision}", **facts))
    return found


def _deed(reward: AnyReward) -> dict[str, str]:
    """What a reward is for that is for no order and not given by hand; nothing for others."""
    if not isinstance(reward, SourcedReward):
        return {}
    if reward.source.kind == "period":
        return {"milestone": reward.source.id}
    return {} if reward.event_name is None else {"event_name": reward.event_name}


async def of_tiers(tx: Tx, events: Sequence[Event[TierChanged]]) -> None:
    """Who is in another tier than before; not where it is the program that has others now."""
    await _lock(tx)
    wanted = []
    for event in events:
        data = event.data
        if data.why == "program_changed":
            continue
        occasion: Occasion = "tier_reached" if data.why == "reached" else "tier_left"
        facts = {
            "tier": data.tier.name if data.tier else None,
            "before": data.before,
            "basis_points": data.tier.multiplier_basis_points if data.tier else 10_000,
        }
        wanted.append(_notice(tx, event, data.ambassador_id, occasion, f"{data.program_id}:{data.revision}", **facts))
    await _add(tx, wanted)


async def of_balances(tx: Tx, events: Sequence[Event[BalanceExpiring]]) -> None:
    """What an ambassador has left that expires soon. What more of that day they are given later is told anew."""
    await _lock(tx)
    wanted = []
    for event in events:
        data = event.data
        if data.beneficiary.kind != "ambassador":
            continue
        facts = data.model_dump(mode="json", include={"amounts", "last_day", "expires_at"})
        subject = f"{data.last_day}:{data.noticed_at.isoformat()}"
        wanted.append(_notice(tx, event, data.beneficiary.id, "balance_expiring", subject, **facts))
    await _add(tx, wanted)


_REDEEMED: Final[dict[str, Occasion]] = {
    "fulfilled": "redemption_fulfilled",
    "cancelled": "redemption_cancelled",
    "returned": "redemption_returned",
}


async def of_redemptions(tx: Tx, events: Sequence[Event[Redemption]]) -> None:
    """What became of what an ambassador redeemed."""
    await _lock(tx)
    wanted = []
    for event in events:
        data = event.data
        facts = {
            "item": data.item_name,
            "points": data.points,
            "amount_minor": data.amount_minor,
            "currency": data.currency,
        }
        wanted.append(_notice(tx, event, data.ambassador_id, _REDEEMED[data.status], data.redemption_id, **facts))
    await _add(tx, wanted)


async def of_appeals(tx: Tx, events: Sequence[Event[AppealAnswered]]) -> None:
    """What the store answered to who objected. Its words stay on the person's page."""
    await _lock(tx)
    wanted = [
        _notice(tx, e, e.data.ambassador_id, "appeal_answered", e.data.appeal_id, outcome=e.data.outcome)
        for e in events
    ]
    await _add(tx, wanted)


async def of_destinations(tx: Tx, events: Sequence[Event[DestinationChanged]]) -> None:
    """Where somebody's money goes: they are warned of each change, also of the first."""
    await _lock(tx)
    wanted = [
        _notice(
            tx,
            e,
            e.data.ambassador_id,
            "destination_changed",
            e.data.destination_id,
            method=e.data.method,
            usable_at=e.data.usable_at.isoformat(),
        )
        for e in events
    ]
    await _add(tx, wanted)


async def of_ambassadors(tx: Tx, events: Sequence[Event[AmbassadorSaved]]) -> None:
    """Who joined, and who is to be notified of nothing any more."""
    await _lock(tx)
    wanted = []
    for event in events:
        data = event.data
        if data.status == "erased":
            await sql.drop_of(tx, data.store_id, data.ambassador_id)
        elif data.revision == 1 and data.status == "active" and not data.one_of_many:
            # Who asked to join is being written to already, with their link and code.
            mail = people.mail_of(data.contact_hashes)
            if mail is None or not await proofs.is_asked(tx, data.store_id, mail, purpose="join"):
                wanted.append(_notice(tx, event, data.ambassador_id, "joined", data.ambassador_id))
    await _add(tx, wanted)


async def of_programs(tx: Tx, events: Sequence[Event[ProgramPublished]]) -> None:
    """New terms, in place of the last ones: everybody is notified. Versions in between may have had none."""
    await _lock(tx)
    for event in events:
        data = event.data
        terms = data.program.joining.terms if data.program.joining else None
        if terms is None or data.version == 1 or not await _are_notified(tx, event, "terms_changed"):
            continue
        old = await programs.terms_before(tx, data.store_id, data.program_id, data.version)
        if old is not None and old != terms.version:
            await sql.add_to_all(
                tx,
                data.store_id,
                data.program_id,
                occasion="terms_changed",
                subject=f"{data.program_id}:{terms.version}",
                facts={"version": terms.version, "program_id": data.program_id},
                happened_at=event.at,
            )
            await schedule(tx, JOB, {data.store_id: tx.now})


async def of_clicks(tx: Tx, clicked: Mapping[tuple[str, str], Event[Any]]) -> None:
    """The first friend of an ambassador, by (store, ambassador)."""
    await _lock(tx)
    await activity.clicked(tx, {key: event.at for key, event in clicked.items()})
    starts = await sql.starts(tx, {store_id for store_id, _ in clicked})
    wanted = []
    for store_id in {store_id for store_id, _ in clicked}:
        clicks = {who: event for (of, who), event in clicked.items() if of == store_id}
        known = await people.some(tx, store_id, sorted(clicks)) if store_id in starts else {}
        # Whoever was there before anybody was notified of anything may have had a thousand clicks.
        old = {who for who, one in known.items() if one.created_at < starts[store_id]}
        wanted += [_notice(tx, event, who, "clicked", "first") for who, event in clicks.items() if who not in old]
    await _add(tx, wanted)


async def _lock(tx: Tx) -> None:
    """Stores before their timers, as the job that notifies takes them: else each would wait for the other."""
    await tx.lock_stores(tx.stores - {ALL_STORES})


def _occasion_of(data: Conversion) -> Occasion | None:
    if data.cancelled:
        return None
    if data.status == "attributed" and data.ambassador_id is not None:
        return "attributed"
    if data.status == "pending":
        return "waiting"
    return "rejected" if data.status == "rejected" else None


def _notice(tx: Tx, event: Event[Any], who: str, occasion: Occasion, subject: str, **facts: Any) -> NewNotice:
    return NewNotice(
        notice_id=new_id("ntc", at=tx.now),
        store_id=event.store_id,
        ambassador_id=who,
        occasion=occasion,
        subject=subject,
        facts=facts,
        happened_at=event.at,
        due=max(event.at, tx.now) + ABOUT[occasion].after,
    )


def _reward(data: AnyReward) -> Reward:
    return Reward(
        store_id=data.store_id,
        reward_id=data.reward_id,
        ambassador_id=data.beneficiary.id,
        order_id="" if isinstance(data, SourcedReward) else data.order_id,
        revision=data.revision,
        amount_minor=data.amount_minor,
        currency=data.currency,
        pay_as=data.pay_as,
        status=data.status,
        available_at=data.available_at,
    )


async def _add(tx: Tx, wanted: Iterable[NewNotice]) -> None:
    """Adds what is new and not turned off by its store, and has the job look when the first of it is due."""
    fresh = [one for one in wanted if one.happened_at > tx.now - FRESH]
    if not fresh:
        return
    stores = {one.store_id for one in fresh}
    starts, turned_off = await sql.starts(tx, stores), await sql.turned_off(tx, stores)
    moments = await sql.add(tx, [one for one in fresh if _is_notified(one, starts, turned_off)])
    await schedule(tx, JOB, moments)


def _is_notified(one: NewNotice, starts: Mapping[str, datetime], turned_off: set[tuple[str, str]]) -> bool:
    since = starts.get(one.store_id)
    enabled = is_alarm(one.occasion) or (one.store_id, one.occasion) not in turned_off
    return enabled and (since is None or one.happened_at >= since)


async def _are_notified(tx: Tx, event: Event[Any], occasion: Occasion) -> bool:
    store = event.store_id
    since = (await sql.starts(tx, [store])).get(store)
    late = event.at <= tx.now - FRESH or (since is not None and event.at < since)
    return not late and (store, occasion) not in await sql.turned_off(tx, [store])
