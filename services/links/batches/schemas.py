"""What a batch of ambassadors looks like, and what it is answered."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from services.kernel.errors import FieldError
from services.kernel.http.problems import field_errors
from services.links.ambassadors.schemas import AmbassadorIn, AmbassadorJoined

MOST: Final = 1000
MOST_BYTES: Final = 1024 * 1024
"""Of the body: a thousand people with all that can be given of them take about half of it."""

Reported = Annotated[dict[str, Any], WithJsonSchema(AmbassadorIn.model_json_schema())]
"""An ambassador as `POST /v1/ambassadors` takes one. Read one by one: what is wrong with one harms no other."""


class AmbassadorsIn(BaseModel):
    """Who joins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ambassadors: tuple[Reported, ...] = Field(min_length=1, max_length=MOST)


class WrongField(BaseModel):
    """What is wrong with one of the fields, and how to mend it."""

    field: str
    code: str
    detail: str


class ItemOut(BaseModel):
    """What became of one of them."""

    index: int = Field(description="Its place in the request, from 0.")
    result: Literal["created", "existing", "invalid"] = Field(
        description="`existing`: the program has somebody of this external_id or email, who is answered as they are."
    )
    ambassador: AmbassadorJoined | None = None
    errors: tuple[WrongField, ...] = ()


class BatchOut(BaseModel):
    """A result for each ambassador, in the order of the request."""

    created: int
    existing: int
    invalid: int
    data: list[ItemOut]


def read(reported: dict[str, Any]) -> AmbassadorIn | tuple[FieldError, ...]:
    """One ambassador, or what is wrong."""
    try:
        return AmbassadorIn.model_validate(reported)
    except ValidationError as error:
        return tuple(field_errors(error.errors()))


class SheetIn(BaseModel):
    """Ambassadors as CSV: the first line names the columns (name, email, phone, external_id, group, role, locale,
    public_name), separated by commas, semicolons or tabs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    program_id: str = Field(max_length=64)
    csv: str = Field(min_length=1, max_length=MOST_BYTES)
    dry_run: bool = Field(True, description="Only say what would become of each line.")


class LineOut(BaseModel):
    """What became, or would become, of one line."""

    line: int = Field(description="As an editor numbers it; the first line is the heading.")
    result: Literal["created", "existing", "invalid"]
    ambassador_id: str | None = None
    code: str | None = None
    errors: tuple[WrongField, ...] = ()


class SheetOut(BaseModel):
    """A result for each line that says something, in their order."""

    dry_run: bool
    created: int
    existing: int
    invalid: int
    data: list[LineOut]
