"""What holding the rules against every candidate comes to: who wins, and why the others do not. Pure."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from contracts.events.conversions import Winner
from services.attribution.decisions.domain.decision import Candidate, Check, Verdict
from services.attribution.decisions.domain.evidence import Case, Evidence, evidence_of
from services.attribution.decisions.domain.facts import Status
from services.attribution.decisions.domain.rules import NAMES_NOBODY, RULES, Rule, checks_of

MOST_CANDIDATES = 20
"""Kept in a decision; all are reviewed, and their number is reported."""

_WEAKEST = frozenset({"code_unknown", "token_malformed", "token_other_store", "token_forged"})
"""Of several reasons for finding nobody, those that are reported only if there is no better one."""


class Outcome(Struct, frozen=True):
    """What became of the candidates for an order, or for another event."""

    status: Status
    reason: str
    pending: tuple[str, ...]
    winner: Evidence | None
    beaten: list[Evidence]
    """Candidates that are good, and were not the best."""
    reviewed: list[Evidence]
    """All of them, the strongest first."""
    candidates: tuple[Candidate, ...]
    candidates_total: int
    checks: tuple[Check, ...]


BEFORE_CONNECTION: Final = Outcome(
    status="unattributed",
    reason="before_connection",
    pending=(),
    winner=None,
    beaten=[],
    reviewed=[],
    candidates=(),
    candidates_total=0,
    checks=(),
)
"""Of an order that was imported: nobody is looked for."""


class _Assessed(Struct, frozen=True):
    """A candidate with the rules that were held against it; `lost` is the one that it failed or that must wait."""

    evidence: Evidence
    checks: list[Check]
    lost: Check | None

    @classmethod
    def of(cls, case: Case, evidence: Evidence, rules: Sequence[Rule]) -> "_Assessed":
        checks = checks_of(case, evidence, rules)
        return cls(evidence, checks, checks[-1] if checks and checks[-1].result in {"failed", "waiting"} else None)


def outcome_of(
    case: Case,
    *,
    waits_for: Sequence[str] = (),
    rules: Sequence[Rule] = RULES,
    among: Sequence[Evidence] | None = None,
) -> Outcome:
    """Reviews every candidate. `waits_for`: why nothing is decided yet, whatever they are. `among`: the candidates,
    where it is not the case that says who they are.
    """
    candidates_for = evidence_of(case) if among is None else among
    assessed = sorted((_Assessed.of(case, evidence, rules) for evidence in candidates_for), key=_strength)
    valid = [j for j in assessed if j.lost is None]
    lost = [(j, j.lost) for j in assessed if j.lost is not None]
    waiting = any(check.result == "waiting" for _, check in lost)
    pending = (*waits_for, *(("program_unknown",) if waiting else ()))
    first: Verdict = "waiting" if pending else "won"
    candidates = [
        *(_candidate(j.evidence, first, pending[0] if pending else "won") for j in valid[:1]),
        *(_candidate(j.evidence, "outranked", _outranked(valid[0].evidence, j.evidence)) for j in valid[1:]),
        *(
            _candidate(j.evidence, "waiting" if c.result == "waiting" else "refused", c.reason or "", c)
            for j, c in lost
        ),
    ]
    winner = valid[0].evidence if valid and not pending else None
    shown = valid[0] if valid else assessed[0] if assessed else None
    status, reason = _status(winner, [check for _, check in lost], pending)
    return Outcome(
        status=status,
        reason=reason,
        pending=pending,
        winner=winner,
        beaten=[j.evidence for j in valid[1:]],
        reviewed=[j.evidence for j in assessed],
        candidates=tuple(candidates[:MOST_CANDIDATES]),
        candidates_total=len(candidates),
        checks=tuple(shown.checks) if shown else (),
    )


def _outranked(winner: Evidence, other: Evidence) -> str:
    """Why the other one, which is good, did not win: only the age of its program was against it, or more."""
    ranks = [evidence.terms.program.rank for evidence in (winner, other) if evidence.terms is not None]
    tied = len(ranks) == 2 and ranks[0] == ranks[1] and winner.program_id != other.program_id
    return "older_program" if tied else "outranked"


def _strength(assessed: _Assessed) -> tuple[object, ...]:
    """Sorts candidates, the strongest first: program's rank, of equal ones the older program (ids begin with the time),
    the program's own priority of kinds, its model.
    """
    evidence = assessed.evidence
    rank, place, newest_first = 10_000, 9, True
    if evidence.terms is not None:
        rules = evidence.terms.program.attribution
        rank = evidence.terms.program.rank
        place = rules.priority.index(evidence.kind) if evidence.kind in rules.priority else 8
        newest_first = rules.model == "last"
    at = evidence.at.timestamp() if evidence.at is not None else 0.0
    return (
        rank,
        evidence.program_id or "~",
        place,
        -at if newest_first else at,
        evidence.click.click_id if evidence.click else "",
        evidence.text or "",
        evidence.problem or "",
    )


def _status(winner: Evidence | None, lost: list[Check], pending: tuple[str, ...]) -> tuple[Status, str]:
    if pending:
        return "pending", pending[0]
    if winner is not None:
        return "attributed", winner.kind
    refusals = [check.reason or "" for check in lost]
    named = [reason for reason in refusals if reason not in NAMES_NOBODY]
    if named:
        return "rejected", named[0]
    # `sorted` is stable, so among reasons that say equally much the strongest candidate's stays first.
    ranked = sorted(refusals, key=lambda reason: reason in _WEAKEST)
    return "unattributed", ranked[0] if ranked else "no_evidence"


def _candidate(evidence: Evidence, verdict: Verdict, reason: str, check: Check | None = None) -> Candidate:
    return Candidate(
        kind=evidence.kind,
        verdict=verdict,
        reason=reason,
        at=evidence.at,
        ambassador_id=evidence.ambassador_id,
        program_id=evidence.program_id,
        program_version=evidence.terms.version if evidence.terms else None,
        click_id=evidence.click.click_id if evidence.click else None,
        link_id=evidence.click.link_id if evidence.click else None,
        code=evidence.text,
        detail=_detail(evidence, check),
    )


def _detail(evidence: Evidence, check: Check | None) -> dict[str, object]:
    detail: dict[str, object] = dict(check.detail) if check else {}
    if evidence.kind == "click" and evidence.terms is not None:
        detail.setdefault("window_days", evidence.terms.program.attribution.click_window_days)
    if evidence.click is not None and evidence.click.channel is not None:
        detail["channel"] = evidence.click.channel
    if evidence.won_by is not None:
        detail["order_id"] = evidence.won_by.order_id
    return detail


def winner_of(evidence: Evidence) -> Winner:
    """The proof that won, as it is published."""
    return Winner(
        kind=evidence.kind,
        at=evidence.at,
        click_id=evidence.click.click_id if evidence.click else None,
        link_id=evidence.click.link_id if evidence.click else None,
        code=evidence.text,
        split=evidence.split,
    )
