"""By which name an ambassador is shown to strangers: the first one, and nothing else. Pure."""

import re

_LONGEST = 40
_TITLE = re.compile(r"[^\W\d_]{1,5}\.")
"""Dr., г., пан. and initials: no name that anybody is called by."""


def first_name(name: str | None) -> str | None:
    """The first word of a name that is a name; None where there is none, or where it looks like an address or number.

    >>> first_name("Dr. Anna Müller"), first_name("anna@shop.example"), first_name("Іван")
    ('Anna', None, 'Іван')
    """
    for word in (name or "").split():
        word = word.strip(",;:()«»\"'“”„")
        if not word or _TITLE.fullmatch(word):
            continue
        # A family name alone after initials tells more than a first name would.
        fits = len(word) <= _LONGEST and word[0].isalpha() and not re.search(r"[\d@/\\<>]", word)
        return word if fits else None
    return None
