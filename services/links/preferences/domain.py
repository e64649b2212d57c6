"""What somebody chose of how they are notified, and when they may be. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Sent = Literal["email", "telegram", "sms"]
"""Channels by which something is sent."""
Channel = Literal[Sent, "portal"]
"""`portal`: nothing is sent; what there is to notify of stands on the person's own page, as it does for everybody."""
MailToo = Literal["none", "money", "everything"]
Digest = Literal["none", "daily", "weekly"]
Suppressed = Literal["unsubscribed", "bounced", "complained"]

DIGEST_HOUR = 9
MOST_A_DAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """One person's choice; as it stands here for who chose nothing."""

    channel: Channel = "email"
    quiet_from: int | None = None
    """Hours of the day, 0 to 23, in the person's zone: nothing is sent from this one on …"""
    quiet_to: int | None = None
    """… until this one; the night may lie between. Both or neither."""
    zone: str | None = None
    """IANA name; None is the store's."""
    most_a_day: int = MOST_A_DAY
    """Messages within 24 hours, at most. What comes beyond waits, and comes as one."""
    mail_too: MailToo = "money"
    """What comes by mail beside another channel: a message about money is one that people look for later."""
    digest: Digest = "none"
    """Everything as one message, once a day or a week."""


def after_quiet(wish: Preferences, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours that it lies in."""
    if wish.quiet_from is None or wish.quiet_to is None or wish.quiet_from == wish.quiet_to:
        return now
    local = now.astimezone(zone)
    start, end = wish.quiet_from, wish.quiet_to
    hour = local.hour
    quiet = start <= hour < end if start < end else hour >= start or hour < end
    if not quiet:
        return now
    return _at_hour(local, end, days=0 if hour < end else 1)


def next_digest(every: Literal["daily", "weekly"], now: datetime, zone: ZoneInfo) -> datetime:
    """When the next collection is due: at nine, each day or each Monday."""
    local = now.astimezone(zone)
    days = 0 if local.hour < DIGEST_HOUR else 1
    if every == "weekly":
        ahead = (7 - local.weekday()) % 7
        days = ahead if ahead or local.hour < DIGEST_HOUR else 7
    return _at_hour(local, DIGEST_HOUR, days=days)


def _at_hour(local: datetime, hour: int, *, days: int) -> datetime:
    day = (local + timedelta(days=days)).date()
    return datetime.combine(day, time(hour), tzinfo=local.tzinfo).astimezone(ZoneInfo("UTC"))
