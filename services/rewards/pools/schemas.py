"""Bodies of the API of pools."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.rewards.pools.actions.bring import Brought, Left, Why
from services.rewards.pools.domain import (
    LEAST_SIGNS,
    MOST_CODES,
    MOST_PREFIX,
    MOST_SIGNS,
    USUAL_SIGNS,
    HandOut,
    Kept,
    Pool,
    PoolState,
)

_IN = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
MOST_BYTES: Final = 1024 * 1024
"""Of a list of codes."""
PoolName = Annotated[str, Field(min_length=1, max_length=80)]
LowBelow = Annotated[
    int,
    Field(ge=0, le=MOST_CODES, strict=True, description="Fewer free codes than that are too few: 0 says so never."),
]


class PoolIn(BaseModel):
    """A pool, and how many codes are to be made for it."""

    model_config = _IN | ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Coffee, 5 euros off", "count": 10000, "prefix": "CAFE", "low_below": 500}]
        }
    )

    name: PoolName = Field(description="For the store's own people.")
    count: int = Field(0, ge=0, le=MOST_CODES, strict=True, description="Codes to make. 0: the store brings its own.")
    prefix: str = Field("", max_length=MOST_PREFIX, description="What each code begins with: A-Z and 0-9.")
    signs: int = Field(
        USUAL_SIGNS,
        ge=LEAST_SIGNS,
        le=MOST_SIGNS,
        strict=True,
        description="Chance signs behind the prefix, each one of 31 that nobody confuses; 20 signs at most in all.",
    )
    low_below: LowBelow = 0


class PoolPatch(BaseModel):
    """What is to change; left out: stays."""

    model_config = _IN | ConfigDict(json_schema_extra={"examples": [{"low_below": 1000}]})

    name: PoolName | None = None
    low_below: LowBelow | None = None


class MakeIn(BaseModel):
    """How many more codes are to be made."""

    model_config = _IN | ConfigDict(json_schema_extra={"examples": [{"count": 5000}]})

    count: int = Field(ge=1, le=MOST_CODES, strict=True)


class CodesIn(BaseModel):
    """Codes of the store's own, as CSV: one a line, or under a heading `code`, separated by commas, semicolons or tabs.
    Letters become capitals, as in every promo code.
    """

    model_config = _IN | ConfigDict(json_schema_extra={"examples": [{"csv": "code\nSPRING-7Q2M\nSPRING-9XK4\n"}]})

    csv: str = Field(min_length=1, max_length=MOST_BYTES)
    dry_run: bool = Field(False, description="Only say what would become of each line.")


class HandOutIn(BaseModel):
    """For what a code is taken."""

    model_config = _IN | ConfigDict(json_schema_extra={"examples": [{"reference": "order-1042"}]})

    reference: str = Field(
        pattern=r"^[A-Za-z0-9._:/-]{1,64}$",
        description="The store's own id of what the code is for, not of a person. The same one gets the same code.",
    )


class PoolOut(BaseModel):
    """A pool, and how it stands."""

    id: str
    name: str
    prefix: str
    signs: int
    state: PoolState = Field(description="making; ready; cancelled or failed: it can be resumed.")
    reason: str | None = Field(description="Why making failed.")
    wanted: int = Field(description="Codes to be made in all.")
    made: int = Field(description="Codes that are made: the progress.")
    added: int = Field(description="Codes that the store brought.")
    handed_out: int
    free: int
    low_below: int
    low_since: datetime | None = Field(description="Since when fewer codes are free than `low_below`.")
    made_at: datetime

    @classmethod
    def of(cls, pool: Pool) -> Self:
        """As callers see it."""
        return cls(
            id=pool.pool_id,
            name=pool.name,
            prefix=pool.prefix,
            signs=pool.signs,
            state=pool.state,
            reason=pool.reason,
            wanted=pool.wanted,
            made=pool.made,
            added=pool.added,
            handed_out=pool.handed,
            free=pool.free,
            low_below=pool.low_below,
            low_since=pool.low_since,
            made_at=pool.made_at,
        )


class LeftOut(BaseModel):
    """A line that adds nothing."""

    line: int = Field(description="As an editor numbers it.")
    text: str = Field(description="What stands there.")
    code: str | None = Field(description="The code as it is read; null where it is none.")
    why: Why
    first_line: int | None = Field(None, description="Where the code stood before.")
    pool_id: str | None = Field(None, description="The pool that has it.")
    pool_name: str | None = None

    @classmethod
    def of(cls, left: Left) -> Self:
        """As callers see it."""
        return cls(
            line=left.line.number,
            text=left.line.text[:80],
            code=left.line.code,
            why=left.why,
            first_line=left.first,
            pool_id=left.pool.pool_id if left.pool else None,
            pool_name=left.pool.name if left.pool else None,
        )


class BroughtOut(BaseModel):
    """What became of a list: every line that is not in `data` was added."""

    dry_run: bool
    lines: int = Field(description="Lines that say something.")
    added: int
    data: list[LeftOut]
    pool: PoolOut

    @classmethod
    def of(cls, brought: Brought, *, dry_run: bool) -> Self:
        """As callers see it."""
        return cls(
            dry_run=dry_run,
            lines=brought.lines,
            added=brought.added,
            data=[LeftOut.of(one) for one in brought.left],
            pool=PoolOut.of(brought.pool),
        )


class CodeOut(BaseModel):
    """A code of a pool."""

    code: str
    status: Literal["free", "handed_out"]
    reference: str | None = Field(description="For what it was handed out: a redemption, or the store's own id.")
    handed_out_at: datetime | None

    @classmethod
    def of(cls, kept: Kept) -> Self:
        """As callers see it."""
        status: Literal["free", "handed_out"] = "free" if kept.reference is None else "handed_out"
        return cls(code=kept.code, status=status, reference=kept.reference, handed_out_at=kept.at)


class HandOutOut(BaseModel):
    """A code that was handed out."""

    code: str
    pool_id: str
    reference: str
    handed_out_at: datetime

    @classmethod
    def of(cls, pool_id: str, found: HandOut) -> Self:
        """As callers see it."""
        return cls(code=found.code, pool_id=pool_id, reference=found.reference, handed_out_at=found.at)
