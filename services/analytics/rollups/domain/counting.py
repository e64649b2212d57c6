"""What each state counts as. One function per kind; `sign` −1 takes back exactly what +1 added.

A change of a state is therefore always: count the old one with −1, the new one with +1.
"""

from datetime import date, datetime, timedelta

from contracts.events.conversions import Conversion
from contracts.events.tracking import ClickRecorded
from services.analytics.facts.domain import POINTS, Friend, Order, Reward, Share
from services.analytics.rollups.domain.measures import NO_CURRENCY, NO_PROGRAM, Deltas
from services.analytics.slices.domain import Ambassador, week_of

VIRAL_WINDOW = timedelta(days=30)
"""In which shares, new customers and new ambassadors count for the cohort of those who joined that day."""

LONGEST_LAG_DAYS = 400
NO_CHANNEL = ""


def count_click(deltas: Deltas, click: ClickRecorded, day: date) -> None:
    """A click counts once, for good. Robots and prefetches are counted apart and in no channel."""
    store_id, program_id, channel = click.store_id, click.program_id, click.channel or ""
    if click.quality == "person":
        deltas.add("daily", (store_id, day, program_id, NO_CURRENCY), clicks=1)
        deltas.add("daily_channels", (store_id, day, program_id, channel, NO_CURRENCY), clicks=1)
        _own(deltas, store_id, day, program_id, click.ambassador_id, channel, NO_CURRENCY, clicks=1)
        _result(deltas, store_id, click.ambassador_id, clicks=1)
        _active(deltas, store_id, click.ambassador_id, click.at)
        deltas.add("link_results", (store_id, click.link_id, click.ambassador_id), clicks=1)
    else:
        deltas.add("daily", (store_id, day, program_id, NO_CURRENCY), **{f"clicks_{click.quality}": 1})


def count_ambassador(deltas: Deltas, ambassador: Ambassador, sign: int) -> None:
    """Somebody joined. Blocked and erased people stay counted: they did join."""
    key = (ambassador.store_id, ambassador.day, ambassador.program_id, NO_CURRENCY)
    deltas.add("daily", key, joined=sign)


def count_share(deltas: Deltas, share: Share, sign: int) -> None:
    """A share counts on its day, and for its ambassador's cohort within the window."""
    deltas.add("daily", (share.store_id, share.day, share.program_id, NO_CURRENCY), shares=sign)
    deltas.add("daily_channels", (share.store_id, share.day, share.program_id, share.channel, NO_CURRENCY), shares=sign)
    if share.ambassador_id:
        _lead(deltas, share.store_id, share.day, NO_CURRENCY, share.ambassador_id, share.program_id, shares=sign)
    if share.joined_at and share.joined_day and share.at - share.joined_at <= VIRAL_WINDOW:
        deltas.add("daily", (share.store_id, share.joined_day, share.program_id, NO_CURRENCY), cohort_shares=sign)


def count_friend(deltas: Deltas, friend: Friend, sign: int) -> None:
    """A friend counts on the day of the first touch, whenever the rest happens: so the funnel is a cohort."""
    if friend.day is None or friend.first_at is None:
        return
    signed_up = friend.signed_up_at is not None and friend.signed_up_at >= friend.first_at
    bought = friend.kept + friend.held + friend.refunded > 0
    deltas.add(
        "daily",
        (friend.store_id, friend.day, friend.program_id, NO_CURRENCY),
        friends=sign,
        friends_signed_up=sign * signed_up,
        friends_bought=sign * bought,
        friends_kept=sign * (friend.kept > 0),
        friends_held=sign * (friend.kept <= 0 and friend.held > 0),
    )
    deltas.add(
        "daily_channels",
        (friend.store_id, friend.day, friend.program_id, friend.channel, NO_CURRENCY),
        friends=sign,
        friends_bought=sign * bought,
    )
    _lead(deltas, friend.store_id, friend.day, NO_CURRENCY, friend.ambassador_id, friend.program_id, friends=sign)
    _own(
        deltas, friend.store_id, friend.day, friend.program_id, friend.ambassador_id, friend.channel, NO_CURRENCY,
        friends=sign,
    )  # fmt: skip
    _result(deltas, friend.store_id, friend.ambassador_id, friends=sign)
    if friend.link_id:
        deltas.add("link_results", (friend.store_id, friend.link_id, friend.ambassador_id), friends=sign)


def count_activity(deltas: Deltas, decided: Conversion) -> None:
    """Whoever an order was once attributed to was active when it was placed, whatever became of it since: all events
    say so, each as often as it comes.
    """
    if decided.status == "attributed":
        _active(deltas, decided.store_id, decided.ambassador_id, decided.placed_at)


def count_order(deltas: Deltas, order: Order, sign: int) -> None:
    """An order counts on the day it was placed, with its newest figures, under exactly one disposition."""
    program_id = order.program_id if order.status in {"attributed", "rejected"} else NO_PROGRAM
    deltas.add("daily_reasons", (order.store_id, order.day, program_id, order.disposition, order.reason), orders=sign)
    if order.attributed:
        _count_referred(deltas, order, sign)
    elif order.disposition in {"unattributed", "rejected"}:
        deltas.add(
            "daily",
            (order.store_id, order.day, NO_PROGRAM, order.currency),
            other_orders=sign,
            other_gross_minor=sign * order.total_minor,
            other_refunds_minor=sign * order.refunded_minor,
            first_orders=sign * (order.order_number == 1),
        )


