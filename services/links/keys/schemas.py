"""What callers send and get about keys."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.common.scopes import ALL, SCOPES
from services.links.keys.sql import Key

Kind = Literal["secret", "publishable"]
Scopes = Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(min_length=1, max_length=40)]


class KeyIn(BaseModel):
    """A key to make. Without `scopes` a secret key may do all but see to domains; a publishable key tracks, and nothing
    else.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = "secret"
    scopes: Scopes | None = None
    label: Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class KeyOut(BaseModel):
    """A key as it is listed: what it may do, never the key itself."""

    id: str
    kind: Kind
    scopes: tuple[str, ...]
    label: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(None, description="To the hour. Null: not seen in use so far.")

    @classmethod
    def of(cls, key: Key) -> Self:
        return cls(
            id=key.key_id,
            kind="secret" if key.kind == "sk" else "publishable",
            scopes=tuple(scope for scope in ALL if scope in SCOPES.from_mask(SCOPES.to_mask(key.scopes))),
            label=key.label,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
            last_used_at=key.last_used_at,
        )


class KeyCreated(KeyOut):
    """A key just made, with the key. It is shown now and never listed; the same request again shows it again."""

    key: str = ""


class IdentifySecret(BaseModel):
    """The identify secret: the key, as text, of the HMAC-SHA256 that proves a customer id."""

    generation: int = Field(description="How often it was rotated. The one before stays valid beside it.")
    secret: str = ""
