"""`Reader`: one reader of one store's pages. Language, zone, and how texts and figures are written for them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.ui.format import Format
from services.ui.locales import Speech
from services.ui.parts import Freshness
from services.ui.render import Pages


class Reader:
    """Made for one request: `locale` is the store's language, for those who chose none; `now` the moment of reading."""

    def __init__(
        self, pages: Pages, request: Request, *, store: str, locale: str, zone: ZoneInfo, now: datetime
    ) -> None:
        self._pages = pages
        self._request = request
        self._store = store
        self._locale = locale
        self.zone = zone
        self.now = now
        language = pages.language(request, default=locale)
        self.speech: Speech = pages.speech(language)
        self.fmt = Format(language, zone=zone, now=now)

    def read_now(self) -> Freshness:
        """What a page says of figures that were read from their own tables for it."""
        return Freshness(self.speech.say("Up to date at %(time)s", time=self.fmt.time(self.now)))

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """The page, as `Pages.render` makes it."""
        return self._pages.render(
            self._request,
            template,
            status=status,
            language=self._locale,
            zone=self.zone,
            now=self.now,
            store=self._store,
            **context,
        )
