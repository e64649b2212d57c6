"""Set-up that other services keep a slice of: stores, keys, programs, ambassadors, links, codes, the clock.

The topic is compacted, so each payload is the entity's whole public state. Names and ways to reach a person never
travel: an ambassador is an id, a public code and keyed hashes.
"""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.events.base import Payload, Topic
from contracts.fields import Currency, Id, Moment, Role
from contracts.program import Program


class StoreConfigured(Payload):
    """A store was set up or changed."""

    TYPE: ClassVar[str] = "kith.store.configured.v1"
    TOPIC: ClassVar[Topic] = Topic.CATALOG

    name: str
    currency: Currency
    timezone: str = Field(description="IANA name; periods of caps and reports follow it.")
    domains: tuple[str, ...] = Field(description="Hosts (with port where not standard) that belong to the store.")
    locale: str
    created_at: Moment
    revision: int = Field(ge=1)
    placeholders: tuple[str, ...] = Field(
        (), description="What stands for nobody at this store: keyed hashes of customer ids and contacts."
    )


class KeyRevoked(Payload):
    """An API key is refused from now on."""

    TYPE: ClassVar[str] = "kith.key.revoked.v1"
    TOPIC: ClassVar[Topic] = Topic.CATALOG

    key_id: Id
    revoked_at: Moment

    def partition_key(self) -> str:
        return self.key_id


class SessionEnded(Payload):
    """Somebody signed out of the console: the session's cookie opens nothing from now on, wherever a copy of it is."""

    TYPE: ClassVar[str] = "kith.session.ended.v1"
    TOPIC: ClassVar[Topic] = Topic.CATALOG

    session_id: str = Field(min_length=1, max_length=64)
    expires_at: Moment = Field(description="When the session would have ended by itself, in real time.")

    def partition_key(self) -> str:
        return self.session_id


class ProgramPublished(Payload):
    """A version of a program came into force. Each version is an entity of its own and never changes."""

    TYPE: ClassVar[str] = "kith.program.published.v1"
    TOPIC: ClassVar[Topic] = Topic.CATALOG

    program_id: Id
    version: int = Field(ge=1)
    published_at: Moment = Field(
        description="In force for purchases from here on; version 1 covers everything earlier."
    )
    program: Program

    def partition_key(self) -> str:
        return f"{self.program_id}:{self.version}"


class AmbassadorSaved(Payload):
    """An ambassador joined or changed."""

    TYPE: ClassVar[str] = "kith.ambassador.saved.v1"
    TOPIC: ClassVar[Topic] = Topic.CATALOG

    ambassador_id: Id
    program_id: Id
    status: Literal["active", "blocked", "erased"] = "active"
    external_id: Id | None = Field(None, description="The store's own customer id of this person.")
    contact_hashes: tuple[str, ...] = Field((), description="Keyed hashes of folded e-mail and phone.")
    sponsor_id: Id | None = None
    group: str | None = None
    role: Role | None = None
    code_id: Id | None = Field(None, description="The code by which they are known, of those that they have.")
    one_of_many: bool = Field(False, description="Added in a batch: nobody writes to them that they joined.")
    created_at: Moment
    revision: int = Field(ge=1)

    def partition_key(self) -> str:
        return self.ambassador_id


class LinkSaved(Payload):
    """A share link was made, changed or deleted."""

    TYPE: ClassVar[str] = "kith.link.saved.v1"
    TOPIC: ClassVar[Topic] = Topic.CATALOG

    link_id: Id
    slug: str
    program_id: Id
    ambassador_id: Id
    destination: str | None = None
    channel: str | None = None
    expires_at: Moment | None = None
    deleted: bool = False
    created_at: Moment
    revision: int = Field(ge=1)
    split: int | None = Field(
        None,
        ge=0,
        le=10_000,
        description="The ambassador's part of the reward that this link carries, in basis points.",
    )

    def partition_key(self) -> str:
        return self.link_id


class CodeSaved(Payload):
    """A promo code was made, changed or retired."""

    TYPE: ClassVar[str] = "kith.code.saved.v1"
    TOPIC: ClassVar[Topic] = Topic.CATALOG

    code_id: Id
    code: str = Field(description="Folded form: what `kernel.codes.fold` makes of the text a buyer types.")
    program_id: Id
    ambassador_id: Id | None = None
    max_uses: int | None = None
    expires_at: Moment | None = None
    retired: bool = False
    created_at: Moment
    revision: int = Field(ge=1)
    split: int | None = Field(
        None,
        ge=0,
        le=10_000,
        description="The ambassador's part of the reward that this code carries, in basis points.",
    )

    def partition_key(self) -> str:
        return self.code_id


class ClockMoved(Payload):
    """The demo clock was set: `offset_seconds` from the database's clock, absolute. `store_id` is `*`: all stores."""

    TYPE: ClassVar[str] = "kith.clock.moved.v1"
    TOPIC: ClassVar[Topic] = Topic.CATALOG

    offset_seconds: int
    revision: int = Field(ge=1)

    def partition_key(self) -> str:
        return "clock"
