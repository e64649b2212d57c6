"""Goodwill is given, decided by a second person, taken back: the books, the reward and its life in one go.

Everything happens under the store's lock, so that two who give at once see each other's sums.
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from contracts.program import Program
from services.common.periods import local_day, window
from services.kernel.db import Tx
from services.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from services.kernel.ids import new_id
from services.rewards.goodwill import sql
from services.rewards.goodwill.domain import GivingLimit, Goodwill, reward_of
from services.rewards.grants.actions.regrant import settle_changes
from services.rewards.grants.actions.release import let_go
from services.rewards.grants.domain.plan import taken_back
from services.rewards.grants.sql import counters
from services.rewards.grants.sql import rewards as rewards_sql
from services.rewards.lots.domain import Term
from services.rewards.rules.domain import POINTS, PayAs
from services.rewards.slices import sql as slices


class AmbassadorNotFound(NotFound):
    """Nobody has this id in this store, or no longer."""

    code = "ambassador_not_found"

    def __init__(self, ambassador_id: str) -> None:
        super().__init__(
            f"There is no ambassador {ambassador_id}. Who joined a moment ago is known here within some seconds."
        )


class AmbassadorBlocked(Conflict):
    """Whoever is blocked is given nothing."""

    code = "ambassador_blocked"

    def __init__(self, ambassador_id: str) -> None:
        super().__init__(f"Ambassador {ambassador_id} is blocked: unblock them first.")


class GoodwillNotFound(NotFound):
    """Nothing was given under this id in this store."""

    code = "goodwill_not_found"

    def __init__(self, goodwill_id: str) -> None:
        super().__init__(f"There is no goodwill {goodwill_id}.")


class BudgetUsedUp(Conflict):
    """The program has not that much left."""

    code = "budget_used_up"


class GoodwillState(Conflict):
    """It stands where that cannot be done any more."""

    code = "goodwill_state"

    def __init__(self, one: Goodwill, wanted: str) -> None:
        super().__init__(f"Goodwill {one.goodwill_id} is {one.status}: it cannot be {wanted}.")


class NotThatMuchLeft(Conflict):
    """More is to be taken back than is left."""

    code = "not_that_much_left"

    def __init__(self, one: Goodwill) -> None:
        super().__init__(
            f"Of goodwill {one.goodwill_id} {one.left_minor} is left: take back that much or less.",
            members={"left": str(one.left_minor)},
        )


class SecondPersonNeeded(Forbidden):
    """Above their limit somebody else must approve."""

    code = "second_person_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to give. `unit` is a currency, or points."""

    ambassador_id: str
    pay_as: PayAs
    unit: str
    amount_minor: int
    reason: str
    expires_after_days: int | None = None
    """Whole days after the day of the grant; 0 for never, None for as the program says."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a principal may give alone now."""

    limit: GivingLimit
    given: int

    def needs_second(self, amount_minor: int) -> bool:
        """Whether that much more waits for somebody else."""
        return self.given + amount_minor > self.limit.amount_minor

    @property
    def left(self) -> int:
        """What is left of it in the period that is running."""
        return max(0, self.limit.amount_minor - self.given)


