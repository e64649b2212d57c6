"""Which events decide orders. All go through one action, in one transaction, so that a batch is decided once."""

from contracts.events.catalog import AmbassadorSaved, CodeSaved, ProgramPublished
from contracts.events.orders import OrderAmended, OrderCancelled, OrderReceived, OrderRefunded
from contracts.events.tracking import (
    CustomerIdentified,
    ShareRecorded,
    SignupRecorded,
    VisitRecorded,
    WidgetViewed,
)
from services.attribution.decisions.actions.take import take
from services.kernel.service import Handler

HANDLERS = (
    Handler(
        events=(
            ProgramPublished,
            CodeSaved,
            AmbassadorSaved,
            VisitRecorded,
            CustomerIdentified,
            SignupRecorded,
            ShareRecorded,
            WidgetViewed,
            OrderReceived,
            OrderAmended,
            OrderRefunded,
            OrderCancelled,
        ),
        handle=take,
    ),
)
