"""What was in force when an order was placed: versions of programs, codes, ambassadors."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.fields import Role
from contracts.program import Program
from services.attribution.decisions.domain.facts import AmbassadorRevision, CodeRevision, Facts

GRACE = timedelta(minutes=5)
"""Clocks of stores and ours differ: what happened up to this long after an order counts as before it."""

LONGEST_WINDOW = timedelta(days=400)
"""No program may have a longer window, so an older click is nobody's."""


class Terms(Struct, frozen=True):
    """The version of a program that decides an order."""

    program_id: str
    version: int
    program: Program
    stopped_at: datetime | None
    """When the program was paused or archived, if it was when the order was placed."""


class Ambassador(Struct, frozen=True):
    """An ambassador as an order sees them: the newest status, and every identity they ever had."""

    status: Literal["active", "blocked", "erased"]
    external_ids: frozenset[str]
    contacts: frozenset[str]


class Code(Struct, frozen=True):
    """A promo code as an order sees it."""

    data: CodeSaved
    made_later: bool
    retired: bool


class SetUp:
    """The slices of a store's set-up, by id."""

    def __init__(self, facts: Facts) -> None:
        self._programs: dict[str, dict[int, ProgramPublished]] = {}
        for version in facts.programs:
            self._programs.setdefault(version.program_id, {})[version.version] = version
        self._ambassadors: dict[str, dict[int, AmbassadorRevision]] = {}
        for saved in facts.ambassadors:
            self._ambassadors.setdefault(saved.data.ambassador_id, {})[saved.data.revision] = saved
        self._codes: dict[str, dict[str, dict[int, CodeRevision]]] = {}
        for code in facts.codes:
            self._codes.setdefault(code.data.code, {}).setdefault(code.data.code_id, {})[code.data.revision] = code
        self._terms: dict[tuple[str, datetime], Terms | None] = {}

    def terms(self, program_id: str, placed_at: datetime) -> Terms | None:
        """The version in force at that moment; the first covers everything earlier. None if it is not known yet."""
        key = (program_id, placed_at)
        if key not in self._terms:
            self._terms[key] = self._find_terms(program_id, placed_at)
        return self._terms[key]

    def _find_terms(self, program_id: str, placed_at: datetime) -> Terms | None:
        versions = self._programs.get(program_id, {})
        numbers = [n for n in sorted(versions) if n == 1 or versions[n].published_at <= placed_at]
        if not numbers:
            return None
        chosen = versions[numbers[-1]]
        stopped_at = None
        for number in reversed(numbers):
            if versions[number].program.status == "active":
                break
            stopped_at = versions[number].published_at
        return Terms(program_id, chosen.version, chosen.program, stopped_at)

    def ambassador(self, ambassador_id: str, placed_at: datetime) -> Ambassador | None:
        """None if not known yet. A block holds for every order that is still open; an erasure for later orders only,
        since it may change no amount that was earned before it.
        """
        revisions = self._ambassadors.get(ambassador_id)
        if revisions is None:
            return None
        ordered = [revisions[n] for n in sorted(revisions)]
        status = ordered[-1].data.status
        if status == "erased" and ordered[-1].at > placed_at:
            status = "active"
        return Ambassador(
            status=status,
            external_ids=frozenset(r.data.external_id for r in ordered if r.data.external_id is not None),
            contacts=frozenset(h for r in ordered for h in r.data.contact_hashes),
        )

    def place_of(self, ambassador_id: str, placed_at: datetime) -> tuple[str | None, Role | None]:
        """The group and role that an ambassador had at that moment; what they had first covers everything earlier."""
        then = self._then(ambassador_id, placed_at)
        return (None, None) if then is None else (then.group, then.role)

    def sponsors_of(self, ambassador_id: str, placed_at: datetime, *, most: int) -> list[tuple[str, Ambassador | None]]:
        """Who was above an ambassador at that moment, nearest first; the last is None where it is not known yet. Nobody
        is in it twice, nor the ambassador: whatever is told of who brought whom, it ends.
        """
        found: dict[str, Ambassador | None] = {}
        then = self._then(ambassador_id, placed_at)
        while then is not None and then.sponsor_id is not None and len(found) < most:
            above = then.sponsor_id
            if above == ambassador_id or above in found:
                break
            found[above] = self.ambassador(above, placed_at)
            then = self._then(above, placed_at)
        return list(found.items())

    def _then(self, ambassador_id: str, placed_at: datetime) -> AmbassadorSaved | None:
        """An ambassador as they were at that moment; as they were first, for everything earlier."""
        revisions = self._ambassadors.get(ambassador_id, {})
        numbers = sorted(revisions)
        then = [number for number in numbers if revisions[number].at <= placed_at] or numbers[:1]
        return revisions[then[-1]].data if then else None

    def code(self, text: str, placed_at: datetime) -> Code | None:
        """The code with this text: of several the newest that existed at the order, else the first made after it."""
        entities = [by_number[max(by_number)] for by_number in self._codes.get(text, {}).values()]
        if not entities:
            return None
        entities.sort(key=lambda saved: (saved.data.created_at, saved.data.code_id))
        before = [saved for saved in entities if saved.data.created_at <= placed_at + GRACE]
        chosen = before[-1] if before else entities[0]
        retired_at = _retired_at(self._codes[text][chosen.data.code_id].values())
        return Code(
            data=chosen.data,
            made_later=not before,
            retired=retired_at is not None and retired_at <= placed_at,
        )


def _retired_at(revisions: Iterable[CodeRevision]) -> datetime | None:
    """When the code was withdrawn: orders before that moment keep it."""
    found = None
    for saved in sorted(revisions, key=lambda saved: saved.data.revision, reverse=True):
        if not saved.data.retired:
            break
        found = saved.at
    return found
