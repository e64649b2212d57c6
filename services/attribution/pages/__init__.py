"""Attribution's pages: templates and assets of its features, catalogues, its entry in the side bar."""

from pathlib import Path

from services.kernel.pages import NavItem, Pages

SERVICE_FOLDER = Path(__file__).resolve().parent.parent
CATALOGUES = (SERVICE_FOLDER / "locale",)
"""Where the sentences speak Russian, Ukrainian and Romanian; pages and the API use the same."""

NAV = (NavItem("", "Orders", "/console/attribution/orders", "shopping-bag"),)
PAGES = Pages.of_service(SERVICE_FOLDER, nav=NAV)