async def give(tx: Tx, store_id: str, wish: Wish) -> Goodwill:
    """Gives an ambassador something of their program, at once where whoever acts may give that much alone. Else it
    waits for somebody else.

    Raises `AmbassadorNotFound`, `AmbassadorBlocked`, `BudgetUsedUp`, and `Invalid` for another currency than the
    program's.
    """
    await tx.lock_stores([store_id])
    program_id = await _program_of(tx, store_id, wish.ambassador_id)
    program = await slices.newest(tx, store_id, program_id)
    if program is None:
        raise AmbassadorNotFound(wish.ambassador_id)
    if wish.unit not in (POINTS, program.currency):
        detail = f"The ambassador's program pays in {program.currency}: give an amount in that, or points."
        raise Invalid.field("currency", detail, code="other_currency")
    if wish.pay_as == "cash" and wish.expires_after_days:
        detail = "Cash does not expire: give store credit or points, or leave expires_after_days out."
        raise Invalid.field("expires_after_days", detail, code="cash")
    allowance = await allowance_of(tx, store_id, wish.unit)
    waits = allowance.needs_second(wish.amount_minor)
    one = Goodwill(
        store_id=store_id,
        goodwill_id=new_id("gwl", at=tx.now),
        ambassador_id=wish.ambassador_id,
        program_id=program_id,
        pay_as=wish.pay_as,
        unit=wish.unit,
        currency=program.currency,
        amount_minor=wish.amount_minor,
        reason=wish.reason,
        status="waiting",
        made_by=tx.actor.id,
        made_at=tx.now,
        day=await today(tx, store_id),
        unaided=False,
        expires_after_days=_expires(wish, program),
    )
    if waits:
        await _room(tx, one)  # nobody is asked for what cannot be
        await sql.add(tx, one)
    else:
        one = await _granted(tx, replace(one, unaided=True))
        await sql.add(tx, one)
    kind, action = ("asked", "goodwill.asked") if waits else ("granted", "goodwill.granted")
    await sql.add_step(tx, one, kind, amount_minor=one.amount_minor)
    _note(tx, action, one)
    return one


async def approve(tx: Tx, store_id: str, goodwill_id: str) -> Goodwill:
    """Lets what waits be granted. A repeat changes nothing.

    Raises `SecondPersonNeeded` for who asked for it, `GoodwillState`, and what `give` raises of the ambassador and the
    budget.
    """
    await tx.lock_stores([store_id])
    before = await get(tx, store_id, goodwill_id)
    if before.status == "granted" and not before.unaided:
        return before
    if before.status != "waiting":
        raise GoodwillState(before, "approved")
    if tx.actor.id == before.made_by:
        raise SecondPersonNeeded(
            "Goodwill above the limit is approved by somebody other than who asked for it: another key, or somebody who"
            " signed in with one."
        )
    await _program_of(tx, store_id, before.ambassador_id)
    after = await _granted(tx, replace(before, day=await today(tx, store_id)))
    await sql.decide(tx, after)
    await sql.add_step(tx, after, "approved", amount_minor=after.amount_minor)
    _note(tx, "goodwill.approved", after, before=before)
    return after


async def refuse(tx: Tx, store_id: str, goodwill_id: str, *, reason: str | None) -> Goodwill:
    """Ends what waits. Whoever asked for it may do so too. A repeat changes nothing. Raises `GoodwillState`."""
    await tx.lock_stores([store_id])
    before = await get(tx, store_id, goodwill_id)
    if before.status == "refused":
        return before
    if before.status != "waiting":
        raise GoodwillState(before, "refused")
    after = replace(before, status="refused", decided_by=tx.actor.id, decided_at=tx.now)
    await sql.decide(tx, after)
    await sql.add_step(tx, after, "refused", amount_minor=after.amount_minor, reason=await _kept(tx, after, reason))
    _note(tx, "goodwill.refused", after, before=before)
    return after


async def take_back(tx: Tx, store_id: str, goodwill_id: str, *, amount_minor: int | None, reason: str) -> Goodwill:
    """Takes back some of what was given, or all that is left of it. It leaves the account in which it lies: what was
    paid out meanwhile is carried forward, as with every other claw-back. What one may give alone does not grow by it.

    Raises `GoodwillState` and `NotThatMuchLeft`.
    """
    await tx.lock_stores([store_id])
    before = await get(tx, store_id, goodwill_id)
    if before.reward_id is None:
        raise GoodwillState(before, "taken back")
    amount = before.left_minor if amount_minor is None else amount_minor
    if amount > before.left_minor or before.left_minor == 0:
        raise NotThatMuchLeft(before)
    reward = await rewards_sql.one(tx, store_id, before.reward_id)
    assert reward is not None
    await settle_changes(tx, [taken_back(reward, amount_minor=amount, now=tx.now)])
    after = replace(before, left_minor=before.left_minor - amount)
    await sql.add_step(tx, after, "taken_back", amount_minor=amount, reason=await _kept(tx, after, reason))
    tx.note(
        "goodwill.taken_back",
        on=goodwill_id,
        before={"amount_minor": before.left_minor},
        after={"amount_minor": after.left_minor, "currency": after.unit, "ambassador_id": after.ambassador_id},
    )
    return after


