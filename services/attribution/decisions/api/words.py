"""Decisions in the words and shapes of the console: chips, short reasons, who was considered, what happened."""

from collections.abc import Sequence
from datetime import timedelta

import orjson
from markupsafe import Markup

from services.attribution.decisions.actions.view import OrderView
from services.attribution.decisions.schemas.explain import Words, candidate_text, check_text
from services.attribution.decisions.schemas.out import CandidateOut, CheckOut, DecisionBody
from services.attribution.decisions.sql.reading import StoredDecision
from services.common.reasons import reason_text
from services.ui import Chip, Considered, Fact, Happening, Reader, Speech


def status_chip(speech: Speech, status: str) -> Chip:
    """An order's decision as a chip."""
    if status == "attributed":
        return Chip(speech.label("chip", "Attributed"), "good", "tick")
    if status == "rejected":
        return Chip(speech.label("chip", "Rejected"), "bad", "cross")
    if status == "pending":
        return Chip(speech.label("chip", "Waiting"), "neutral", "ring")
    return Chip(speech.label("chip", "No ambassador"), "neutral", "dash")


def money_chip(speech: Speech, body: DecisionBody) -> Chip:
    """What became of the money, as a chip."""
    if body.cancelled:
        return Chip(speech.label("chip", "Cancelled"), "bad", "back")
    if body.over_refunded:
        return Chip(speech.label("chip", "Over-refunded"), "warn", "alert")
    if 0 < body.refunded_minor < body.figures.total_minor:
        return Chip(speech.label("chip", "Part refunded"), "warn", "back")
    if body.refunded_minor:
        return Chip(speech.label("chip", "Refunded"), "bad", "back")
    if body.figures.status == "paid":
        return Chip(speech.label("chip", "Paid"), "neutral", "disc")
    return Chip(speech.label("chip", "Not paid"), "neutral", "ring")


def rule_label(speech: Speech, rule: str) -> str:
    """A check's name."""
    labels = {
        "proof": speech.say("Proof"),
        "window": speech.say("Click window"),
        "program": speech.say("Program"),
        "code": speech.say("Promo code"),
        "kind": speech.say("Kind of proof"),
        "ambassador": speech.say("Ambassador"),
        "own_purchase": speech.say("Own purchase"),
        "new_customer": speech.say("New customer"),
        "minimum": speech.say("Minimum order"),
        "currency": speech.say("Currency"),
    }
    return labels.get(rule, rule)


def result_chip(speech: Speech, check: CheckOut) -> Chip:
    """What a check found, as a chip."""
    if check.result == "passed":
        return Chip(speech.label("chip", "Passed"), "neutral", "tick")
    if check.result == "failed":
        return Chip(speech.label("chip", "Failed"), "bad", "cross")
    if check.result == "waiting":
        return Chip(speech.label("chip", "Waiting"), "neutral", "ring")
    return Chip(speech.label("chip", "Noted"), "warn", "alert")


def strong(text: str) -> str:
    """Marks a name, code or link inside a sentence."""
    return Markup("<b>%s</b>") % text


def strong_person(name: str, ambassador_id: str) -> str:
    """Marks an ambassador inside a sentence: by code, with room for the name that links knows, which brings its space:
    a comma or colon that follows must not stand apart from the code of somebody without a name.
    """
    return Markup('<b>%s</b><span class="detail" data-name="%s"></span>') % (name, ambassador_id)


def considered(body: DecisionBody, words: Words) -> list[Considered]:
    """Every candidate: kind and name, what became of it, why."""
    return [
        Considered(
            title=_title(candidate, words),
            reason=candidate_text(candidate, body, words),
            chip=_verdict_chip(words.speech, candidate),
            won=candidate.verdict == "won",
        )
        for candidate in body.candidates
    ]


def checks(body: DecisionBody, words: Words) -> list[tuple[str, Chip, str]]:
    """Every check with its result and evidence."""
    return [
        (rule_label(words.speech, check.rule), result_chip(words.speech, check), check_text(check, body, words))
        for check in body.checks
    ]


def facts(body: DecisionBody, reader: Reader) -> list[Fact]:
    """The order's own figures."""
    speech, fmt, figures = reader.speech, reader.fmt, body.figures
    shown = []
    if figures.discount_minor:  # the subtotal is what is left, and the base of rewards
        shown.append((speech.say("Before discount"), figures.subtotal_minor + figures.discount_minor, False))
        shown.append((speech.say("Discount"), -figures.discount_minor, False))
    shown.append((speech.say("Subtotal"), figures.subtotal_minor, False))
    shown += [(speech.say("Tax"), figures.tax_minor, False)] if figures.tax_minor else []
    shown += [(speech.say("Shipping"), figures.shipping_minor, False)] if figures.shipping_minor else []
    partly = 0 < body.refunded_minor < figures.total_minor
    refunded = speech.say("Partly refunded") if partly else speech.say("Refunded")
    shown.append((speech.say("Total"), figures.total_minor, True))
    if figures.paid_with_credit_minor:
        shown.append((speech.say("Of this with store credit"), figures.paid_with_credit_minor, False))
    shown.append((refunded, body.refunded_minor, False))
    shown += _returned(body, speech)
    found = [Fact(label, fmt.money(amount, figures.currency), strong=loud) for label, amount, loud in shown]
    found += [
        Fact(speech.say("Refunded in another currency, not subtracted"), fmt.money(one.amount_minor, one.currency))
        for one in body.foreign_refunds
    ]
    buyer = speech.say("new") if body.new_customer else speech.say("order no. %(n)s", n=fmt.number(body.order_number))
    return [*found, Fact(speech.say("Customer"), f"{_customer(body.friend_id, speech)}, {buyer}")]


