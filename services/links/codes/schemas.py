"""What callers send and get about codes."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from contracts.splits import Share
from services.kernel.http.fields import Blank, When
from services.links.codes.sql import Code

Uses = Annotated[int, Field(ge=1, le=2_000_000_000, strict=True)]


class CodeIn(BaseModel):
    """A code to make. Without `code` it gets a random one; without an ambassador it belongs to the program alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    program_id: str = Field(max_length=64)
    ambassador_id: str | None = Field(None, max_length=64)
    code: Annotated[Annotated[str, Field(min_length=1, max_length=200)] | None, Blank] = None
    max_uses: Uses | None = None
    expires_at: When | None = None
    split: Share | None = Field(
        None,
        description="The ambassador's part of the reward in basis points, the friend has the rest: within what the"
        " program allows, and for ever. Asked for again with nothing else, it is the same code.",
    )


class CodePatch(BaseModel):
    """Fields of a code to change; null clears a limit. A retired code is never given out again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_uses: Uses | None = None
    expires_at: When | None = None
    retired: bool = False


class CodeOut(BaseModel):
    """A promo code, in the spelling in which every spelling of it ends."""

    id: str
    code: str
    program_id: str
    ambassador_id: str | None
    max_uses: int | None
    expires_at: datetime | None
    retired: bool
    split: int | None = Field(None, description="The ambassador's part of the reward in basis points.")
    created_at: datetime

    @classmethod
    def of(cls, code: Code) -> Self:
        return cls(
            id=code.code_id,
            code=code.code,
            program_id=code.program_id,
            ambassador_id=code.ambassador_id,
            max_uses=code.max_uses,
            expires_at=code.expires_at,
            retired=code.retired,
            split=code.split,
            created_at=code.created_at,
        )
