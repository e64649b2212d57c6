"""What callers send and get of how somebody wants to be notified."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.links.preferences.domain import MOST_A_DAY, Channel, Digest, MailToo, Preferences
from services.links.stores.domain import time_zones

_HOUR = "Hours of the day in the person's zone; both or neither. The night may lie between."


class PreferencesIn(BaseModel):
    """How somebody wants to be notified: all of it, in place of what they chose before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Channel = Field(
        "email", description="What leads to nobody gives way to mail; `portal`: nothing is sent at all."
    )
    mail_too: MailToo = Field(
        "money", description="What comes by mail beside another channel: nothing, what is about money, or everything."
    )
    quiet_from: int | None = Field(None, ge=0, le=23, strict=True, description=_HOUR)
    quiet_to: int | None = Field(None, ge=0, le=23, strict=True)
    zone: str | None = Field(None, max_length=64, description="IANA name; null is the store's.")
    most_a_day: int = Field(
        MOST_A_DAY, ge=1, le=20, strict=True, description="What comes beyond waits, and comes as one."
    )
    digest: Digest = Field("none", description="Everything as one message, at nine each day or each Monday.")

    @model_validator(mode="after")
    def _can_be_followed(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("give both quiet_from and quiet_to, or neither")
        if self.zone is not None and self.zone not in time_zones():
            raise ValueError("zone must be an IANA name, such as Europe/Chisinau")
        return self

    def wish(self) -> Preferences:
        """As it is kept."""
        return Preferences(**self.model_dump())


class PreferencesOut(BaseModel):
    """How somebody is notified."""

    ambassador_id: str
    channel: Channel
    mail_too: MailToo
    quiet_from: int | None
    quiet_to: int | None
    zone: str | None
    most_a_day: int
    digest: Digest
    mail: str = Field(
        description="Whether news can be mailed: `ok`, `none` without an address, else why not: `unsubscribed`,"
        " `bounced`, `complained`."
    )
    telegram: bool = Field(description="Whether they are connected with the store's bot.")
    sms: str = Field(
        description="Whether news can go to a phone: `ok`, `none` without a number that they proved, else why not:"
        " `unsubscribed` (they wrote STOP), `bounced`. Whether the store sends SMS now, `/v1/sms-gateway` says."
    )
