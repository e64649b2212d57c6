"""What callers send and get about a store's domains."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.links.domains.domain import Finding, places
from services.links.stores.domain import BadAddress, Method, store_domain
from services.links.stores.sql import Claim


def _domain(text: str) -> str:
    try:
        return store_domain(text)
    except BadAddress as error:
        raise ValueError(str(error)) from None


DomainName = Annotated[str, Field(min_length=1, max_length=260), AfterValidator(_domain)]


class DomainIn(BaseModel):
    """A domain to add."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: DomainName


class Publish(BaseModel):
    """What to publish; one of the three is enough."""

    dns_name: str = Field(description="Name of a TXT record.")
    dns_value: str = Field(description="Its value.")
    file_url: str = Field(description="Address of a file.")
    file_content: str = Field(description="The file's whole content.")
    page_url: str = Field(description="The page that loads kith.js with a publishable key of the store.")


class DomainOut(BaseModel):
    """A domain of the store. Links lead to it, and to hosts below it, once it is `proved`."""

    domain: str
    status: Literal["proved", "unproved"]
    proved_at: datetime | None = Field(None, description="Null where no proof was asked for.")
    method: Method | None = None
    checked_at: datetime | None = None
    publish: Publish | None = Field(None, description="While it is unproved.")
    findings: dict[Method, Finding] | None = Field(None, description="What the look found that this answers.")

    @classmethod
    def of(cls, domain: str, claim: Claim | None, findings: Mapping[Method, Finding] | None = None) -> Self:
        found = dict(findings) if findings is not None else None
        if claim is None:
            return cls(domain=domain, status="proved", findings=found)
        where = places(domain, claim.token)
        return cls(
            domain=domain,
            status="proved" if claim.proved_at else "unproved",
            proved_at=claim.proved_at,
            method=claim.method,
            checked_at=claim.checked_at,
            publish=None
            if claim.proved_at
            else Publish(
                dns_name=where.dns_name,
                dns_value=where.text,
                file_url=where.file_url,
                file_content=where.text,
                page_url=where.page_url,
            ),
            findings=found,
        )
