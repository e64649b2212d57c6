"""What callers send and get about links."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from contracts.splits import Share
from services.kernel.http.fields import When
from services.links.links.sql import Link
from services.links.stores.domain import MAX_URL

UtmValue = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Channel = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="Where the link is shared.")]
Slug = Annotated[str, Field(min_length=1, max_length=200, description="Words of the store's own choice.")]
Destination = Annotated[str, Field(min_length=1, max_length=MAX_URL, description="A page of the store, by https.")]

Fallback = Annotated[
    str,
    Field(min_length=1, max_length=MAX_URL, description="A page of the store where the link leads once it expired."),
]


def _utm(name: str) -> UtmValue | None:
    field: UtmValue | None = Field(None, validation_alias=AliasChoices(name, f"utm_{name}"))
    return field


class Utm(BaseModel):
    """Campaign values that the store's own analytics reads. Each may be spelt with or without `utm_`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: UtmValue | None = _utm("source")
    medium: UtmValue | None = _utm("medium")
    campaign: UtmValue | None = _utm("campaign")
    term: UtmValue | None = _utm("term")
    content: UtmValue | None = _utm("content")

    def values(self) -> dict[str, str]:
        """Those that are given."""
        return {name: value for name, value in self if value}


class LinkIn(BaseModel):
    """A link to make. Without a destination it leads to the program's landing page; without a slug it gets a random."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    program_id: str = Field(max_length=64)
    ambassador_id: str = Field(max_length=64)
    destination: Destination | None = None
    slug: Slug | None = None
    channel: Channel | None = None
    utm: Utm = Utm()
    expires_at: When | None = None
    fallback: Fallback | None = None
    split: Share | None = Field(
        None,
        description="The ambassador's part of the reward in basis points, the friend has the rest: within what the"
        " program allows, and for ever. Asked for again with nothing else, it is the same link.",
    )


class LinkPatch(BaseModel):
    """Fields of a link to change; null clears one. A former slug goes on leading here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    destination: Destination | None = None
    slug: Slug | None = None
    channel: Channel | None = None
    utm: Utm | None = None
    expires_at: When | None = None
    fallback: Fallback | None = None


class LinkOut(BaseModel):
    """A share link. `url` is what people share."""

    id: str
    program_id: str
    ambassador_id: str
    slug: str
    url: str
    destination: str | None
    channel: str | None
    utm: dict[str, str]
    expires_at: datetime | None
    fallback: str | None = None
    split: int | None = Field(None, description="The ambassador's part of the reward in basis points.")
    created_at: datetime

    @classmethod
    def of(cls, link: Link, *, base_url: str) -> Self:
        return cls(
            id=link.link_id,
            program_id=link.program_id,
            ambassador_id=link.ambassador_id,
            slug=link.slug,
            url=share_url(base_url, link.slug),
            destination=link.destination,
            channel=link.channel,
            utm=dict(link.utm),
            expires_at=link.expires_at,
            fallback=link.fallback,
            split=link.split,
            created_at=link.created_at,
        )


def share_url(base_url: str, slug: str) -> str:
    """The address of a share link."""
    return f"{base_url}/r/{slug}"
