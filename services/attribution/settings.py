"""Attribution's own knobs, and the metadata that gathers its tables."""

from datetime import timedelta
from typing import Final

from services.kernel.tables import service_metadata

METADATA = service_metadata()

LATEST_PLACED: Final = timedelta(hours=24)
"""How far ahead of us an order's `placed_at` may lie: clocks and zones are set wrong, but not by more."""

DELIVERIES_KEPT: Final = timedelta(days=14)
"""How long raw deliveries of platforms are kept. They may hold personal data; what matters of them is in the facts."""

CODE_CHECKS_PER_MINUTE: Final = 120
"""Look-ups of promo codes per key and address; guessing must not pay."""
