"""Writing an appeal, and answering it.

An accepting answer adds the ambassador's promo code to the order's facts, as the store's own report that it came by
them: the program's rules are held against it like any other, and a replay finds it. What the rules refuse even so, and
what has settled, no answer changes: the store may make it good, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from contracts.events.appeals import AppealAnswered
from contracts.events.orders import OrderAmended, OrderReported
from services.attribution.appeals import sql
from services.attribution.appeals.domain import A_DAY, LONGEST_NUMBER, OPEN, Kind, Outcome, Verdict, written
from services.attribution.appeals.sql import Appeal
from services.attribution.decisions.actions.suppose import suppose
from services.attribution.decisions.domain.decision import Decision
from services.attribution.decisions.domain.revisions import oldest_first
from services.attribution.decisions.schemas.out import DecisionBody
from services.attribution.decisions.sql import orders as order_rows
from services.attribution.decisions.sql import reading
from services.attribution.decisions.sql.orders import OrderRow
from services.attribution.friend_numbers import actions as friend_numbers
from services.attribution.friend_numbers import sql as numbers
from services.attribution.orders import sql as orders_sql
from services.attribution.slices import sql as slices_sql
from services.common.order_facts import ReportedFact
from services.kernel import trace
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Invalid, NotFound, TooMany
from services.kernel.ids import new_id

_DAY: Final = timedelta(days=1)
OF_ONE: Final = 50
"""Orders of one friend, the newest, that an appeal may be about."""
_TRIED: Final = 3
"""Codes of one ambassador that are held against an order, the newest first: those before it may be retired."""
_MOST_ORDERS: Final = 1000
"""Orders of one buyer with whom it is still worked out: who has more is many people under one name, as a rule."""


class AppealNotFound(NotFound):
    """No appeal has this id in this store."""

    code = "appeal_not_found"


class AlreadyAnswered(Conflict):
    """An appeal is answered once."""

    code = "already_answered"


class AlreadyOpen(Conflict):
    """There is one open appeal about a friend at most."""

    code = "already_open"


class Asked(Conflict):
    """Enough appeals of this ambassador wait for an answer."""

    code = "too_many_open"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What an accepting answer would bring about on an order."""

    row: OrderRow
    outcome: Outcome
    report: OrderAmended | None = None
    """What would be reported, where the order then counts as the ambassador's."""
    refused: str = ""
    """Why the rules would refuse the ambassador all the same, where they would."""
    too_many: bool = False
    """Whether the buyer has more orders than can be decided again while somebody waits."""


async def open_appeal(
    tx: Tx,
    store_id: str,
    ambassador_id: str,
    *,
    kind: Kind,
    number: int | None,
    order_number: str,
    words: str,
    order_id: str | None = None,
) -> Appeal:
    """Writes down what an ambassador says: of friend no. `number` (of the newest order, or the given one of theirs), or
    that a friend is missing.

    Raises `Invalid` for nothing said, `NotFound` for a friend whom the ambassador has not, `AlreadyOpen`, `Asked`, or
    `TooMany` beyond so many a day.
    """
    text, stated = written(words), written(order_number, most=LONGEST_NUMBER)
    if not text:
        raise Invalid.field("words", "Say in a few words what is wrong.", code="missing")
    about = None if kind == "missing" else await _order_of(tx, store_id, ambassador_id, number, order_id)
    await numbers.take_turn(tx, store_id, ambassador_id)
    known = await sql.counts(
        tx, store_id, ambassador_id, since=tx.now - _DAY, number=number, order_number=stated or None
    )
    if known.of_friend or known.of_order:
        raise AlreadyOpen("This waits for the store's answer already.")
    if known.open >= OPEN:
        raise Asked(f"{OPEN} messages wait for the store's answer: more can be written when it has come.")
    if known.lately >= A_DAY:
        raise TooMany(f"{A_DAY} messages a day at most. Write again tomorrow.", code="too_many_a_day")
    appeal = Appeal(
        store_id=store_id,
        appeal_id=new_id("apl"),
        ambassador_id=ambassador_id,
        kind=kind,
        friend_number=number if kind == "wrong" else None,
        order_id=about,
        order_number=stated or None,
        words=text,
        state="open",
        opened_at=tx.now,
    )
    await sql.add(tx, appeal)
    tx.note("appeal.opened", on=appeal.appeal_id, after={"kind": kind, "ambassador_id": ambassador_id})
    return appeal


async def _order_of(tx: Tx, store_id: str, ambassador_id: str, number: int | None, order_id: str | None) -> str:
    """The order of the ambassador's friend that is meant, else the newest. Raises `NotFound`."""
    if number is not None and 0 < number < 2**31:
        for seen in await friend_numbers.friends(tx, store_id, ambassador_id, number=number, count=OF_ONE):
            if order_id in (None, seen.order.order_id):
                return seen.order.order_id
    raise NotFound("There is no friend with this number.", code="friend_not_found")


async def get(tx: Tx, store_id: str, appeal_id: str) -> Appeal:
    """One appeal. Raises `AppealNotFound`."""
    found = await sql.one(tx, store_id, appeal_id)
    if found is None:
        raise AppealNotFound("There is no such appeal.")
    return found


