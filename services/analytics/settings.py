"""Analytics' own knobs, and the metadata that gathers its tables."""

from datetime import timedelta
from typing import Final

from services.kernel.tables import service_metadata

METADATA = service_metadata()

BEHIND_AFTER: Final = timedelta(minutes=1)
"""A page says that it is behind when the newest counted event was older than this when it was counted."""

REPORTS_KEPT: Final = timedelta(days=45)
"""How long ids of browser reports are kept to recognise repeats: longer than the bus keeps its records."""
