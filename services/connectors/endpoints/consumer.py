"""Events in: what endpoints are sent. In a group of its own: orders that come in wait for none of it."""

from typing import Final

from services.connectors.endpoints.actions.notify import take
from services.connectors.endpoints.domain.webhooks import LIKEWISE, WEBHOOKS
from services.kernel.service import Handler

GROUP: Final = "webhooks"

HANDLERS = (Handler(events=(*WEBHOOKS.values(), *LIKEWISE.values()), handle=take, group=GROUP),)
