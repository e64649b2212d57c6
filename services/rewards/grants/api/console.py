"""The console's pages of rewards: the list, one reward, and the cards that an order's page shows."""

from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.events.rewards import RewardStatus
from contracts.program import Program
from services.common.periods import window
from services.kernel.db import Tx
from services.kernel.errors import Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.rewards.grants.actions import review
from services.rewards.grants.api import cards, words
from services.rewards.grants.api.rest import download
from services.rewards.grants.domain.caps import CountKey, Tally, limit_key
from services.rewards.grants.domain.plan_targets import Count, Stand, is_plan, key_of
from services.rewards.grants.domain.reward import Reward
from services.rewards.grants.sql import conversions, limits, plan_targets, rewards
from services.rewards.ledger import sql as ledger
from services.rewards.ledger.api.words import movement_text
from services.rewards.memberships import actions as memberships
from services.rewards.pages import Reader, reader_of
from services.rewards.release_rules.api.console import QUEUE
from services.rewards.rules.domain import Order, SourceKind
from services.rewards.slices import sql as slices
from services.ui import AmountCard, Choice, Fact, Happening, Pagination

router = APIRouter(include_in_schema=False)

_ROWS = 25
_MOVEMENTS = 100
_STATUSES: tuple[RewardStatus, ...] = ("pending", "approved", "available", "reversed", "rejected")
_SOURCES: Final[tuple[SourceKind, ...]] = get_args(SourceKind)
_LIST = "/console/rewards/rewards"
_GOODWILL = "/console/rewards/goodwill"


@router.get(_LIST)
async def list_page(
    call: Annotated[Call, viewer("rewards:read")],
    status: RewardStatus | None = None,
    q: Annotated[str, Query(max_length=255)] = "",
    ambassador: Annotated[str, Query(max_length=255, pattern=r"^[^\x00]*$")] = "",
    source: SourceKind | None = None,
    cursor: Cursor = None,
    format: Literal["html", "csv"] = "html",
) -> Response:
    """All rewards, youngest first; `q` is an order's id, `ambassador` the id of whoever gets them."""
    asked = (("status", status), ("order_id", q.strip()), ("beneficiary_id", ambassador), ("source", source))
    filters = {name: value for name, value in asked if value}
    if ambassador:
        filters["ambassador_id"] = ambassador  # whose index it is
    after = cursors.decode(cursor, str)
    if format == "csv":
        return await download(call, filters, start=after)
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        found = await rewards.listed(
            tx, call.store_id, before=after[0] if after else None, count=_ROWS + 1, filters=filters
        )
    page = page_of(found, _ROWS, show=lambda one: one, after=lambda one: (one.reward_id,))
    given = (("status", status or ""), ("source", source or ""), ("q", q), ("ambassador", ambassador))
    kept = {name: str(value) for name, value in given if value}
    speech = reader.speech
    return reader.page(
        "grants/list.html",
        freshness=reader.read_now(),
        title=speech.say("Rewards"),
        table=cards.list_of(reader, page.data),
        queue_href=QUEUE,
        q=q,
        kept={name: value for name, value in kept.items() if name != "q"},
        statuses=[
            Choice(words.status_label(speech, one), href=_href({**kept, "status": one}), current=one == status)
            for one in _STATUSES
        ],
        sources=[
            Choice(words.source_label(speech, one), href=_href({**kept, "source": one}), current=one == source)
            for one in _SOURCES
        ],
        goodwill_href=_GOODWILL,
        active=_active(reader, kept),
        csv_href=_href({**kept, "format": "csv"}),
        paging=Pagination(
            speech.count("%(n)s reward on this page", "%(n)s rewards on this page", len(page.data)),
            previous=_href(kept) if cursor else "",
            next=_href({**kept, "cursor": page.next_cursor}) if page.next_cursor else "",
        ),
    )


def _kind(text: str) -> SourceKind:
    return next((one for one in _SOURCES if one == text), "order")


