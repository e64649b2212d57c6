"""This service's pages: every feature's `pages` folder, the catalogues, and what all of them show alike."""

from datetime import datetime
from pathlib import Path
from typing import TypedDict
from zoneinfo import ZoneInfo

from starlette.requests import Request

from services.kernel.db import Tx
from services.kernel.pages import Format, Freshness, NavItem, Pages, Speech
from services.rewards.catalog import store as catalog

NAV = (
    NavItem("", "Rewards", "/console/rewards/rewards", "gift"),
    NavItem("Analysis", "Ledger", "/console/rewards/ledger", "scale"),
)
PAGES = Pages.of_service(Path(__file__).parent, nav=NAV)


class Frame(TypedDict):
    """What the frame of every page gets."""

    language: str
    zone: ZoneInfo
    now: datetime
    store: str
    freshness: Freshness


class Reader:
    """One reader of one store's pages: language, zone, and how texts and figures are written for them."""

    def __init__(self, request: Request, shop: catalog.Shop, now: datetime) -> None:
        self.request = request
        self.shop = shop
        self.now = now
        self.zone = ZoneInfo(shop.timezone)
        self.language = PAGES.language(request, default=shop.locale)
        self.speech: Speech = PAGES.speech(self.language)
        self.fmt = Format(self.language, zone=self.zone, now=now)

    @property
    def frame(self) -> Frame:
        """Arguments that each `render` passes on."""
        said = self.speech.say("Up to date at %(time)s", time=self.fmt.time(self.now))
        return {
            "language": self.shop.locale,
            "zone": self.zone,
            "now": self.now,
            "store": self.shop.name,
            "freshness": Freshness(said),
        }

    def amount(self, value: int, unit: str) -> str:
        """An amount of money with all its digits, or a number of points."""
        if unit == "points":
            return self.speech.count("%(n)s point", "%(n)s points", value, n=self.fmt.number(value))
        return self.fmt.money(value, unit)

    def figure(self, value: int, unit: str) -> str:
        """The same for a column whose head says the unit."""
        return self.fmt.number(value) if unit == "points" else self.fmt.amount(value, unit)

    def unit_name(self, unit: str) -> str:
        """A unit as heads say it."""
        return self.speech.say("points") if unit == "points" else self.fmt.currency(unit)


async def reader_of(request: Request, tx: Tx, store: str) -> Reader:
    """The reader of a store's pages, by what is kept of the store."""
    return Reader(request, await catalog.shop(tx, store), tx.now)
