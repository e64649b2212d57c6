"""The slice's values, and the store's calendar: which day a moment belongs to, and which week a day.

Not here: names and ways to reach a person, which never leave links.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from contracts.events.catalog import AmbassadorSaved
from contracts.program import Discount
from services.common.periods import local_day
from services.kernel.revisions import Ref

VersionKey = tuple[str, str, int]
"""(store id, program, version)."""


class Ambassador(Struct, frozen=True):
    """An ambassador as figures need one. `day` is the day of joining in the store's zone, as it was counted."""

    store_id: str
    ambassador_id: str
    program_id: str
    status: str
    joined_at: datetime
    day: date
    external_id: str | None
    contact_hashes: tuple[str, ...]
    revision: int
    group_name: str | None = None
    code_id: str | None = None
    """The code by which they are known, of those that they have; None where nothing has said so yet."""

    @classmethod
    def of(cls, saved: AmbassadorSaved, zone: ZoneInfo) -> "Ambassador":
        """The slice of an event."""
        return cls(
            store_id=saved.store_id,
            ambassador_id=saved.ambassador_id,
            program_id=saved.program_id,
            status=saved.status,
            joined_at=saved.created_at,
            day=local_day(saved.created_at, zone),
            external_id=saved.external_id,
            contact_hashes=saved.contact_hashes,
            revision=saved.revision,
            group_name=saved.group,
            code_id=saved.code_id,
        )

    @property
    def key(self) -> Ref:
        """Where it is found."""
        return self.store_id, self.ambassador_id

    @property
    def names(self) -> frozenset[str]:
        """Everything that events may call this person by: the store's customer id and keyed hashes."""
        return frozenset(filter(None, (self.external_id, *self.contact_hashes)))


class Version(Struct, frozen=True):
    """A program's version, as charts mark it. `day` is the day it came into force."""

    program_id: str
    version: int
    name: str
    currency: str
    status: str
    published_at: datetime
    click_window_days: int


class Offer(Struct, frozen=True):
    """What a version takes off at the checkout, None for nothing, and the money that it speaks of."""

    currency: str
    discount: Discount | None


class Calendar(Struct, frozen=True):
    """A store's clock and money: what its days and sums are named in."""

    store_id: str
    name: str
    currency: str
    zone: ZoneInfo
    locale: str
    since: date
    """The day on which the store was set up: nothing can be said about days before it."""


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def _(message: str) -> str:
    """Marks a text for the catalogues: it is translated where it is shown."""
    return message
