"""The slice of stores' own placeholders."""

from services.common.own_placeholders import placeholders_table
from services.connectors.settings import METADATA

STORE_PLACEHOLDERS = placeholders_table(METADATA)
