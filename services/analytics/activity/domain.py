"""Notes of what was done, and how a list of them is folded: who does one thing many times stands there once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contracts.events.audit import ActorKind, Figure

FEW: Final = 3
"""So many equal actions still stand each for itself: what each was done to is worth its line."""
PAUSE: Final = timedelta(hours=36)
"""Between two actions of one piece of work, at most: what a program does every day is one, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Somebody did something."""

    audit_id: str
    at: datetime
    service: str
    actor_kind: ActorKind
    actor_id: str
    session_id: str | None
    action: str
    subject: str
    before: dict[str, Figure]
    after: dict[str, Figure]
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list: one note, or many equal ones of which `note` is the newest."""

    note: Note
    count: int = 1
    since: datetime | None = None
    """When the oldest of them was done."""


def fold(notes: Sequence[Note]) -> list[Line]:
    """The lines of these notes, which are the newest first. Folded are actions of one kind by one actor, with no
    longer pause between them: many of them, or what one request did. Others may lie between them.
    """
    groups: list[list[Note]] = []
    growing: dict[tuple[str, str, str | None, str], list[Note]] = {}
    for note in notes:
        key = (note.actor_kind, note.actor_id, note.session_id, note.action)
        group = growing.get(key)
        if group is None or group[-1].at - note.at > PAUSE:
            group = growing[key] = []
            groups.append(group)
        group.append(note)
    lines: list[Line] = []
    for group in groups:
        if len(group) > FEW or (len(group) > 1 and _is_one_request(group)):
            lines.append(Line(group[0], len(group), group[-1].at))
        else:
            lines += map(Line, group)
    return sorted(lines, key=lambda line: (line.note.at, line.note.audit_id), reverse=True)


def _is_one_request(group: Sequence[Note]) -> bool:
    return group[0].request_id is not None and len({note.request_id for note in group}) == 1
