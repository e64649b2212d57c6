"""How rewards are put into words: chips, reasons, terms, limits. Texts go through the reader's catalogue."""

from collections.abc import Mapping, Sequence

from contracts.gifts import Fixed
from contracts.limits import PerAmbassador
from contracts.program import Discount, RewardRule
from contracts.splits import WHOLE
from contracts.sponsors import SponsorRule
from services.common.event_names import deed_title
from services.common.milestone_names import milestone_title, plan_period_text
from services.common.tier_names import times
from services.rewards.grants.domain import cashback
from services.rewards.grants.domain.caps import Tally
from services.rewards.grants.domain.plan_targets import Stand, key_of, measure_of
from services.rewards.grants.domain.reward import Reward
from services.rewards.pages import Reader
from services.rewards.rules.domain import POINTS, LineGift, Order, PayAs, Reason, Side, SourceKind, boost_of, lines_of
from services.ui import Chip, Fact, Format, Speech
from services.ui.parts import Shape, Tone

_SHAPES: Mapping[str, tuple[Tone, Shape]] = {
    "pending": ("neutral", "ring"),
    "approved": ("info", "half"),
    "available": ("good", "disc"),
    "paid": ("good", "tick"),
    "redeemed": ("good", "tick"),
    "reversed": ("bad", "back"),
    "rejected": ("bad", "cross"),
    "expired": ("neutral", "dash"),
}


def status_label(speech: Speech, status: str) -> str:
    """The word of a status."""
    return {
        "pending": speech.label("chip", "Pending"),
        "approved": speech.label("chip", "Approved"),
        "available": speech.label("chip", "Available"),
        "paid": speech.label("chip", "Paid"),
        "redeemed": speech.label("chip", "Redeemed"),
        "reversed": speech.label("chip", "Reversed"),
        "rejected": speech.label("chip", "Rejected"),
        "expired": speech.label("chip", "Expired"),
    }[status]


def status_chip(speech: Speech, reward: Reward) -> Chip:
    """The chip of a reward. One that a cap left nothing of is told apart from one that a person refused."""
    tone, shape = _SHAPES[reward.status]
    return Chip(
        status_word(speech, reward), "neutral" if _capped(reward) else tone, "dash" if _capped(reward) else shape
    )


def status_word(speech: Speech, reward: Reward) -> str:
    """The word on the chip."""
    return speech.label("chip", "Capped") if _capped(reward) else status_label(speech, reward.status)


def _capped(reward: Reward) -> bool:
    return reward.status == "rejected" and reward.rejected_at is None


def source_text(speech: Speech, fmt: Format, reward: Reward) -> str:
    """What a reward is for, as lists call it: the order's number, what a friend did, a milestone, or that it was given
    by hand.
    """
    if reward.event_name is not None:
        return deed_title(reward.event_name, speech)
    if reward.source_kind == "period":
        return milestone_title(reward.source_id, reward.currency, speech, fmt)
    if reward.source_kind == "cashback":
        goal, first, last = cashback.read_source(reward.source_id)
        size = fmt.money(cashback.size_of(goal), reward.currency)
        return speech.say("Cashback: %(times)s × %(amount)s", times=fmt.number(last - first + 1), amount=size)
    return speech.say("Goodwill") if reward.order_id is None else reward.order_id


def bonus_facts(reader: Reader, reward: Reward, bonus: tuple[Stand, int | None] | None) -> list[Fact]:
    """Of a plan's target: the period, what is to be reached, how much of it there is, and what was sold, as it stands
    now.
    """
    if bonus is None:
        return []
    (count, _version), target = bonus
    key, say = key_of(reward), reader.speech.say
    of_money = measure_of(key.goal) == "revenue"

    def figure(value: int) -> str:
        return reader.fmt.money(value, reward.currency) if of_money else reader.fmt.number(value)

    sold = Fact(say("Sold in the period"), reader.fmt.money(count.sold_minor, reward.currency))
    return [
        Fact(say("Period"), plan_period_text(key.period, reader.speech, reader.fmt)),
        Fact(say("Target"), say("none") if target is None else figure(target)),
        *([] if of_money else [Fact(say("Counted"), figure(count.counted))]),
        sold,
    ]


