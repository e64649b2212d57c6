"""This service's pages: every feature's `pages` folder, and the catalogues."""

from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.requests import Request

from services.connectors.slices import sql as slices
from services.kernel.db import Tx
from services.ui import NavItem, Pages, Reader

NAV = (
    NavItem("For developers", "Guides", "/console/connectors/guides", "file-text"),
    NavItem("For developers", "Connections", "/console/connectors/connections", "store"),
    NavItem("For developers", "Webhooks", "/console/connectors/webhooks", "webhook"),
)
PAGES = Pages.of_service(Path(__file__).parent, nav=NAV)


async def reader_of(request: Request, tx: Tx, store_id: str) -> Reader:
    """The reader of a store's pages, by what is kept of the store."""
    shop = await slices.shop(tx, store_id)
    return Reader(PAGES, request, store=shop.name, locale=shop.locale, zone=ZoneInfo(shop.timezone), now=tx.now)
