"""Attribution's pages: templates of its features, catalogues, its entry in the side bar, what all pages share."""

from datetime import datetime
from pathlib import Path
from typing import TypedDict
from zoneinfo import ZoneInfo

from starlette.requests import Request

from services.kernel.pages import Format, Freshness, NavItem, Pages, Speech

NAV = (NavItem("", "Orders", "/console/attribution/orders", "shopping-bag"),)
PAGES = Pages.of_service(Path(__file__).resolve().parent.parent, nav=NAV)


class Frame(TypedDict):
    """What the frame of every page gets."""

    language: str
    zone: ZoneInfo
    now: datetime
    store: str
    freshness: Freshness


class Reader:
    """One reader of one store's pages: language, zone, and how texts and figures are written for them."""

    def __init__(self, request: Request, *, store: str, zone: ZoneInfo, locale: str, now: datetime) -> None:
        self.store = store
        self.zone = zone
        self.locale = locale
        self.now = now
        self.language = PAGES.language(request, default=locale)
        self.speech: Speech = PAGES.speech(self.language)
        self.fmt = Format(self.language, zone=zone, now=now)

    @property
    def frame(self) -> Frame:
        """Arguments that each `render` passes on."""
        said = self.speech.say("Up to date at %(time)s", time=self.fmt.time(self.now))
        return {
            "language": self.locale,
            "zone": self.zone,
            "now": self.now,
            "store": self.store,
            "freshness": Freshness(said),
        }
