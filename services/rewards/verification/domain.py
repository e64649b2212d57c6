"""What a verification looks for, and how it recomputes the books from their entries. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.rewards.ledger.domain import (
    GENESIS,
    Entry,
    Posted,
    TotalKey,
    chain_hash,
    totals,
)

MOST_FINDINGS = 100
"""Findings that a report spells out; more are only counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind as a machine word, and where, in words."""

    kind: str
    detail: str


@dataclass(slots=True)
class Report:
    """What was looked at, and what was found."""

    store_id: str
    sets: int = 0
    entries: int = 0
    rewards: int = 0
    last_hash: str = ""
    """Hash of the last set, to be kept elsewhere: it vouches for everything before it."""
    wrong: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return self.wrong == 0

    def found(self, kind: str, detail: str) -> None:
        """Adds a finding."""
        self.wrong += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(kind, detail))


@dataclass(slots=True)
class Walk:
    """A pass over a store's sets in their order: the chain, the sums, and the totals that follow from them."""

    report: Report
    number: int = 0
    hash: bytes = GENESIS
    totals: dict[TotalKey, tuple[int, int]] = field(default_factory=dict)

    def take(self, posted: Sequence[Posted]) -> None:
        """The next sets."""
        for one in posted:
            self._check(one)
        sets = [(one.store_id, one.movement, one.entries) for one in posted]
        for account, (debits, credits) in totals(sets).items():
            before = self.totals.get(account, (0, 0))
            self.totals[account] = (before[0] + debits, before[1] + credits)

    def _check(self, one: Posted) -> None:
        report = self.report
        report.sets += 1
        report.entries += len(one.entries)
        if one.number != self.number + 1:
            report.found("gap", f"set {one.number} follows set {self.number}")
        if len(one.entries) < 2 or any(_sums(one.entries).values()):
            report.found("unbalanced", f"set {one.number} does not balance: {_sums(one.entries)}")
        if chain_hash(self.hash, one) != one.hash:
            report.found("hash", f"set {one.number} is not what was written, or its predecessor is not")
        # Go on from the hash that stands there: a change is reported once, at its own place.
        self.number, self.hash = one.number, one.hash
        report.last_hash = one.hash.hex()


def _sums(entries: Sequence[Entry]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for entry in entries:
        sums[entry.unit] += entry.amount_minor
    return dict(sums)
