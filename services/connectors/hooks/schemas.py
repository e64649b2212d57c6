"""Hooks as a store sets them up."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Platform = Literal["shopify"]


class HookIn(BaseModel):
    """A new address for a platform's deliveries."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    platform: Platform
    secret: Annotated[str, Field(min_length=8, max_length=200, description="What the platform signs deliveries with.")]


class HookOut(BaseModel):
    """An address that a platform delivers to. Its secret is never shown."""

    id: str
    platform: Platform
    url: str
    created_at: datetime
