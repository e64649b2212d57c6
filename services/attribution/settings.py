"""Attribution's own knobs, and the metadata that gathers its tables."""

from typing import Final

from services.kernel.tables import service_metadata

METADATA = service_metadata()

CODE_CHECKS_PER_MINUTE: Final = 120
"""Look-ups of promo codes per key and address; guessing must not pay."""
