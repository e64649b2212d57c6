"""What the roll-ups must be in the end, computed in the plainest way from all that is known: no differences."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contracts.events import Payload, tracking
from contracts.events.catalog import AmbassadorSaved, ProgramPublished
from contracts.events.conversions import Conversion
from contracts.events.rewards import Reward

Rows = dict[str, dict[tuple[Any, ...], dict[str, int]]]
WINDOW = timedelta(days=30)


class Oracle:
    """One store's events, each told any number of times."""

    def __init__(self, payloads: Iterable[Payload], zone: str) -> None:
        self.zone = ZoneInfo(zone)
        self.rows: Rows = {
            name: defaultdict(lambda: defaultdict(int))
            for name in (
                *("daily", "daily_channels", "daily_placements", "daily_reasons", "leaders", "own", "cycles", "owed"),
                *("results", "link_results", "link_months"),
            )
        }
        reported = list(payloads)
        self.clicks = {p.click_id: p for p in reported if isinstance(p, tracking.ClickRecorded)}
        self.reports = {p.track_id: p for p in reported if isinstance(p, tracking.TrackingPayload)}
        self.orders = newest(reported, Conversion, lambda p: p.order_id)
        self.rewards = newest(reported, Reward, lambda p: p.reward_id)
        self.ambassadors = newest(reported, AmbassadorSaved, lambda p: p.ambassador_id)
        self.decided = [p for p in reported if isinstance(p, Conversion)]
        self.versions = [p for p in reported if isinstance(p, ProgramPublished)]
        self.names: dict[str, set[str]] = defaultdict(set)
        for payload in reported:
            if isinstance(payload, Conversion) and payload.status == "attributed":
                self.names[payload.friend_id] |= {payload.friend_id, *payload.friend_contacts}

    def day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def add(self, rollup: str, *key: Any, **amounts: int) -> None:
        row = self.rows[rollup][key]
        for name, amount in amounts.items():
            row[name] += amount

    def result(self, store: str, ambassador: str, **amounts: int) -> None:
        if ambassador:
            self.add("results", store, ambassador, **amounts)

    def active(self, store: str, ambassador: str | None, at: datetime) -> None:
        if ambassador:
            row = self.rows["results"][store, ambassador]
            row["last_active_s"] = max(row["last_active_s"], int(at.timestamp()))

    def lead(self, store: str, day: date, currency: str, ambassador: str, program: str, **amounts: int) -> None:
        if ambassador:
            self.add("leaders", store, "day", day, currency, ambassador, program, **amounts)
            monday = day - timedelta(days=day.weekday())
            self.add("leaders", store, "week", monday, currency, ambassador, program, **amounts)

    def own(
        self, store: str, day: date, program: str, ambassador: str, channel: str, currency: str, **amounts: int
    ) -> None:
        if ambassador:
            self.add("own", store, day.replace(day=1), program, ambassador, channel, currency, **amounts)

    def computed(self) -> Rows:
        """All roll-ups without zeros."""
        for click in self.clicks.values():
            day, name = self.day(click.at), {"person": "clicks"}.get(click.quality, f"clicks_{click.quality}")
            self.add("daily", click.store_id, day, click.program_id, "", **{name: 1})
            if click.quality == "person":
                self.add("daily_channels", click.store_id, day, click.program_id, click.channel or "", "", clicks=1)
                self.own(click.store_id, day, click.program_id, click.ambassador_id, click.channel or "", "", clicks=1)
                self.result(click.store_id, click.ambassador_id, clicks=1)
                self.active(click.store_id, click.ambassador_id, click.at)
                self.add("link_results", click.store_id, click.link_id, click.ambassador_id, clicks=1)
        for report in self.reports.values():
            self.report(report)
        for ambassador in self.ambassadors.values():
            day = self.day(ambassador.created_at)
            self.add("daily", ambassador.store_id, day, ambassador.program_id, "", joined=1)
        for order in self.orders.values():
            self.order(order)
        for decision in self.decided:
            self.active(
                decision.store_id,
                decision.ambassador_id if decision.status == "attributed" else None,
                decision.placed_at,
            )
        self.friends()
        for reward in self.rewards.values():
            self.reward(reward)
        return {
            name: {key: kept for key, row in rows.items() if (kept := {n: v for n, v in row.items() if v})}
            for name, rows in self.rows.items()
        }

    def report(self, report: tracking.TrackingPayload) -> None:
        day, store = self.day(report.at), report.store_id
        referred = touch(report)
        program = report.token.program_id if report.token and referred else ""
        if isinstance(report, tracking.VisitRecorded):
            self.add("daily", store, day, program, "", visits=1, visits_referred=int(referred))
        elif isinstance(report, tracking.SignupRecorded):
            self.add("daily", store, day, program, "", signups=1)
        elif isinstance(report, tracking.WidgetViewed):
            self.add("daily", store, day, "", "", widget_views=1)
            self.add("daily_placements", store, day, report.placement or "", views=1)
        elif isinstance(report, tracking.ShareRecorded):
            self.share(report, day)

    def share(self, share: tracking.ShareRecorded, day: date) -> None:
        store = share.store_id
        named = [a for a in self.ambassadors.values() if share.customer.id and a.external_id == share.customer.id]
        owner = min(named, key=lambda a: (a.created_at, a.ambassador_id), default=None)
        program = owner.program_id if owner else ""
        self.add("daily", store, day, program, "", shares=1)
        self.add("daily_channels", store, day, program, share.channel or "", "", shares=1)
        if owner:
            self.lead(store, day, "", owner.ambassador_id, program, shares=1)
            if share.at - owner.created_at <= WINDOW:
                self.add("daily", store, self.day(owner.created_at), program, "", cohort_shares=1)

    def order(self, order: Conversion) -> None:
        store, day = order.store_id, self.day(order.placed_at)
        state = "cancelled" if order.cancelled else "waiting" if order.status == "pending" else order.status
        program = (order.program_id or "") if order.status in ("attributed", "rejected") else ""
        self.add("daily_reasons", store, day, program, state, order.reason, orders=1)
        total, back, currency = order.figures.total_minor, order.refunded_minor, order.figures.currency
        first = int(order.order_number == 1)
        if state in ("unattributed", "rejected"):
            self.add(
                "daily", store, day, "", currency,
                other_orders=1, other_gross_minor=total, other_refunds_minor=back, first_orders=first,
            )  # fmt: skip
        if state != "attributed":
            return
        assert order.winner is not None
        owner = self.ambassadors.get(order.ambassador_id or "")
        kind = order.winner.kind
        click = self.clicks.get(order.winner.click_id or order.click_id or "")
        channel = (click.channel if click else None) or (kind if kind != "click" else "")
        new = int(order.new_customer)
        joins = [
            a.created_at
            for a in self.ambassadors.values()
            if new
            and self.names[order.friend_id] & {a.external_id, *a.contact_hashes}
            and a.created_at >= order.placed_at
        ]
        turned = min(joins, default=None)
        self.add(
            "daily", store, day, program, currency,
            orders=1, orders_refunded=int(back >= total > 0), customers=new, customers_turned=int(turned is not None),
            gross_minor=total, refunds_minor=back, first_orders=first, referred_first_orders=first,
            discount_cost_minor=self.discount(order),
        )  # fmt: skip
        money = {"gross_minor": total, "refunds_minor": back}
        by_code = int(kind == "code")
        self.add(
            "daily_channels", store, day, program, channel, currency,
            orders=1, orders_by_code=by_code, customers=new, **money,
        )  # fmt: skip
        self.lead(store, day, currency, order.ambassador_id or "", program, orders=1, customers=new, **money)
        self.own(store, day, program, order.ambassador_id or "", channel, currency, orders=1)
        if order.winner.link_id:
            self.add("link_results", store, order.winner.link_id, order.ambassador_id, orders=1)
            self.add("link_months", store, day.replace(day=1), order.winner.link_id, order.ambassador_id, orders=1)
        self.result(store, order.ambassador_id or "", orders=1, revenue_minor=total - back if currency == "EUR" else 0)
        if not new or owner is None:
            return
        cohort = (store, self.day(owner.created_at), program, "")
        if timedelta(0) <= order.placed_at - owner.created_at <= WINDOW:
            self.add("daily", *cohort, cohort_customers=1)
        if turned is not None and turned >= owner.created_at:
            lag = turned - owner.created_at
            self.add("cycles", store, self.day(turned), program, min(lag.days, 400), pairs=1)
            if lag <= WINDOW:
                self.add("daily", *cohort, cohort_children=1)

    def discount(self, order: Conversion) -> int:
        """What the one version promised of the order's discounts, in proportion to what was not paid back."""
        if not self.versions or order.figures.currency != "EUR" or order.order_number != 1:
            return 0
        [give] = {v.program.discount.give.amount_minor for v in self.versions if v.program.discount}  # type: ignore[union-attr]
        before = order.figures.subtotal_minor + order.figures.discount_minor
        cost, total = min(order.figures.discount_minor, give, before), order.figures.total_minor
        kept = max(0, total - order.refunded_minor)
        return (2 * cost * kept + total) // (2 * total) if total else cost

    def friends(self) -> None:
        touches = [r for r in self.reports.values() if touch(r)]
        seen: dict[str, tuple[datetime, str]] = {}
        for report in touches:
            assert report.token is not None
            assert report.visitor_id is not None
            best = (report.at, report.visitor_id)
            seen[report.token.click_id] = min(seen.get(report.token.click_id, best), best)
        for visitor in {r.visitor_id for r in touches}:
            first = min((r for r in touches if r.visitor_id == visitor), key=lambda r: (r.at, r.token.click_id))  # type: ignore[union-attr]
            assert first.token is not None
            self.add("link_results", first.store_id, first.token.link_id, first.token.ambassador_id, friends=1)
            store, day, program = first.store_id, self.day(first.at), first.token.program_id
            ups = [
                r.at
                for r in self.reports.values()
                if isinstance(r, tracking.SignupRecorded) and r.visitor_id == visitor
            ]
            orders = [
                o
                for o in self.orders.values()
                if o.status == "attributed" and not o.cancelled and self.visitor_of(o, seen) == visitor
            ]
            standing = [o for o in orders if not o.refunded_minor >= o.figures.total_minor > 0]
            kept = any(o.settled_at for o in standing)
            amounts = {
                "friends": 1,
                "friends_signed_up": int(bool(ups) and min(ups) >= first.at),
                "friends_bought": int(bool(orders)),
                "friends_kept": int(kept),
                "friends_held": int(bool(standing) and not kept),
            }
            self.add("daily", store, day, program, "", **amounts)
            click = self.clicks.get(first.token.click_id)
            channel = click.channel or "" if click else ""
            bought = amounts["friends_bought"]
            self.add("daily_channels", store, day, program, channel, "", friends=1, friends_bought=bought)
            self.lead(store, day, "", first.token.ambassador_id, program, friends=1)
            self.own(store, day, program, first.token.ambassador_id, channel, "", friends=1)
            self.result(store, first.token.ambassador_id, friends=1)

    def visitor_of(self, order: Conversion, seen: dict[str, tuple[datetime, str]]) -> str | None:
        if order.visitor_id:
            return order.visitor_id
        click_id = (order.winner.click_id if order.winner else None) or order.click_id
        return seen[click_id][1] if click_id in seen else None

    def reward(self, reward: Reward) -> None:
        store, day, kind = reward.store_id, self.day(reward.placed_at), reward.beneficiary.kind
        currency = "points" if reward.pay_as == "points" else reward.currency
        key = (store, reward.program_id, currency, kind, reward.status)
        self.add("owed", *key, rewards=1, amount_minor=reward.amount_minor)
        if reward.status not in ("rejected", "reversed", "expired"):
            cost = {f"{kind}_cost_minor": reward.amount_minor}
            self.add("daily", store, day, reward.program_id, currency, **cost)
            if kind == "ambassador":
                self.lead(
                    store, day, currency, reward.beneficiary.id, reward.program_id, reward_minor=reward.amount_minor
                )
                paid = {"reward_minor": reward.amount_minor}
                self.own(store, day, reward.program_id, reward.beneficiary.id, "", currency, **paid)
                own = {"points": reward.amount_minor} if currency == "points" else dict(paid)
                if currency == "EUR" and reward.status == "available":
                    own["available_minor"] = reward.amount_minor
                self.result(store, reward.beneficiary.id, **own)


def touch(report: tracking.TrackingPayload) -> bool:
    return report.token is not None and report.visitor_id is not None and report.touched


def newest(reported: Sequence[Payload], kind: type[Any], ident: Callable[[Any], str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for payload in reported:
        if isinstance(payload, kind):
            key = ident(payload)
            if key not in found or payload.revision > found[key].revision:
                found[key] = payload
    return found