def _href(parameters: dict[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else _LIST


def _active(reader: Reader, kept: dict[str, str]) -> list[Choice]:
    speech, found = reader.speech, []
    for name, value in kept.items():
        if name == "status":
            label = words.status_label(speech, value)
        elif name == "source":
            label = words.source_label(speech, _kind(value))
        else:
            label = speech.say("Order %(id)s", id=value) if name == "q" else speech.say("One ambassador")
        rest = {other: text for other, text in kept.items() if other != name}
        found.append(Choice(label, href=_href(rest)))
    return found


@router.get("/console/rewards/orders/{order_id:path}")
async def order_cards(
    order_id: Annotated[str, Path(max_length=255)], call: Annotated[Call, viewer("rewards:read")]
) -> Response:
    """The rewards of one order as cards: a fragment for the order's page."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        view = await _view(tx, reader, call.store_id, order_id)
    return reader.page(
        "grants/cards.html",
        known=view is not None,
        waiting=view is not None and view.order.refusal is None and view.program is None,
        cards=cards.cards_of(reader, view) if view is not None else [],
    )


async def _view(tx: Tx, reader: Reader, store_id: str, order_id: str) -> cards.OrderView | None:
    states = await conversions.get(tx, [(store_id, order_id)])
    if not states:
        return None
    order = Order.of(states[0])
    found = await rewards.of_sources(tx, "order", [(store_id, order_id)])
    versions = {(store_id, one.program_id, one.program_version) for one in found}
    if order.program_id is not None and order.program_version is not None:
        versions.add((store_id, order.program_id, order.program_version))
    known = await slices.versions(tx, versions)
    # An order that has lost its ambassador still explains what it had, by the terms it had it under.
    current = (store_id, order.program_id or "", order.program_version or 0)
    program = known.get(current) or next(iter(known.values()), None)
    ref = (store_id, order_id)
    if program is not None and program.by_membership:
        order = order.held_by((await memberships.held_at_orders(tx, [ref])).get(ref, ()))
    if program is not None and program.by_day:
        order = order.in_zone(reader.zone, day=next((one.day for one in found), None))
    return cards.OrderView(order=order, program=program, rewards=found, tallies=await _tallies(tx, found, program))


async def _tallies(tx: Tx, found: list[Reward], program: Program | None) -> dict[str, Tally]:
    if program is None:
        return {}
    periods = {r.name: r.limits.per_ambassador.period for r in program.rewards if r.limits.per_ambassador}
    wanted = {
        one.rule: CountKey(*limit_key(one), periods[one.rule], window(periods[one.rule], one.day)[0])
        for one in found
        if one.rule in periods and one.target_minor
    }
    if not wanted:
        return {}
    sums = await limits.tallies(tx, wanted.values())
    return {
        rule: tally
        for rule, key in wanted.items()
        for tally in sums.get(key.limit, ())
        if (tally.first, tally.last) == window(key.period, key.first)
    }


@router.get(_LIST + "/{reward_id}")
async def reward_page(reward_id: str, call: Annotated[Call, viewer("rewards:read")], error: str = "") -> Response:
    """One reward: how its amount came about, what was posted, and what a person may decide."""
    async with call.transaction() as tx:
        reader = await reader_of(call.request, tx, call.store_id)
        reward = await review.get(tx, call.store_id, reward_id)
        view = await _view(tx, reader, call.store_id, reward.order_id) if reward.order_id is not None else None
        newest = await slices.newest(tx, call.store_id, reward.program_id)
        filters = {"reward_id": reward_id, "owner": reward.beneficiary_id}
        # A release has two lines of its beneficiary's, one in each account.
        lines = await ledger.lines(tx, call.store_id, before=None, count=2 * _MOVEMENTS + 1, filters=filters)
        bonus = await _bonus(tx, reward)
    movements = list({line.number: line for line in lines}.values())
    speech, fmt = reader.speech, reader.fmt
    wrong = speech.say("Say why: the ambassador’s support will be asked.")
    may_write = "rewards:write" in call.caller.scopes and reward.rejected_at is None
    return reader.page(
        "grants/reward.html",
        freshness=reader.read_now(),
        title=speech.say("Reward for order %(id)s", id=reward.order_id)
        if reward.order_id is not None
        else words.source_text(speech, fmt, reward)
        if reward.source_kind != "person"
        else speech.say("Goodwill of %(amount)s", amount=reader.amount(reward.base_minor, reward.unit)),
        nav_current=_LIST,
        reward=reward,
        card=_card(reader, reward, view),
        chip=words.status_chip(speech, reward),
        **_source_of(reward),
        facts=[
            *_facts(reader, reward),
            *words.bonus_facts(reader, reward, bonus),
            *_waits_for_room(reader, reward, newest),
        ],
        history=[
            Happening(movement_text(reader, line), fmt.moment(line.at), below=speech.say("Set %(n)s", n=line.number))
            for line in reversed(movements[:_MOVEMENTS])
        ],
        history_note=speech.say("The newest %(n)s; the ledger has all of them", n=fmt.number(_MOVEMENTS))
        if len(movements) > _MOVEMENTS
        else "",
        may_approve=may_write and reward.status == "pending",
        may_reject=may_write and reward.source_kind != "person" and reward.target_minor > 0,
        takes=_takes(reader, reward),
        may_flag=may_write and not reward.decided and reward.target_minor > 0 and reward.waits_why != "flagged",
        waits=words.waits_text(speech, reward),
        error=wrong if error and error != "flag" else "",
        error_flag=wrong if error == "flag" else "",
    )


async def _bonus(tx: Tx, reward: Reward) -> tuple[Stand, int | None] | None:
    """How the ambassador stands towards the target that a reward is for, and that target; None for others."""
    if reward.source_kind != "period" or not is_plan(reward.source_id):
        return None
    key = key_of(reward)
    stands, targets = await plan_targets.stands(tx, [key]), await plan_targets.targets(tx, [key])
    return stands.get(key, Stand(Count(), 0)), targets.get(key)


def _card(reader: Reader, reward: Reward, view: cards.OrderView | None) -> AmountCard | None:
    if reward.order_id is None:
        return cards.sourced_card(reader, reward)
    return cards.card_of(reader, reward, view) if view is not None else None


def _source_of(reward: Reward) -> dict[str, Any]:
    """Where what it is for is shown."""
    if reward.order_id is None:
        by_hand = reward.source_kind == "person"
        return {"order_href": "", "goodwill_href": f"{_GOODWILL}/{reward.source_id}" if by_hand else ""}
    return {"order_href": f"/console/attribution/orders/{quote(reward.order_id, safe='')}", "goodwill_href": ""}


def _takes(reader: Reader, reward: Reward) -> str:
    """What rejecting takes, and from whom."""
    speech, worth = reader.speech, reader.amount(reward.target_minor, reward.unit)
    if reward.sponsor_level is not None:
        return speech.say(
            "The sponsor loses %(amount)s, for good: no later change of the order brings it back.", amount=worth
        )
    if reward.side == "friend":
        return speech.say(
            "The friend loses %(amount)s, for good: no later change of the order brings it back.", amount=worth
        )
    return speech.say(
        "The ambassador loses %(amount)s, for good: no later change of the order brings it back.", amount=worth
    )


def _facts(reader: Reader, reward: Reward) -> list[Fact]:
    say, amount = reader.speech.say, reader.amount
    money = reader.fmt.money
    none = say("no cap")
    allowed = Fact(
        say("Allowed by caps"), none if reward.bound_minor is None else amount(reward.bound_minor, reward.unit)
    )
    worth = Fact(say("Worth now"), amount(reward.target_minor, reward.unit), strong=True)
    terms = [
        *([Fact(say("For whom"), words.who_label(reader.speech, reward))] if reward.sponsor_level is not None else []),
        Fact(say("Program’s version"), f"{reward.program_version}"),
        Fact(say("Rule"), words.rule_label(reader.speech, reward.rule)),
    ]
    if reward.source_kind in ("event", "period", "cashback"):
        return [
            Fact(say("For what"), words.source_text(reader.speech, reader.fmt, reward)),
            *([Fact(say("The event’s id"), reward.source_id)] if reward.event_name is not None else []),
            Fact(say("By the terms"), amount(reward.base_minor, reward.unit)),
            allowed,
            worth,
            *terms,
        ]
    if reward.order_id is None:
        return [
            Fact(say("Given"), amount(reward.base_minor, reward.unit)),
            Fact(say("Taken back"), amount(reward.base_minor - reward.target_minor, reward.unit)),
            worth,
        ]
    return [
        Fact(say("By the terms"), amount(reward.base_minor, reward.unit)),
        Fact(say("Order’s total"), money(reward.total_minor, reward.currency)),
        Fact(say("Refunded"), money(reward.refunded_minor, reward.currency)),
        Fact(say("After refunds"), amount(reward.want_minor, reward.unit)),
        allowed,
        worth,
        *terms,
    ]


def _waits_for_room(reader: Reader, reward: Reward, newest: Program | None) -> list[Fact]:
    """What caps refused and the program gives once there is room."""
    if newest is None or not newest.retry_capped or reward.refused_minor == 0:
        return []
    say = reader.speech.say
    more = say("%(amount)s more if room appears", amount=reader.amount(reward.refused_minor, reward.unit))
    return [Fact(say("Refused by caps"), more)]


@router.post(_LIST + "/{reward_id}/approve")
async def approve_form(reward_id: str, call: Annotated[Call, viewer("rewards:write")]) -> Response:
    """The button on the reward's page."""
    async with call.transaction() as tx:
        await review.approve(tx, call.store_id, reward_id)
    return _back(reward_id)


@router.post(_LIST + "/{reward_id}/reject")
async def reject_form(reward_id: str, call: Annotated[Call, viewer("rewards:write")], request: Request) -> Response:
    """The form on the reward's page: `reason` is required."""
    try:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "strict"), max_num_fields=10))
    except ValueError:
        raise Invalid.field("reason", "The form cannot be read.") from None
    reason = form.get("reason", "").strip()[:500]
    if not reason:
        return _back(reward_id, "?error=reason#reject")
    async with call.transaction() as tx:
        await review.reject(tx, call.store_id, reward_id, note=reason)
    return _back(reward_id)


def _back(reward_id: str, suffix: str = "") -> Response:
    return Response(status_code=303, headers={"location": f"{_LIST}/{quote(reward_id, safe='')}{suffix}"})
