"""Connectors' own knobs, and the metadata that gathers its tables."""

from datetime import timedelta
from typing import Final

from services.kernel.tables import service_metadata

METADATA = service_metadata()

DELIVERIES_KEPT: Final = timedelta(days=14)
"""How long raw deliveries of platforms are kept. They may hold personal data; what matters of them is in the facts."""

ASKED_KEPT: Final = timedelta(days=30)
"""How long what a platform asks in people's name is kept while it is open: so long a store has to answer it."""

PAYMENTS_KEPT: Final = timedelta(days=800)
"""How long it is known which order a payment paid: refunds take months, and banks up to two years to take it back."""

READ_WITHIN: Final = timedelta(seconds=30)
"""When a delivery that was kept is looked at again: whoever kept it reads it at once, unless its process has ended."""

MESSAGES_KEPT: Final = timedelta(days=30)
"""How long what endpoints were sent is kept, with its deliveries and their answers: so long it can be sent again."""
