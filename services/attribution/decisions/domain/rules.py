"""The rules that a candidate must pass, one function each, in the order in which they are held against it.

A rule returns a `Check`, or None where it has nothing to say about this kind of candidate. The first that fails is the
reason why a candidate lost.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from services.attribution.decisions.domain.decision import Check, Detail
from services.attribution.decisions.domain.evidence import Case, Evidence
from services.attribution.decisions.domain.facts import iso
from services.attribution.decisions.domain.set_up import GRACE, LONGEST_WINDOW
from services.common.referral_terms import code_too_old, least_subtotal, must_be_new

NAMES_NOBODY = frozenset(
    {
        "token_malformed",
        "token_forged",
        "token_other_store",
        "click_taken",
        "click_too_old",
        "click_after_order",
        "code_unknown",
        "code_without_ambassador",
        "customer_window_over",
    }
)
"""Reasons that leave an order without an ambassador instead of rejecting one."""

_QUALITY = {"bot": "click_by_bot", "prefetch": "click_prefetched", "embedded": "click_embedded"}

Rule = Callable[[Case, Evidence], Check | None]


def proof(case: Case, evidence: Evidence) -> Check | None:
    """The token is genuine, a person clicked, the click is this person's; the code is one of the store's.

    A mark by an agent's name or a fetch ahead has fallen by now if the token came to a person (`TokenClaims.lifted`);
    what a page loaded by itself is nobody's click, whatever came of it.
    """
    if evidence.problem is not None:
        return _failed("proof", f"token_{evidence.problem}")
    if evidence.click is not None:
        if evidence.click.mark in _QUALITY:
            return _failed("proof", _QUALITY[evidence.click.mark])
        return _failed("proof", "click_taken") if evidence.taken else None
    if evidence.kind == "code":
        if evidence.code is None:
            return _failed("proof", "code_unknown")
        if evidence.ambassador_id is None:
            return _failed("proof", "code_without_ambassador")
    return None


def code_validity(case: Case, evidence: Evidence) -> Check | None:
    """The code existed when the order was placed, had not ended, was not too old, and had a use left."""
    if evidence.code is None:
        return None
    code, placed_at = evidence.code.data, case.order.placed_at
    if evidence.code.made_later:
        return _failed("code", "code_made_later", {"made_at": iso(code.created_at)})
    if evidence.code.retired:
        return _failed("code", "code_retired")
    if code.expires_at is not None and code.expires_at <= placed_at:
        return _failed("code", "code_expired", {"expired_at": iso(code.expires_at)})
    terms = evidence.terms.program.attribution if evidence.terms is not None else None
    if terms is not None and code_too_old(terms, code.created_at, placed_at):
        return _failed("code", "code_too_old", {"window_days": terms.code_window_days})
    if code.max_uses is not None and case.order.uses.get(code.code_id) is False:
        return _failed("code", "code_used_up", {"max_uses": code.max_uses})
    return _passed("code", {"code": code.code})


def window(case: Case, evidence: Evidence) -> Check | None:
    """The click came before the order, and not too long before; a friend was won not too long before either."""
    if evidence.kind == "customer":
        return _still_bound(case, evidence)
    if evidence.click is None:
        return None
    at, placed_at = evidence.click.at, case.order.placed_at
    if at > placed_at + GRACE:
        return _failed("window", "click_after_order")
    if evidence.terms is None:
        too_old = at < placed_at - LONGEST_WINDOW
        return _failed("window", "click_too_old", {"window_days": LONGEST_WINDOW.days}) if too_old else None
    days = evidence.terms.program.attribution.click_window_days
    if at < placed_at - timedelta(days=days):
        return _failed("window", "click_too_old", {"window_days": days})
    return _passed("window", {"window_days": days})


def _still_bound(case: Case, evidence: Evidence) -> Check | None:
    days = evidence.terms.program.attribution.customer_window_days if evidence.terms is not None else None
    if days is None or evidence.at is None or evidence.at >= case.order.placed_at - timedelta(days=days):
        return None
    return _failed("window", "customer_window_over", {"window_days": days})


def program_known(case: Case, evidence: Evidence) -> Check | None:
    """The program's version of that time has reached us. If not, the order waits."""
    if evidence.terms is None:
        return Check("program", "waiting", "program_unknown", {})
    return None


