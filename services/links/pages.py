"""This service's pages: every feature's `pages` and `assets` folder, and the catalogues."""

import re
from pathlib import Path

from services.ui import NavItem, Pages

AMBASSADORS = "/console/analytics/ambassadors"
"""The side bar's entry to which pages of people belong: the list of what they brought, which analytics has."""
_LIST = re.compile(re.escape(AMBASSADORS) + r"\?[!-~]{1,8000}")


def results_page(wanted: object) -> str:
    """The list of what ambassadors brought, with the filters and the order of an address that a form names. Whoever
    wrote the form elsewhere leads nobody away from here, and writes no header of ours.
    """
    return wanted if isinstance(wanted, str) and _LIST.fullmatch(wanted) else AMBASSADORS


NAV = (
    NavItem("", "Programs", "/console/links/programs", "ticket"),
    NavItem("", "Materials", "/console/links/materials", "file-text"),
    NavItem("", "Mailbox", "/console/links/mailbox", "mail"),
    NavItem("", "Settings", "/console/links/settings", "settings"),
)
PAGES = Pages.of_service(Path(__file__).parent, nav=NAV)
