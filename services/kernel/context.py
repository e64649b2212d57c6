"""What a request handler or a job may reach: its service's database, the key ring, the live state, its resources."""

from dataclasses import dataclass, field
from typing import Any

from services.kernel.auth.ring import KeyRing
from services.kernel.db import Database
from services.kernel.live import LiveState
from services.kernel.outbound import Outbound
from services.kernel.settings import Settings


@dataclass(slots=True, kw_only=True)
class Context:
    """One service in one process."""

    service: str
    settings: Settings
    db: Database
    ring: KeyRing
    live: LiveState
    outbound: Outbound = field(default_factory=Outbound)
    """The only way to anybody outside."""
    resources: Any = field(default=None)
    """What the manifest's `resources` opened; a service casts it to its own type in one place."""
