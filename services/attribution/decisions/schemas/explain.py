"""Sentences about a decision in the reader's language, made when they are read. A decision itself holds none.

`mark` wraps names, codes and links: plain text for the API, strong for pages.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup

from services.attribution.decisions.schemas.clauses import CLAUSES, VERDICTS
from services.attribution.decisions.schemas.out import CandidateOut, CheckOut, DecisionBody
from services.ui import Format, Speech

Mark = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Words:
    """What sentences need beside the decision: a language, and how people and links are called here."""

    speech: Speech
    format: Format
    names: Mapping[str, str] = field(default_factory=dict)
    """Ambassadors by the name that this service knows: their code."""
    slugs: Mapping[str, str] = field(default_factory=dict)
    mark: Mark = str
    mark_person: Callable[[str, str], str] | None = None
    """Wraps an ambassador's name, given with the id."""

    def who(self, ambassador_id: str | None) -> str:
        """An ambassador as this service can name one."""
        name = self.names.get(ambassador_id or "", ambassador_id or "–")
        if self.mark_person is not None and ambassador_id is not None:
            return self.mark_person(name, ambassador_id)
        return self.mark(name)

    def link(self, link_id: str | None) -> str:
        """A link as people see it."""
        slug = self.slugs.get(link_id or "")
        return self.mark(f"r/{slug}" if slug else (link_id or "–"))

    def days(self, count: int) -> str:
        """A number of days."""
        return self.speech.count("%(n)s day", "%(n)s days", count, n=self.format.number(count))

    def span(self, length: timedelta) -> str:
        """How long before: in days, below one in hours, below one in minutes."""
        minutes = max(1, int(length.total_seconds() // 60))
        if minutes >= 24 * 60:
            return self.days(minutes // (24 * 60))
        if minutes >= 60:
            return self.speech.count("%(n)s hour", "%(n)s hours", minutes // 60, n=self.format.number(minutes // 60))
        return self.speech.count("%(n)s minute", "%(n)s minutes", minutes, n=self.format.number(minutes))

    def clause(self, name: str, values: Mapping[str, object]) -> str:
        """A clause of the table, filled in. An unknown name (a later engine's) is shown as it is."""
        message = CLAUSES.get(name)
        if message is None:
            return name.replace("_", " ")
        return self.fill(self.speech.gettext(message), values)

    def fill(self, text: str, values: Mapping[str, object]) -> str:
        """Fills values in; where they are marked, everything else is escaped."""
        return Markup(text) % values if self.mark is not str else text % values  # noqa: S704  # our own catalogue


def explanation(body: DecisionBody, words: Words) -> str:
    """The decision in one sentence."""
    status = body.status
    why = words.clause(*_why(body, words))
    values = {"who": words.who(body.ambassador_id), "why": why, "Why": _capital(why)}
    verdict = words.fill(words.speech.gettext(VERDICTS[status]), values)
    if body.cancelled:
        return words.fill(words.speech.gettext(VERDICTS["cancelled"]), {"before": verdict})
    return verdict


def candidate_text(candidate: CandidateOut, body: DecisionBody, words: Words) -> str:
    """Why one candidate won or lost, as a sentence."""
    return _sentence(words.clause(*_of_candidate(candidate, body, words)))


def check_text(check: CheckOut, body: DecisionBody, words: Words) -> str:
    """What a check found, as a sentence."""
    if check.reason is not None and check.rule != "program" and check.result == "failed":
        shown = next((c for c in body.candidates if c.reason == check.reason), None)
        if shown is not None:
            return candidate_text(shown, body, words)
    name = check.reason or f"passed_{check.rule}"
    if name == "passed_new_customer" and check.detail.get("order_number", 1) > 1:
        name = "passed_new_customer_won"
    if name == "not_new_customer":
        name = "not_new_told"
    return _sentence(words.clause(name, _values(None, check.detail, body, words)))


def _why(body: DecisionBody, words: Words) -> tuple[str, Mapping[str, object]]:
    if body.status == "attributed":
        winner = next((c for c in body.candidates if c.verdict == "won"), None) or _from_winner(body)
        return _of_candidate(winner, body, words)
    reason = body.pending[0] if body.pending else body.reason
    shown = next((c for c in body.candidates if c.reason == reason), None)
    if body.cancelled and not body.pending:
        shown = body.candidates[0] if body.candidates else None
        reason = shown.reason if shown else "no_evidence"
    if shown is None or body.status == "pending":
        return reason, _values(shown, {}, body, words)
    return _of_candidate(shown, body, words)


def _of_candidate(candidate: CandidateOut, body: DecisionBody, words: Words) -> tuple[str, Mapping[str, object]]:
    name = candidate.reason
    if candidate.verdict == "won":
        name = f"won_{candidate.kind}"
        if candidate.kind == "code" and body.order_number == 1:
            name = "won_code_first"
        if candidate.kind == "click" and candidate.at is not None and candidate.at >= body.placed_at:
            name = "won_click_now"
    elif candidate.verdict == "outranked":
        name = name if name == "older_program" else f"outranked_{candidate.kind}"
    elif name == "not_new_customer":
        name = f"not_new_{candidate.kind}" if "first_paid_at" in candidate.detail else "not_new_told"
    return name, _values(candidate, candidate.detail, body, words)


def _from_winner(body: DecisionBody) -> CandidateOut:
    """The winner of a decision whose candidates are kept elsewhere."""
    winner = body.winner
    return CandidateOut(
        kind=winner.kind if winner else "customer",
        verdict="won",
        reason="won",
        at=winner.at if winner else None,
        ambassador_id=body.ambassador_id,
        link_id=winner.link_id if winner else None,
        code=winner.code if winner else None,
    )


def _values(
    candidate: CandidateOut | None, detail: Mapping[str, Any], body: DecisionBody, words: Words
) -> dict[str, object]:
    """Everything that a clause may name, as texts."""
    at = candidate.at if candidate else None
    currency = str(detail.get("currency", body.figures.currency))
    return {
        "who": words.who(candidate.ambassador_id if candidate else body.ambassador_id),
        "code": words.mark(candidate.code or "–") if candidate else "–",
        "link": words.link(candidate.link_id) if candidate else "–",
        "span": words.span(body.placed_at - at) if at is not None else "–",
        "window": words.days(int(detail.get("window_days", 30))),
        "date": _date(detail, words),
        "number": words.format.number(int(detail.get("order_number", body.order_number))),
        "subtotal": words.format.money(detail.get("subtotal_minor"), currency),
        "least": words.format.money(detail.get("least_minor"), currency),
        "order": str(detail.get("order", "")),
        "program": str(detail.get("program", "")),
    }


def _date(detail: Mapping[str, Any], words: Words) -> str:
    for name in ("first_paid_at", "expired_at", "stopped_at", "made_at"):
        if name in detail:
            return words.format.date(datetime.fromisoformat(detail[name]))
    return "–"


def _sentence(clause: str) -> str:
    """A clause that stands alone."""
    return _capital(clause) + "."


def _capital(clause: str) -> str:
    """The clause with its first letter large. Marked text may begin with a tag, and a name stays as it is."""
    if clause.startswith("<"):
        return clause
    capital = clause[:1].upper() + clause[1:]
    return Markup(capital) if isinstance(clause, Markup) else capital  # noqa: S704  # was markup before
