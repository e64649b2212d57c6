"""Events in: what endpoints are told. In a group of its own: orders that come in wait for none of it."""

from typing import Final

from services.connectors.endpoints.actions.tell import take
from services.connectors.endpoints.domain.told import LIKEWISE, TOLD
from services.kernel.service import Handler

GROUP: Final = "webhooks"

HANDLERS = (Handler(events=(*TOLD.values(), *LIKEWISE.values()), handle=take, group=GROUP),)
