"""This service's pages: every feature's `pages` and `assets` folder, and the catalogues."""

from pathlib import Path

from services.ui import NavItem, Pages

NAV = (
    NavItem("", "Ambassadors", "/console/links/ambassadors", "users"),
    NavItem("", "Programs", "/console/links/programs", "ticket"),
    NavItem("", "Domains", "/console/links/domains", "globe"),
    NavItem("For developers", "Customer proof", "/console/links/identify", "key-round"),
)
PAGES = Pages.of_service(Path(__file__).parent, nav=NAV)
