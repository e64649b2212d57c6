"""What people and keys did, as every service notes it: who, what, when, on what, and the figures before and after.

Ids, codes and figures only. The noting service's own table is the source of truth; readers keep a slice by `audit_id`.
Beside that, which keys are in use, and what was seen of a store that is being connected.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Id, Moment

ActorKind = Literal["key", "operator", "member", "ambassador", "system"]
Figure = Annotated[str, Field(max_length=1000)] | int | bool | None
"""One value before or after: a code, an id, a figure. Never a name, an address or a text that somebody wrote."""


class AuditNoted(Payload):
    """Somebody did something. `store_id` is `*` for what concerns every store."""

    TYPE: ClassVar[str] = "kith.audit.noted.v1"
    TOPIC: ClassVar[Topic] = Topic.AUDIT

    audit_id: Id
    at: Moment
    service: str = Field(description="Which service noted it.")
    actor_kind: ActorKind
    actor_id: str = Field(description="A key, an ambassador, a job; of a member the key that opened the session.")
    session_id: str | None = Field(None, description="Of a member: which session, by a name that opens nothing.")
    action: str = Field(description="What was done, as `program.published`.", pattern=r"^[a-z_]+\.[a-z_]+$")
    on: str = Field(description="Its subject: an id of ours, or a store's domain.")
    before: dict[str, Figure] = Field({}, description="Of what changed, as it was.")
    after: dict[str, Figure] = Field({}, description="As it became.")
    request_id: str | None = None

    def subject(self) -> str:
        return self.on


class Sighted(Payload):
    """Something that shows whether a store is connected rightly was seen by a service's way. Reported about once in ten
    seconds by every process that sees it; a process that ends may report nothing of its last seconds.
    """

    TYPE: ClassVar[str] = "kith.sighting.noted.v1"
    TOPIC: ClassVar[Topic] = Topic.AUDIT

    kind: Literal["key", "customer", "code", "delivery", "click"] = Field(description="What was seen.")
    on: str = Field("", max_length=255, description="Which key or connection, or the host of the page.")
    said: str = Field(
        "", max_length=64, description="Why it was refused, in one machine word; empty where it was good."
    )
    at: Moment

    def subject(self) -> str:
        return self.on or self.store_id


class KeyUsed(Payload):
    """An API key is in use. Reported about once an hour by every process that sees it, never for each request."""

    TYPE: ClassVar[str] = "kith.key.used.v1"
    TOPIC: ClassVar[Topic] = Topic.AUDIT

    key_id: Id
    used_at: Moment

    def subject(self) -> str:
        return self.key_id
