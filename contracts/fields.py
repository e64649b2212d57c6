"""Field types that several payloads share. No behaviour lives here."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

MAX_MINOR = 9_000_000_000_000_000
"""Largest amount on the wire: the biggest round figure that JSON readers hold exactly as a double."""

Minor = Annotated[int, Field(ge=0, le=MAX_MINOR, strict=True)]
"""An amount in the minor units of its currency (cents for EUR, whole yen for JPY)."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 code, upper case."""

Moment = AwareDatetime
"""A point in time with its zone."""

Id = Annotated[str, Field(min_length=1, max_length=255)]
"""An identifier: one of ours (prefixed, time-ordered) or the store's own."""

Role = Literal["customer", "advocate", "influencer", "partner", "consumer", "distributor"]
"""What an ambassador is to the store."""
