"""A store's own words of a program, as it writes them: pages for friends, what ambassadors send, campaign values."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from contracts.goals import Strict

UTM_PLACES = ("code", "slug", "channel", "program")
"""What a UTM template may hold in braces: the ambassador's code, the link's slug and channel, the program's name."""


PAGE_PLACES = ("name", "store", "offer")
"""What a text for friends may hold: who invites, the store, and what the friend gets, by the rules."""
SHARE_PLACES = ("store", "offer", "code")
"""What a text that ambassadors send along may hold. The code stands there only: a page's preview is read by robots."""
_ONE_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029]+$"


def _template(text: str, places: tuple[str, ...]) -> str:
    for name in re.findall(r"\{([^{}]*)\}", text):
        if name not in places:
            raise ValueError(f"{{{name}}} is no value here; use {', '.join(f'{{{one}}}' for one in places)}")
    if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", text)):
        raise ValueError(f"a brace stands alone; values are written as in {{{places[0]}}}")
    return text


def _holding(places: tuple[str, ...]) -> AfterValidator:
    return AfterValidator(lambda text: _template(text, places))


UtmTemplate = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"), _holding(UTM_PLACES)]


class Utm(Strict):
    """Campaign values for the store's own analytics, on every share link of the program. A link's own go first."""

    source: UtmTemplate | None = None
    medium: UtmTemplate | None = None
    campaign: UtmTemplate | None = None
    term: UtmTemplate | None = None
    content: UtmTemplate | None = None


Hashtag = Annotated[str, Field(min_length=1, max_length=50, pattern=r"^\w*[^\W\d_]\w*$")]
"""A hashtag without its sign, as networks know one: letters, digits and low lines, not of digits alone."""


class Wording(Strict):
    """The store's own words in one language. What is left out is said by the rules. Plain text, in one line each."""

    title: Annotated[str, Field(min_length=1, max_length=90, pattern=_ONE_LINE), _holding(PAGE_PLACES)] | None = Field(
        None,
        description="Of the page of invitation, its preview and picture; {name}, {store} and {offer} are filled in.",
    )
    text: Annotated[str, Field(min_length=1, max_length=400, pattern=_ONE_LINE), _holding(PAGE_PLACES)] | None = Field(
        None, description="Below the title, and in the preview; filled in likewise."
    )
    share: Annotated[str, Field(min_length=1, max_length=300, pattern=_ONE_LINE), _holding(SHARE_PLACES)] | None = (
        Field(None, description="What ambassadors send beside their link; {store}, {offer} and {code} are filled in.")
    )
    hashtags: tuple[Hashtag, ...] = Field(
        (), max_length=10, description="Beside that text, on networks that know hashtags. Each without its #."
    )

    @model_validator(mode="after")
    def _no_hashtag_twice(self) -> Self:
        if len({tag.casefold() for tag in self.hashtags}) != len(self.hashtags):
            raise ValueError("hashtags names one twice; networks make no difference between capitals and small letters")
        return self


class Texts(Strict):
    """The store's own words, by language. A reader of another one reads what the rules say."""

    en: Wording | None = None
    ru: Wording | None = None
    uk: Wording | None = None
    ro: Wording | None = None

    def of(self, language: str) -> Wording:
        """The words in a language, nothing where there are none."""
        found: Wording | None = getattr(self, language, None) if language in type(self).model_fields else None
        return found or Wording()
