"""What callers get about messages."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from services.links.mail.sql import Channel, Mail, State


class MailOut(BaseModel):
    """A message, and what became of it. Its words and its address are kept nowhere."""

    id: str
    kind: str = Field(description="What it was about: `sign_in`, `join`, `notice`, …")
    channel: Channel
    ambassador_id: str | None = Field(
        description="Whom it was for; null of one to an address, before it is sent or when nobody has it."
    )
    state: State = Field(
        description="`waiting`, `sent` to the relay or gateway, `delivered` where that reports it, `refused` for good"
        " for its address or content, `dropped` since nobody was there to get it, `bounced` back after it was sent,"
        " `kept` in a demo that sends none."
    )
    reason: str | None = Field(
        description="Of what was not sent: `nobody`, `no_address`, `no_relay`, the relay's `smtp_550`, the gateway's"
        " `sms_422`, `sms_limit_day` where the store's SMS were used up, or why the"
        " address gets none: `unsubscribed`, `bounced`, `complained`. `given_up` of one that waits: no relay took"
        " it for days, and nothing tries any more until an operator has it tried again."
    )
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, mail: Mail) -> Self:
        """As callers see it."""
        return cls(
            id=mail.mail_id,
            kind=mail.kind,
            channel=mail.channel,
            ambassador_id=mail.ambassador_id,
            state=mail.state,
            reason=mail.reason,
            created_at=mail.created_at,
            ended_at=mail.ended_at,
        )
