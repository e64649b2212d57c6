"""A material with somebody's own link in it: text, and HTML that can be pasted into any page. Pure."""

import re
from html import escape
from typing import Final, Literal

Kind = Literal["banner", "text", "post"]
PLACES: Final = ("link", "code")
"""What a text may hold in braces: the ambassador's link and promo code."""
_PLACE: Final = re.compile(r"\{([^{}]*)\}")


class BadText(ValueError):
    """Why a text is refused, in words for the caller."""


def checked(text: str) -> str:
    """A text whose braces hold nothing but what is filled in. Raises `BadText`."""
    for name in _PLACE.findall(text):
        if name not in PLACES:
            raise BadText(f"{{{name}}} is nothing that is filled in; use {{link}} and {{code}}.")
    if re.search(r"[{}]", _PLACE.sub("", text)):
        raise BadText("A brace stands alone; values are written as in {link}.")
    return text


def filled(text: str, *, link: str, code: str) -> str:
    """The text as somebody shares it. A text that names no link ends with it."""
    if "{link}" not in text:
        text = f"{text} {{link}}".strip()
    return text.replace("{link}", link).replace("{code}", code)


def banner_html(*, link: str, picture: str, title: str, width: int, height: int) -> str:
    """A banner for any page: the picture with the link behind it."""
    return (
        f'<a href="{escape(link)}" target="_blank" rel="sponsored noopener">'
        f'<img src="{escape(picture)}" alt="{escape(title)}" width="{width}" height="{height}"></a>'
    )


def text_html(text: str, *, link: str, code: str) -> str:
    """A text for any page: an empty line begins a paragraph, the link can be clicked."""
    anchor = f'<a href="{escape(link)}" target="_blank" rel="sponsored noopener">{escape(link)}</a>'
    whole = escape(text if "{link}" in text else f"{text} {{link}}".strip())
    whole = whole.replace("{link}", anchor).replace("{code}", escape(code))
    return "".join(f"<p>{'<br>'.join(part.splitlines())}</p>" for part in re.split(r"\n{2,}", whole) if part.strip())