async def answer(
    tx: Tx, store_id: str, appeal_id: str, *, verdict: Verdict, words: str, order_id: str | None = None
) -> Appeal:
    """The store's answer. `order_id` says which order a missing friend made; of others it is known.

    Raises `AppealNotFound`, `AlreadyAnswered`, or `Invalid` for no words, or for an order that is not there.
    """
    # Before anything is read: what has not settled then, cannot settle before the code is on it.
    await tx.lock_stores([store_id])
    appeal = await sql.one(tx, store_id, appeal_id, lock=True)
    if appeal is None:
        raise AppealNotFound("There is no such appeal.")
    if appeal.state != "open":
        raise AlreadyAnswered("This appeal was answered already.")
    text = written(words)
    if not text:
        raise Invalid.field("words", "Say why: the ambassador reads it.", code="missing")
    accepted = verdict == "accept"
    # Which order a missing friend made, only an accepting answer says: what was typed else is nobody's order.
    about = appeal.order_id or (order_id if accepted else None)
    outcome: Outcome = await _grant(tx, appeal, about) if accepted else "nothing"
    state: Literal["accepted", "refused"] = "accepted" if accepted else "refused"
    await sql.answer(tx, appeal, state=state, at=tx.now, words=text, outcome=outcome, order_id=about)
    tx.note("appeal.answered", on=appeal_id, after={"outcome": outcome, "ambassador_id": appeal.ambassador_id})
    tx.emit(
        AppealAnswered(
            store_id=store_id,
            appeal_id=appeal_id,
            ambassador_id=appeal.ambassador_id,
            kind=appeal.kind,
            friend_number=appeal.friend_number,
            order_id=about,
            verdict=state,
            outcome=outcome,
            opened_at=appeal.opened_at,
            answered_at=tx.now,
        )
    )
    return await get(tx, store_id, appeal_id)


async def _grant(tx: Tx, appeal: Appeal, order_id: str | None) -> Outcome:
    """Has the order count as the ambassador's, if it still can. Says what came of it."""
    if order_id is None:
        raise Invalid.field("order_id", "Say which order the missing friend made.", code="missing")
    found = await prospect(tx, appeal, order_id)
    if found is None:
        raise Invalid.field("order_id", "There is no such order, or it is not decided yet.", code="not_found")
    if found.report is not None:
        await orders_sql.take(tx, [_fact(found.report, tx.now)])
    return found.outcome


async def prospect(tx: Tx, appeal: Appeal, order_id: str) -> Prospect | None:
    """What accepting the appeal would bring about on an order; None for an order that is not there, or not decided."""
    row = (await order_rows.by_id(tx, [(appeal.store_id, order_id)])).get((appeal.store_id, order_id))
    if row is None:
        return None
    if await _is_theirs(tx, row, appeal.ambassador_id):
        return Prospect(row, "stands")
    if row.settled_at is not None:
        return Prospect(row, "goodwill")
    held = oldest_first(await orders_sql.reports(tx, appeal.store_id, order_id))[-1].report
    codes = [code for _, code in await slices_sql.codes_of_ambassadors(tx, [(appeal.store_id, appeal.ambassador_id)])]
    if not codes:
        return Prospect(row, "goodwill")
    if await order_rows.has_more_than(tx, (row.store_id, row.person_id), _MOST_ORDERS):
        return Prospect(row, "goodwill", too_many=True)
    made = await suppose(tx, row, _with_codes(held, codes[:_TRIED], appeal))
    if _would_win(made) != appeal.ambassador_id:
        return Prospect(row, "goodwill", refused=_refusal(made, appeal.ambassador_id))
    return Prospect(
        row, "attributed", _with_codes(held, [_winning_code(made, appeal.ambassador_id) or codes[0]], appeal)
    )


async def _is_theirs(tx: Tx, row: OrderRow, ambassador_id: str) -> bool:
    """Whether the order counts as the ambassador's already, or will as soon as it is paid."""
    if row.status != "pending":
        return row.ambassador_id == ambassador_id
    stored = await reading.decision(tx, row.store_id, row.order_id, row.revision)
    body = DecisionBody.model_validate_json(stored.body) if stored else None
    return body is not None and _would_win(body) == ambassador_id


def _would_win(made: Decision | DecisionBody) -> str | None:
    """Whose the order is. Of one that waits, whose it will be: the first that waits is the strongest."""
    first = made.candidates[0] if made.candidates else None
    waits = made.status == "pending" and first is not None and first.verdict == "waiting"
    return first.ambassador_id if waits and first is not None else made.ambassador_id


def _refusal(made: Decision, ambassador_id: str) -> str:
    """Why the ambassador's own proof lost, if it did; else why the order is decided as it is."""
    own = [one.reason for one in made.candidates if one.ambassador_id == ambassador_id and one.verdict == "refused"]
    return own[0] if own else made.reason


def _winning_code(made: Decision, ambassador_id: str) -> str | None:
    """By which of the ambassador's codes the order would be theirs."""
    own = [one for one in made.candidates if one.ambassador_id == ambassador_id and one.code is not None]
    return next((one.code for one in own if one.verdict != "refused"), None)


def _with_codes(held: OrderReported, codes: Sequence[str], appeal: Appeal) -> OrderAmended:
    """The order as it is held, with these codes of the ambassador on it. It says nothing newer than what it repeats, so
    it takes the time of that: a cancellation without a time of its own holds for both.
    """
    kept = held.model_dump(exclude={"fact_id", "tokens", "token_problems", "codes"})
    return OrderAmended.model_validate({**kept, "fact_id": f"appeal:{appeal.appeal_id}", "codes": tuple(codes)})


def _fact(report: OrderAmended, at: datetime) -> ReportedFact:
    body = report.__pydantic_serializer__.to_json(report, exclude_none=True)
    about = (report.store_id, report.order_id)
    return ReportedFact(*about, report.fact_id, "report", at, new_id("evt"), report.TYPE, trace.current(about), body)
