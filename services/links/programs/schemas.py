"""What callers send and get about programs. The program itself is the contract's own model."""

from datetime import datetime
from typing import Any, Self

from pydantic import ConfigDict, RootModel

from contracts.program import Program
from services.links.programs.sql import Version


class ProgramPatch(RootModel[dict[str, Any]]):
    """Fields of a program to change, merged by RFC 7396: objects merge, lists are replaced, null means the default.

    The merged whole is checked as a program, so an unknown field or a wrong type is named there.
    """

    model_config = ConfigDict(frozen=True)


class ProgramOut(Program):
    """A version of a program."""

    id: str
    version: int
    created_at: datetime
    published_at: datetime

    @classmethod
    def of(cls, version: Version) -> Self:
        return cls(
            **{name: getattr(version.program, name) for name in Program.model_fields},
            id=version.program_id,
            version=version.version,
            created_at=version.created_at,
            published_at=version.published_at,
        )
