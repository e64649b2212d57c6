"""Pages: the common frame, macros, formatting, charts and assets of everything people see. README.md is the guide.

Knows no store, order or reward: whatever a page says is passed in.
"""

from services.ui.assets import CONTENT_SECURITY_POLICY, Assets, page_headers
from services.ui.format import MISSING, Change, Format
from services.ui.locales import LANGUAGES, Speech, choose_language, load_speech
from services.ui.mistakes import mistake, mistakes
from services.ui.parts import (
    AmountCard,
    BarCell,
    Chip,
    Choice,
    Column,
    Considered,
    Fact,
    Failure,
    FieldError,
    Freshness,
    Happening,
    Name,
    NavItem,
    Pagination,
    RangePicker,
    Row,
    Step,
    Table,
    Tile,
)
from services.ui.reader import Reader
from services.ui.render import Pages

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "LANGUAGES",
    "MISSING",
    "AmountCard",
    "Assets",
    "BarCell",
    "Change",
    "Chip",
    "Choice",
    "Column",
    "Considered",
    "Fact",
    "Failure",
    "FieldError",
    "Format",
    "Freshness",
    "Happening",
    "Name",
    "NavItem",
    "Pages",
    "Pagination",
    "RangePicker",
    "Reader",
    "Row",
    "Speech",
    "Step",
    "Table",
    "Tile",
    "choose_language",
    "load_speech",
    "mistake",
    "mistakes",
    "page_headers",
]
