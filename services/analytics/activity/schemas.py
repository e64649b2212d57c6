"""What callers get of the audit."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from contracts.events.audit import ActorKind, Figure
from services.analytics.activity.domain import Note


class ActorOut(BaseModel):
    """Who acted. People are ids."""

    kind: ActorKind
    id: str = Field(description="A key, an ambassador, a job; of a member the key that opened the console's session.")
    session_id: str | None = Field(description="Of a member: which session.")


class NoteOut(BaseModel):
    """Somebody did something. `before` and `after` hold codes, figures and ids, never names or addresses."""

    id: str
    at: datetime
    actor: ActorOut
    action: str = Field(description="As `program.published` or `reward.approved`.")
    subject: str = Field(description="What it was done to: an id, or a domain.")
    before: dict[str, Figure]
    after: dict[str, Figure]
    service: str
    request_id: str | None

    @classmethod
    def of(cls, note: Note) -> Self:
        """As callers see it."""
        return cls(
            id=note.audit_id,
            at=note.at,
            actor=ActorOut(kind=note.actor_kind, id=note.actor_id, session_id=note.session_id),
            action=note.action,
            subject=note.subject,
            before=note.before,
            after=note.after,
            service=note.service,
            request_id=note.request_id,
        )
