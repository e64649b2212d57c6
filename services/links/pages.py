"""This service's pages: every feature's `pages` and `assets` folder, and the catalogues."""

from pathlib import Path

from services.ui import NavItem, Pages

AMBASSADORS = "/console/analytics/ambassadors"
"""The side bar's entry to which pages of people belong: the list of what they brought, which analytics has."""

NAV = (
    NavItem("", "Programs", "/console/links/programs", "ticket"),
    NavItem("", "Materials", "/console/links/materials", "file-text"),
    NavItem("", "Mailbox", "/console/links/mailbox", "mail"),
    NavItem("", "Settings", "/console/links/settings", "settings"),
)
PAGES = Pages.of_service(Path(__file__).parent, nav=NAV)
