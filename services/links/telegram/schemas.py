"""What callers send and get about a store's bot."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.links.telegram.sql import Bot, State


class BotIn(BaseModel):
    """A bot, by the token that BotFather gave."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str = Field(min_length=1, max_length=200, description="Kept sealed, and shown to nobody.")


class BotOut(BaseModel):
    """A store's bot."""

    username: str | None = Field(description="As people find it; null until Telegram has said so.")
    state: State = Field(description="`checking` until Telegram knows where to deliver, `active`, or `refused`.")
    reason: str | None
    created_at: datetime

    @classmethod
    def of(cls, bot: Bot) -> Self:
        """As callers see it."""
        return cls(username=bot.username, state=bot.state, reason=bot.reason, created_at=bot.created_at)
