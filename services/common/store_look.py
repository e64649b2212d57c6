"""A store's look on pages of services that do not know it: the browser fetches it from links, which does."""

from typing import Final

from markupsafe import Markup

_LINK: Final = Markup('<link rel="stylesheet" href="/look/%s.css">')


def look_of(store_id: str) -> Markup:
    """The `style` of a page that wears the look of a store."""
    return _LINK % store_id