def program_running(case: Case, evidence: Evidence) -> Check | None:
    """The program ran. A click from before it stopped is honoured within its window; nothing else is."""
    if evidence.terms is None or evidence.terms.stopped_at is None:
        return None
    stopped_at = evidence.terms.stopped_at
    if evidence.click is not None and evidence.click.at < stopped_at:
        return Check("program", "noted", "program_stopped_after_click", {"stopped_at": iso(stopped_at)})
    return _failed("program", f"program_{evidence.terms.program.status}", {"stopped_at": iso(stopped_at)})


def kind_counts(case: Case, evidence: Evidence) -> Check | None:
    """The program accepts this kind of proof."""
    if evidence.terms is None or evidence.kind in evidence.terms.program.attribution.priority:
        return None
    return _failed("kind", "kind_not_counted")


def ambassador_standing(case: Case, evidence: Evidence) -> Check | None:
    """The ambassador is neither blocked nor gone."""
    if evidence.ambassador_id is None:
        return None
    ambassador = case.set_up.ambassador(evidence.ambassador_id, case.order.placed_at)
    if ambassador is not None and ambassador.status != "active":
        return _failed("ambassador", f"ambassador_{ambassador.status}")
    return None


def own_purchase(case: Case, evidence: Evidence) -> Check | None:
    """Nobody refers themselves: customer id and contacts differ from the ambassador's."""
    if evidence.ambassador_id is None:
        return None
    ambassador = case.set_up.ambassador(evidence.ambassador_id, case.order.placed_at)
    if ambassador is None:
        return Check("own_purchase", "noted", "ambassador_unknown", {})
    same = [
        name
        for name, shared in (
            ("customer_id", ambassador.external_ids & case.person.customer_ids),
            ("contact", ambassador.contacts & case.person.contacts),
        )
        if shared
    ]
    if same:
        return _failed("own_purchase", "self_referral", {"same": same})
    return _passed("own_purchase")


def new_customer(case: Case, evidence: Evidence) -> Check | None:
    """In a program for new customers: no paid order before the one that brought the friend, or this ambassador's friend
    already.
    """
    if evidence.terms is None or not evidence.terms.program.attribution.new_customers_only:
        return None
    detail: Detail = {"order_number": case.number}
    if not must_be_new(evidence.terms.program.attribution, evidence.kind) or not case.bought_before:
        return _passed("new_customer", detail)
    won = case.before.won.get(evidence.terms.program_id)
    if won is not None and won.first.ambassador_id == evidence.ambassador_id:
        return _passed("new_customer", detail)
    if case.before.first is not None:
        detail["first_paid_at"] = iso(case.before.first.placed_at)
    return _failed("new_customer", "not_new_customer", detail)


def minimum(case: Case, evidence: Evidence) -> Check | None:
    """The subtotal reaches the program's minimum. In another currency that cannot be said, and nothing is refused."""
    if evidence.terms is None:
        return None
    program, figures = evidence.terms.program, case.order.figures
    least = least_subtotal(program, figures.currency)
    if least == 0:
        return None
    detail: Detail = {"subtotal_minor": figures.subtotal_minor, "least_minor": least, "currency": program.currency}
    if figures.subtotal_minor < least:
        return _failed("minimum", "below_minimum", detail)
    return _passed("minimum", detail)


def currency(case: Case, evidence: Evidence) -> Check | None:
    """Another currency is attributed all the same; rewards are refused for it later."""
    if evidence.terms is None or evidence.terms.program.currency == case.order.figures.currency:
        return None
    detail = {"order": case.order.figures.currency, "program": evidence.terms.program.currency}
    return Check("currency", "noted", "currency_mismatch", detail)


RULES: tuple[Rule, ...] = (
    proof,
    window,
    program_known,
    code_validity,
    program_running,
    kind_counts,
    ambassador_standing,
    own_purchase,
    new_customer,
    minimum,
    currency,
)


OF_EVENTS: tuple[Rule, ...] = tuple(rule for rule in RULES if rule not in (minimum, currency))
"""The rules for what is no order: it has no figures."""


def checks_of(case: Case, evidence: Evidence, rules: Sequence[Rule] = RULES) -> list[Check]:
    """Holds the rules against a candidate, up to the first that fails or must wait."""
    checks: list[Check] = []
    for rule in rules:
        check = rule(case, evidence)
        if check is not None:
            checks.append(check)
            if check.result in {"failed", "waiting"}:
                break
    return checks


def _passed(rule: str, detail: Detail | None = None) -> Check:
    return Check(rule, "passed", None, detail or {})


def _failed(rule: str, reason: str, detail: Detail | None = None) -> Check:
    return Check(rule, "failed", reason, detail or {})