def _count_referred(deltas: Deltas, order: Order, sign: int) -> None:
    first = sign * (order.order_number == 1)
    money = {"gross_minor": sign * order.total_minor, "refunds_minor": sign * order.refunded_minor}
    customers = sign * order.new_customer
    deltas.add(
        "daily",
        (order.store_id, order.day, order.program_id, order.currency),
        orders=sign,
        orders_refunded=sign * order.paid_back,
        customers=customers,
        customers_turned=sign * (order.new_customer and order.turned_at is not None),
        first_orders=first,
        referred_first_orders=first,
        discount_cost_minor=sign * order.discount_cost_minor,
        **money,
    )
    deltas.add(
        "daily_channels",
        (order.store_id, order.day, order.program_id, order.channel, order.currency),
        orders=sign,
        orders_by_code=sign * (order.kind == "code"),
        customers=customers,
        **money,
    )
    _lead(
        deltas, order.store_id, order.day, order.currency, order.ambassador_id, order.program_id,
        orders=sign, customers=customers, **money,
    )  # fmt: skip
    _own(
        deltas, order.store_id, order.day, order.program_id, order.ambassador_id, order.channel, order.currency,
        orders=sign,
    )  # fmt: skip
    kept = order.total_minor - order.refunded_minor
    own_money = order.currency == deltas.currencies.get(order.store_id)
    _result(deltas, order.store_id, order.ambassador_id, orders=sign, revenue_minor=sign * kept * own_money)
    if order.link_id:
        deltas.add("link_results", (order.store_id, order.link_id, order.ambassador_id), orders=sign)
        month = order.day.replace(day=1)
        deltas.add("link_months", (order.store_id, month, order.link_id, order.ambassador_id), orders=sign)
    if order.friend:
        state = "refunded" if order.paid_back else "kept" if order.settled else "held"
        deltas.add_friend((order.store_id, order.friend), **{state: sign})
    if order.new_customer and order.joined_at and order.joined_day:
        _count_for_cohort(deltas, order, order.joined_at, order.joined_day, sign)


def _count_for_cohort(deltas: Deltas, order: Order, joined_at: datetime, joined_day: date, sign: int) -> None:
    """A new customer counts for the ambassador's cohort, and once more as its child on becoming an ambassador too.

    Only like begets like: K compares ambassadors with ambassadors. What came before the joining was not brought by it.
    """
    cohort = (order.store_id, joined_day, order.program_id, NO_CURRENCY)
    if timedelta(0) <= order.placed_at - joined_at <= VIRAL_WINDOW:
        deltas.add("daily", cohort, cohort_customers=sign)
    if order.turned_at is None or order.turned_day is None or order.turned_at < joined_at:
        return
    lag = order.turned_at - joined_at
    if lag <= VIRAL_WINDOW:
        deltas.add("daily", cohort, cohort_children=sign)
    lag_days = min(lag.days, LONGEST_LAG_DAYS)
    deltas.add("cycles", (order.store_id, order.turned_day, order.program_id, lag_days), pairs=sign)


def count_reward(deltas: Deltas, reward: Reward, sign: int) -> None:
    """A reward is a cost on its order's day, as long as it is not refused; and it is owed by its status."""
    amount = sign * reward.amount_minor
    if reward.costs:
        side = "ambassador_cost_minor" if reward.kind == "ambassador" else "friend_cost_minor"
        deltas.add("daily", (reward.store_id, reward.day, reward.program_id, reward.currency), **{side: amount})
        if reward.kind == "ambassador":
            _lead(
                deltas, reward.store_id, reward.day, reward.currency, reward.beneficiary_id, reward.program_id,
                reward_minor=amount,
            )  # fmt: skip
            _own(
                deltas, reward.store_id, reward.day, reward.program_id, reward.beneficiary_id, NO_CHANNEL,
                reward.currency, reward_minor=amount,
            )  # fmt: skip
            _count_result_of(deltas, reward, amount)
    deltas.add(
        "owed",
        (reward.store_id, reward.program_id, reward.currency, reward.kind, reward.status),
        rewards=sign,
        amount_minor=amount,
    )


def _count_result_of(deltas: Deltas, reward: Reward, amount: int) -> None:
    points = amount * (reward.currency == POINTS)
    money = amount * (reward.currency == deltas.currencies.get(reward.store_id))
    available = money * (reward.status == "available")
    _result(
        deltas, reward.store_id, reward.beneficiary_id, reward_minor=money, available_minor=available, points=points
    )


def _lead(
    deltas: Deltas, store_id: str, day: date, currency: str, ambassador_id: str, program_id: str, **amounts: int
) -> None:
    """Leaderboards by day and by week: a period is made of whole weeks and the days at its edges."""
    if ambassador_id:
        deltas.add("leaders", (store_id, "day", day, currency, ambassador_id, program_id), **amounts)
        deltas.add("leaders", (store_id, "week", week_of(day), currency, ambassador_id, program_id), **amounts)


def _own(
    deltas: Deltas,
    store_id: str,
    day: date,
    program_id: str,
    ambassador_id: str,
    channel: str,
    currency: str,
    **amounts: int,
) -> None:
    """What one ambassador brought in a month, by channel; of rewards, which have none, the sum."""
    if ambassador_id:
        deltas.add("own", (store_id, day.replace(day=1), program_id, ambassador_id, channel, currency), **amounts)


def _result(deltas: Deltas, store_id: str, ambassador_id: str | None, **amounts: int) -> None:
    """What one ambassador brought, ever."""
    if ambassador_id:
        deltas.add("results", (store_id, ambassador_id), **amounts)


def _active(deltas: Deltas, store_id: str, ambassador_id: str | None, at: datetime) -> None:
    if ambassador_id:
        deltas.reach("results", (store_id, ambassador_id), last_active_s=int(at.timestamp()))
