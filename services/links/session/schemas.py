"""What callers send and get about console sessions."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.kernel.auth.sessions import ConsoleSession


class SessionIn(BaseModel):
    """A secret key, to be changed into a session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret_key: Annotated[str, Field(min_length=1, max_length=400)]
    next: Annotated[str, Field(max_length=1000, description="Page of the console to go to.")] = "/console"


class SessionOut(BaseModel):
    """The session that the cookie holds."""

    store_id: str
    scopes: list[str]
    expires_at: datetime

    @classmethod
    def of(cls, session: ConsoleSession) -> "SessionOut":
        """As the caller sees it."""
        return cls(store_id=session.store_id, scopes=sorted(session.scopes), expires_at=session.expires_at)