def _returned(body: DecisionBody, speech: Speech) -> list[tuple[str, int, bool]]:
    """What went back of each line and of the shipping, where refunds say so; lines are called by their article."""
    if body.returned is None:
        return []
    called = {item.line_id: item.sku or item.line_id or "" for item in body.figures.items}
    shown = [
        (speech.say("Returned: %(item)s", item=called.get(line.line_id, line.line_id)), line.amount_minor, False)
        for line in body.returned.lines
    ]
    shipping = body.returned.shipping_minor
    return [*shown, (speech.say("Shipping returned"), shipping, False)] if shipping else shown


def history(
    found: OrderView, body: DecisionBody, revisions: Sequence[StoredDecision], words: Words, reader: Reader
) -> list[Happening]:
    """What happened, from the first click to the settling, and what is still to come."""
    speech = words.speech
    clicks = [c for c in body.candidates if c.kind == "click" and c.at is not None and c.link_id is not None]
    reported = [(c.at or reader.now, speech.say("Clicked %(link)s", link=words.link(c.link_id))) for c in clicks]
    reported += [
        (happened.at, _happened(speech, happened.kind, happened.body, reader, body.figures.currency))
        for happened in found.happened
    ]
    reported += [(stored.decided_at, _decided(speech, stored, words, reader)) for stored in reversed(revisions)]
    lines = [
        Happening(text, reader.fmt.moment(at)) for at, text in sorted(reported, key=lambda entry: entry[0]) if text
    ]
    if found.row.settle_at is not None:
        lines.append(
            Happening(
                speech.say("The decision becomes final"),
                reader.fmt.moment(found.row.settle_at),
                done=False,
                below=_ahead(speech, found.row.settle_at - reader.now, words),
            )
        )
    return lines


def _title(candidate: CandidateOut, words: Words) -> str:
    speech = words.speech
    if candidate.kind == "code":
        what = speech.say("Promo code %(code)s", code=candidate.code or "–")
    elif candidate.kind == "click":
        slug = words.slugs.get(candidate.link_id or "")
        what = speech.say("Click on %(link)s", link=f"r/{slug}") if slug else speech.say("Click")
    else:
        what = speech.say("Known customer")
    if candidate.ambassador_id is None:
        return what
    name = words.names.get(candidate.ambassador_id, "")
    if candidate.kind == "code" and name == candidate.code:
        name = ""
    return Markup('%s%s <span class="detail" data-name="%s"></span>') % (
        what,
        f" · {name}" if name else "",
        candidate.ambassador_id,
    )


def _verdict_chip(speech: Speech, candidate: CandidateOut) -> Chip:
    if candidate.verdict == "won":
        return Chip(speech.label("chip", "Won"), "good", "tick")
    if candidate.verdict == "outranked":
        return Chip(speech.label("chip", "Outranked"), "neutral", "dash")
    if candidate.verdict == "waiting":
        return Chip(speech.label("chip", "Waiting"), "neutral", "ring")
    if candidate.reason in {"click_too_old", "code_too_old", "customer_window_over"}:
        return Chip(speech.label("chip", "Too old"), "neutral", "cross")
    if candidate.reason == "code_unknown":
        return Chip(speech.label("chip", "Unknown"), "neutral", "dash")
    return Chip(speech.label("chip", "Refused"), "bad", "cross")


def _happened(speech: Speech, kind: str, body: bytes, reader: Reader, currency: str) -> str:
    reported = orjson.loads(body) if body[:1] == b"{" else {}
    if kind == "report":
        paid = reported.get("figures", {}).get("status") == "paid"
        return speech.say("Order received, paid") if paid else speech.say("Order received, not paid yet")
    if kind == "refund":
        amount = reader.fmt.money(int(reported.get("amount_minor", 0)), reported.get("currency", currency))
        if reported.get("status") == "failed":
            return speech.say("A refund failed: %(amount)s", amount=amount)
        return speech.say("Refunded: %(amount)s", amount=amount)
    if kind == "cancel":
        return speech.say("Cancelled")
    if kind.startswith("kith.visit"):
        return speech.say("Visited the store with a click token")
    if kind.startswith("kith.customer"):
        return speech.say("The browser named its visitor")
    return speech.say("Signed up") if kind.startswith("kith.signup") else ""


def _decided(speech: Speech, stored: StoredDecision, words: Words, reader: Reader) -> str:
    reported = orjson.loads(stored.body)
    number = reader.fmt.number(stored.revision)
    if reported.get("settled"):
        return speech.say("Decision %(n)s: final", n=number)
    if reported["status"] == "attributed":
        who = words.names.get(reported["ambassador_id"], reported["ambassador_id"])
        return speech.say("Decision %(n)s: attributed to %(who)s", n=number, who=who)
    reason = reason_text(reported["reason"], speech)
    return speech.say("Decision %(n)s: %(reason)s", n=number, reason=reason.lower())


def _ahead(speech: Speech, ahead: timedelta, words: Words) -> str:
    if ahead <= timedelta(0):
        return ""
    rounded = ahead + timedelta(hours=12) if ahead > timedelta(days=2) else ahead
    return speech.say("in %(span)s", span=words.span(rounded))


def _customer(friend_id: str, speech: Speech) -> str:
    """A customer as a page may show one: by the store's own id. A keyed hash of a contact says nothing to people."""
    return speech.say("known by mail or phone") if len(friend_id) > 24 else friend_id