def source_label(speech: Speech, kind: SourceKind) -> str:
    """A kind of sources, as filters call it."""
    return {
        "order": speech.say("For orders"),
        "event": speech.say("For other events"),
        "period": speech.say("For milestones and plans"),
        "cashback": speech.say("For own purchases"),
        "person": speech.say("Given by hand"),
    }[kind]


def rule_label(speech: Speech, rule: str) -> str:
    """A rule by its name; the usual names, which are those of the two sides, in the reader's language."""
    if rule == "friend":
        return side_label(speech, "friend")
    return side_label(speech, "ambassador") if rule == "ambassador" else rule


def side_label(speech: Speech, side: Side) -> str:
    """Ambassador or friend."""
    return speech.say("Ambassador") if side == "ambassador" else speech.say("Friend")


def sponsor_label(speech: Speech, level: int) -> str:
    """The sponsor of an ambassador, by how many levels above."""
    return speech.say("Sponsor, level %(n)s", n=level)


def who_label(speech: Speech, reward: Reward) -> str:
    """Whose a reward is: of the ambassador, of a sponsor above, of the friend, or of a buyer whom nobody referred."""
    if reward.sponsor_level is not None:
        return sponsor_label(speech, reward.sponsor_level)
    return speech.say("Buyer") if reward.source_kind == "cashback" else side_label(speech, reward.side)


def reason_text(reader: Reader, reward: Reward) -> str:
    """Why the amount is not simply what the terms say; empty if it is."""
    say = reader.speech.say
    if reward.source_kind == "event" and reward.reason in (Reason.NOT_ATTRIBUTED, Reason.REASSIGNED):
        return say("Taken back: the event counts for this ambassador no longer.")
    if reward.reason is Reason.NOT_REACHED and reward.plan_counted is not None:
        return say("Taken back: the target is not reached any more.")
    if reward.reason is Reason.NOT_REACHED and reward.target_minor:
        return say("Lowered: orders that counted fell away.")
    if reward.reason is Reason.PARTLY_REFUNDED:
        return say(
            "Lowered: %(refunded)s of %(total)s was refunded.",
            refunded=reader.fmt.money(reward.refunded_minor, reward.currency),
            total=reader.fmt.money(reward.total_minor, reward.currency),
        )
    if reward.reason is Reason.PARTLY_CAPPED:
        return say(
            "%(amount)s of %(want)s: the budget or a limit was reached.",
            amount=reader.amount(reward.target_minor, reward.unit),
            want=reader.amount(reward.want_minor, reward.unit),
        )
    return unmet_text(reader.speech, reward.reason) or _plain_reasons(reader.speech).get(reward.reason, "")


def _plain_reasons(speech: Speech) -> Mapping[Reason, str]:
    return {
        Reason.CAPPED_BUDGET: speech.say("Nothing was granted: the program’s budget is used up."),
        Reason.CAPPED_AMBASSADOR: speech.say("Nothing was granted: the ambassador’s limit is used up."),
        Reason.REFUNDED: speech.say("Taken back: the order was refunded in full."),
        Reason.CANCELLED: speech.say("Taken back: the order was cancelled."),
        Reason.NOT_ATTRIBUTED: speech.say("Taken back: the order no longer has an ambassador."),
        Reason.REASSIGNED: speech.say("Taken back: the order now belongs to somebody else."),
        Reason.REJECTED_BY_PERSON: speech.say("Rejected by a person, for good."),
        Reason.REFUSED_BY_STORE: speech.say("Refused by the store’s server, for good."),
        Reason.TAKEN_BACK: speech.say("Lowered: taken back by hand."),
        Reason.EVENT_CANCELLED: speech.say("Taken back: the store called the event off."),
        Reason.NOT_REACHED: speech.say("Taken back: orders that counted fell away."),
        Reason.NOT_FIRST_EVENT: speech.say("Taken back: an earlier event of this name counts."),
        Reason.SPONSOR_INACTIVE: speech.say("Nothing: the sponsor was not active when the order was first decided."),
        Reason.SPONSOR_BLOCKED: speech.say("Nothing: the sponsor is blocked, or was erased."),
    }


