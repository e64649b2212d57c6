"""The one door for calls to anybody outside: what may be reached, for how long, and how much is read of the answer."""

from services.kernel.outbound.door import Answer, Outbound, OutboundError

__all__ = ["Answer", "Outbound", "OutboundError"]
