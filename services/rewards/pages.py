"""This service's pages: every feature's `pages` folder, the catalogues, and what all of them show alike."""

from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.requests import Request

from services import ui
from services.kernel.db import Tx
from services.rewards.slices import sql as slices
from services.ui import NavItem, Pages

NAV = (
    NavItem("", "Rewards", "/console/rewards/rewards", "gift"),
    NavItem("", "Approvals", "/console/rewards/approvals", "check"),
    NavItem("", "Catalogue", "/console/rewards/catalogue", "coins"),
    NavItem("", "Payouts", "/console/rewards/payouts", "banknote", scope="payouts:read"),
    NavItem("Analysis", "Simulator", "/console/rewards/simulator", "calculator"),
    NavItem("Analysis", "Ledger", "/console/rewards/ledger", "scale"),
)
PAGES = Pages.of_service(Path(__file__).parent, nav=NAV)


class Reader(ui.Reader):
    """A reader who sees amounts of money or points."""

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


async def reader_of(request: Request, tx: Tx, store_id: str) -> Reader:
    """The reader of a store's pages, by what is kept of the store."""
    shop = await slices.shop(tx, store_id)
    return Reader(PAGES, request, store=shop.name, locale=shop.locale, zone=ZoneInfo(shop.timezone), now=tx.now)