def unmet_text(speech: Speech, reason: str) -> str:
    """What of a rule's conditions the order does not meet; empty for any other reason."""
    texts: dict[str, str] = {
        Reason.NOT_FIRST_ORDER: speech.say("Nothing: only a friend’s first order counts."),
        Reason.NOT_THIS_ORDER: speech.say("Nothing: the rule is for other orders of this friend."),
        Reason.BELOW_RULE_MINIMUM: speech.say("Nothing: the order is too small for this rule."),
        Reason.OTHER_GOODS: speech.say("Nothing: the rule is for other goods than those of the order."),
        Reason.OTHER_CHANNEL: speech.say("Nothing: the rule is for friends who come by another channel."),
        Reason.OTHER_GROUP: speech.say("Nothing: the rule is for other groups of ambassadors."),
        Reason.OTHER_ROLE: speech.say("Nothing: the rule is for ambassadors of another role."),
        Reason.OTHER_COUNTRY: speech.say("Nothing: the rule is for orders to other countries."),
        Reason.OTHER_TIER: speech.say("Nothing: the rule is for ambassadors in other tiers."),
        Reason.OTHER_BUYER: speech.say("Nothing: of new and earlier customers, the rule is for the others."),
        Reason.NOT_A_MEMBER: speech.say(
            "Nothing: the rule is for members, and the ambassador was none at the purchase."
        ),
        Reason.OTHER_DAY: speech.say("Nothing: the rule is for other days than that of the order."),
    }
    return texts.get(reason, "")


def why_label(speech: Speech, why: str) -> str:
    """Why a reward waits, in a few words."""
    return {
        "by_hand": speech.say("Each reward is approved by hand"),
        "flagged": speech.say("Somebody wants it looked at"),
        "unanswered": speech.say("Our server did not answer"),
        "asked": speech.say("Our server is being asked"),
    }.get(why, why)


def waits_text(speech: Speech, reward: Reward) -> str:
    """Why a reward waits, with what somebody wrote; empty where it waits for nobody, or is worth nothing."""
    if reward.waits_why is None or reward.target_minor == 0:
        return ""
    label = why_label(speech, reward.waits_why)
    return f"{label}: {reward.note}" if reward.waits_why == "flagged" and reward.note else label


def nothing_due_text(reader: Reader, order: Order, reason: Reason, program_currency: str) -> str:
    """Why a rule gives nothing for an order, where no reward came into being."""
    say = reader.speech.say
    if reason is Reason.CURRENCY_MISMATCH:
        return say(
            "Nothing: the order is in %(order)s, the program in %(program)s.",
            order=order.currency,
            program=program_currency,
        )
    if unmet := unmet_text(reader.speech, reason):
        return unmet
    if reason is Reason.REFUNDED:
        return say("Nothing: the order was refunded in full.")
    return say("Nothing: the terms give less than the smallest unit.")


def discount_text(reader: Reader, discount: Discount, order: Order, part_minor: int) -> str:
    """What became of the discount that the program promised, on this order."""
    say = reader.speech.say
    if part_minor:
        return say("Taken off at the checkout, by the ambassador’s code.")
    if discount.which == "first" and order.order_number != 1:
        return say("Nothing: only a friend’s first order counts.")
    return say("Nothing was taken off: the order carries no discount.")


def terms_text(reader: Reader, rule: RewardRule, order: Order, reward: Reward) -> str:
    """The rule's terms for this order: "10% of the subtotal of €46.00, Gold ×1.5, in cash"."""
    say, fmt = reader.speech.say, reader.fmt
    by_line = lines_of(order, rule, reward.currency)
    unit = POINTS if rule.pay_as == "points" else reward.currency
    parts = [
        lines_text(reader, by_line, unit) if by_line else _gift(speech=reader.speech, fmt=fmt, rule=rule, order=order)
    ]
    if reward.tier is not None and reward.multiplier is not None:
        parts.append(f"{reward.tier} {times(reward.multiplier, fmt)}")
    if reward.split is not None:
        own = reward.split if reward.side == "ambassador" else WHOLE - reward.split
        parts.append(say("%(share)s of it by the split of the link or code", share=_percent(fmt, own)))
    if rule.limits.per_order_minor is not None:
        parts.append(say("at most %(amount)s an order", amount=reader.amount(rule.limits.per_order_minor, unit)))
    if rule.which == "first":
        parts.append(say("for the first order"))
    return ", ".join([*parts, _paid(reader.speech, rule.pay_as)])


