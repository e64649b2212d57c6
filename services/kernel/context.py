"""What a request handler or a job may reach: its service's database, the key ring, the live state, its resources."""

from dataclasses import dataclass, field
from typing import Any

from services.kernel.auth.opening import Opening
from services.kernel.auth.ring import KeyRing
from services.kernel.auth.sealing import Sealing
from services.kernel.auth.uses import KeyUses
from services.kernel.db import Database
from services.kernel.live import LiveState
from services.kernel.outbound import Outbound
from services.kernel.settings import Settings
from services.kernel.sightings import Sightings


@dataclass(slots=True, kw_only=True)
class Context:
    """One service in one process."""

    service: str
    settings: Settings
    db: Database
    ring: KeyRing
    live: LiveState
    sealing: Sealing | None = None
    """For the credentials that this service keeps; only a service whose manifest names sealed columns has it."""
    opening: Opening | None = None
    """Opens what workers alone may open; None in a process that calls nobody, or has no keys for it."""
    outbound: Outbound = field(default_factory=Outbound)
    """The only way to anybody outside."""
    uses: KeyUses = field(default_factory=KeyUses)
    """The API keys that were seen here lately."""
    sightings: Sightings = field(default_factory=Sightings)
    """What was seen here of stores that are being connected."""
    resources: Any = field(default=None)
    """What the manifest's `resources` opened; a service casts it to its own type in one place."""

    def opener(self) -> Sealing | Opening:
        """What opens most here: also what workers alone may open, in a process that does their work. Raises
        `LookupError` for a service whose manifest names no sealed column.
        """
        return self.opening or self.require_sealing()

    def require_sealing(self) -> Sealing:
        """The sealing keys. Raises `LookupError` for a service whose manifest names no sealed column."""
        if self.sealing is None:
            raise LookupError(f"{self.service} has no sealing keys")
        return self.sealing
