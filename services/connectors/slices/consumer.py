"""What is received of the set-up: what stands for nobody at a store, for orders are read without it."""

from services.common.own_placeholders import OWN_PLACEHOLDERS

HANDLERS = (OWN_PLACEHOLDERS,)