def _paid(speech: Speech, pay_as: PayAs) -> str:
    return {
        "cash": speech.say("in cash"),
        "store_credit": speech.say("as store credit"),
        "points": speech.say("in points"),
    }[pay_as]


def sponsor_terms_text(reader: Reader, rule: SponsorRule, order: Order, reward: Reward) -> str:
    """A rule's terms for a sponsor of this order: "2% of the subtotal of €46.00, 8% for all levels, in cash"."""
    say, fmt = reader.speech.say, reader.fmt
    unit = POINTS if rule.pay_as == "points" else reward.currency
    # The program that the page has may be another version, or have fewer levels.
    shares = rule.levels[reward.level - 1 : reward.level]
    parts = [_share_of(reader.speech, fmt, share, rule.of, order) for share in shares]
    parts.append(say("at most %(share)s for all levels", share=_percent(fmt, rule.most_basis_points)))
    if rule.limits.per_order_minor is not None:
        parts.append(say("at most %(amount)s an order", amount=reader.amount(rule.limits.per_order_minor, unit)))
    if rule.which == "first":
        parts.append(say("for the first order"))
    return ", ".join([*parts, _paid(reader.speech, rule.pay_as)])


def lines_text(reader: Reader, lines: Sequence[tuple[LineGift, int]], unit: str) -> str:
    """What each line gives, by which term: "Shoes, by category: 10% is €4.00; other goods: 3% is €1.20"."""
    return "; ".join(_line_text(reader, gift, gives, unit) for gift, gives in lines)


def _line_text(reader: Reader, gift: LineGift, gives: int, unit: str) -> str:
    say, line = reader.speech.say, gift.line
    what = {
        "product": say("%(name)s, by product", name=line.product_id or line.sku or ""),
        "category": say("%(name)s, by category", name=line.category or ""),
        "rule": say("other goods"),
    }[gift.by]
    amount = reader.amount(gives, unit)
    if gift.basis_points is None:
        return f"{what}: {amount}"
    share = _percent(reader.fmt, gift.basis_points)
    if not gift.boost:
        return say("%(what)s: %(share)s is %(amount)s", what=what, share=share, amount=amount)
    more = _percent(reader.fmt, gift.boost)
    return say(
        "%(what)s: %(share)s, %(more)s of it by a boost, is %(amount)s",
        what=what,
        share=share,
        more=more,
        amount=amount,
    )


def _percent(fmt: Format, basis_points: int) -> str:
    return fmt.percent(basis_points / 10_000, digits=0 if basis_points % 100 == 0 else 2)


def _gift(*, speech: Speech, fmt: Format, rule: RewardRule, order: Order) -> str:
    if isinstance(rule.give, Fixed):
        return speech.say("Fixed")
    return _share_of(speech, fmt, rule.give.basis_points + boost_of(order, rule, None), rule.give.of, order)


def _share_of(speech: Speech, fmt: Format, basis_points: int, figure: str, order: Order) -> str:
    """A share of an order: "10% of the subtotal of €46.00"."""
    percent = _percent(fmt, basis_points)
    if figure == "subtotal":
        of = fmt.money(int(order.earning(order.subtotal_minor)), order.currency)
        return speech.say("%(percent)s of the subtotal of %(amount)s", percent=percent, amount=of)
    of = fmt.money(int(order.earning(order.total_minor)), order.currency)
    return speech.say("%(percent)s of the total of %(amount)s", percent=percent, amount=of)


def limit_text(reader: Reader, limit: PerAmbassador, tally: Tally, unit: str) -> str:
    """How much of a limit per ambassador is used in the period of the order."""
    say = reader.speech.say
    if limit.count is not None:
        used, most = reader.fmt.number(tally.count), reader.fmt.number(limit.count)
    else:
        used, most = reader.amount(tally.amount_minor, unit), reader.amount(limit.amount_minor or 0, unit)
    return {
        "day": say("%(used)s of at most %(most)s used on the day of the order", used=used, most=most),
        "week": say("%(used)s of at most %(most)s used in the week of the order", used=used, most=most),
        "month": say("%(used)s of at most %(most)s used in the month of the order", used=used, most=most),
        "year": say("%(used)s of at most %(most)s used in the year of the order", used=used, most=most),
        "ever": say("%(used)s of at most %(most)s used", used=used, most=most),
    }[limit.period]
