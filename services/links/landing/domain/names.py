"""By which name an ambassador is shown to strangers: the first one, and nothing else; and what is no name. Pure."""

import re

_LONGEST = 40
_TITLE = re.compile(r"[^\W\d_]{1,5}\.")
"""Dr., г., пан. and initials: no name that anybody is called by."""
_NUMBER = re.compile(r"(?:\d[\s().-]*){7}")
_HOST = re.compile(r"\w[.。．｡][^\W\d_][\w-]")
"""Two words with a dot between them, or with a sign that browsers take for one."""


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


def leads_elsewhere(text: str) -> bool:
    """Whether a name holds what a mail program makes a link of, or what somebody would call or write to; or signs that
    are not seen, and turn around what is. Rather once too often: who asks has another word for the person.

    >>> [leads_elsewhere(name) for name in ("Prize at Win.example", "Call 0900 123 456", "J.R.", "Anna St. 2")]
    [True, True, False, False]
    """
    return bool("@" in text or "://" in text or not text.isprintable() or _NUMBER.search(text) or _HOST.search(text))
