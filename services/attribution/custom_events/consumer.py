"""What custom events are decided by. Comes after orders in a batch: an order makes somebody a known customer."""

from contracts.events.actions import ActionCancelled, ActionReported
from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.events.orders import OrderAmended, OrderCancelled, OrderReceived, OrderRefunded
from contracts.events.tracking import (
    CustomerIdentified,
    ShareRecorded,
    SignupRecorded,
    VisitRecorded,
    WidgetViewed,
)
from services.attribution.custom_events.actions.decide import take
from services.kernel.service import Handler

HANDLERS = (
    Handler(
        events=(
            *(ProgramPublished, CodeSaved, AmbassadorSaved),
            *(VisitRecorded, CustomerIdentified, SignupRecorded, ShareRecorded, WidgetViewed),
            *(OrderReceived, OrderAmended, OrderRefunded, OrderCancelled),
            *(ActionReported, ActionCancelled),
        ),
        handle=take,
    ),
)