async def get(tx: Tx, store_id: str, goodwill_id: str) -> Goodwill:
    """One. Raises `GoodwillNotFound`."""
    one = await sql.get(tx, store_id, goodwill_id)
    if one is None:
        raise GoodwillNotFound(goodwill_id)
    return one


async def allowance_of(tx: Tx, store_id: str, unit: str) -> Allowance:
    """What whoever acts may still give alone, in the period that is running where the store is."""
    day = await today(tx, store_id)
    limit = (await sql.terms(tx, store_id, unit)).limit_at(tx.now, day)
    first, last = window(limit.period, day)
    given = await sql.given_alone(tx, store_id, by=tx.actor.id, unit=unit, first=first, last=last)
    return Allowance(limit, given)


async def today(tx: Tx, store_id: str) -> date:
    """The day where the store is."""
    return local_day(tx.now, ZoneInfo((await slices.shop(tx, store_id)).timezone))


async def _program_of(tx: Tx, store_id: str, ambassador_id: str) -> str:
    """The program of who can be given something."""
    ambassador = await slices.ambassador(tx, store_id, ambassador_id)
    if ambassador is None or ambassador.status == "erased":
        raise AmbassadorNotFound(ambassador_id)
    if ambassador.status == "blocked":
        raise AmbassadorBlocked(ambassador_id)
    return ambassador.program_id


async def _kept(tx: Tx, one: Goodwill, reason: str | None) -> str | None:
    """The words as they are kept: none about somebody who was erased."""
    ambassador = await slices.ambassador(tx, one.store_id, one.ambassador_id)
    return None if ambassador is None or ambassador.status == "erased" else reason


async def _granted(tx: Tx, one: Goodwill) -> Goodwill:
    """Posts and announces it, as any other reward, and makes it available in the same moment."""
    room = await _room(tx, one)
    program_version = await slices.newest_version(tx, one.store_id, one.program_id)
    reward_id = new_id("rwd", at=tx.now)
    change = reward_of(one, reward_id=reward_id, program_version=program_version, room=room, now=tx.now)
    await settle_changes(tx, [change])
    posted = await rewards_sql.one(tx, one.store_id, reward_id)
    assert posted is not None
    await let_go(tx, [posted], term=Term(one.expires_after_days or 0))
    return replace(
        one,
        status="granted",
        decided_by=tx.actor.id,
        decided_at=tx.now,
        reward_id=reward_id,
        left_minor=one.amount_minor,
    )


def _expires(wish: Wish, program: Program) -> int | None:
    if wish.pay_as == "cash":
        return None
    return (program.goodwill_expires_after_days if wish.expires_after_days is None else wish.expires_after_days) or None


async def _room(tx: Tx, one: Goodwill) -> int | None:
    """What the program's budget has left; None where it has none. Raises `BudgetUsedUp` where that is too little."""
    key = (one.store_id, one.program_id, one.unit)
    budgets = await slices.budgets(tx, [key[:2]])
    if key not in budgets:
        return None
    spent = await counters.spent(tx, [key[:2]])
    room = max(0, budgets[key] - spent.get(key, 0))
    if one.amount_minor > room:
        raise BudgetUsedUp(
            f"The program's budget has {room} left: give that much or less, or raise the budget.",
            members={"left": str(room)},
        )
    return room


def _note(tx: Tx, action: str, one: Goodwill, *, before: Goodwill | None = None) -> None:
    figures = {"status": one.status, "amount_minor": one.amount_minor, "currency": one.unit}
    tx.note(
        action,
        on=one.goodwill_id,
        before={} if before is None else {"status": before.status},
        after=figures | {"ambassador_id": one.ambassador_id},
    )
