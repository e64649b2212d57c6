"""What callers send and get about a store's link domain."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.links.domains.schemas import DomainName
from services.links.hosts.domain import Finding


class LinkDomainIn(BaseModel):
    """The domain on which share links shall be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: DomainName


class LinkDomainOut(BaseModel):
    """Where the store's share links are. A chosen domain is used once its name leads here."""

    domain: str | None = Field(description="The one that is used; null for our own address.")
    chosen: str | None = Field(None, description="The one that was chosen and does not lead here yet.")
    status: Literal["none", "waiting", "used"]
    cname: str = Field(description="What the name of the domain must point to: a CNAME record.")
    finding: Finding | None = Field(None, description="What the look found that this answers.")
