"""Bodies of the API of rules for releasing."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rewards.release_rules.domain import Way
from services.rewards.release_rules.sql import Rule

_WAY = (
    "automatic: as soon as the hold is over. by_hand: once somebody has approved each. ask: once the server at `url`"
    " was asked and let it pass. What somebody wants looked at always waits for a person."
)


class ReleaseRuleIn(BaseModel):
    """How rewards become available after their hold."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"way": "ask", "url": "https://shop.example/kith/may-release"}]},
    )

    way: Way = Field(description=_WAY)
    url: Annotated[str, Field(min_length=8, max_length=2000)] | None = Field(
        None, description="Where the store's own server is asked: an https address, without a user or a #."
    )


class SampleOut(BaseModel):
    """What the newest sample came to."""

    outcome: str = Field(description="waiting, allowed, refused, or why it was no answer.")
    status: int | None = Field(description="HTTP status of the answer.")
    at: datetime | None


class ReleaseRuleOut(BaseModel):
    """How rewards become available after their hold."""

    way: Way = Field(description=_WAY)
    url: str | None
    has_secret: bool = Field(description="Whether questions can be signed.")
    test: SampleOut | None = Field(description="The newest sample; null while none was sent.")

    @classmethod
    def of(cls, rule: Rule, *, has_secret: bool) -> Self:
        """As callers see it."""
        test = rule.test_outcome and SampleOut(outcome=rule.test_outcome, status=rule.test_status, at=rule.tested_at)
        return cls(way=rule.way, url=rule.url, has_secret=has_secret, test=test or None)


class ReleaseSecretIn(BaseModel):
    """Another secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    overlap_hours: Annotated[
        int, Field(ge=0, le=168, strict=True, description="So long the former secret signs as well.")
    ] = 24


class ReleaseSecretOut(BaseModel):
    """A secret, shown this once."""

    secret: str = Field(description="`whsec_` and base64: what the server verifies signatures with.")
