"""This service's pages: every feature's `pages` folder, and the catalogues."""

from pathlib import Path

from services.ui import NavItem, Pages

NAV = (
    NavItem("", "Orders", "/console/attribution/orders", "shopping-bag"),
    NavItem("", "Appeals", "/console/attribution/appeals", "message-circle"),
)
PAGES = Pages.of_service(Path(__file__).parent, nav=NAV)
