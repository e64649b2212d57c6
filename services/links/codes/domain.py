"""Personal codes that people can say aloud: made of a name, in Latin letters, with the friend's gain behind it. Pure.

What a code may be at all is the kernel's `codes.fold`; here are only proposals.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

from contracts.gifts import Fixed
from contracts.program import Percent, Program
from services.common.money import exponent

_CYRILLIC = {
    **dict(zip("абвгдезийклмнопрстуфыэ", "ABVGDEZIYKLMNOPRSTUFYE", strict=True)),
    "ё": "E", "ж": "ZH", "х": "H", "ц": "TS", "ч": "CH", "ш": "SH", "щ": "SCH", "ъ": "", "ь": "",
    "ю": "YU", "я": "YA", "і": "I", "ї": "I", "є": "YE", "ґ": "G", "ў": "U", "ђ": "DJ", "ј": "J", "љ": "LJ", "њ": "NJ",
    "ћ": "C", "џ": "DZ", "ѓ": "G", "ќ": "K", "ѕ": "DZ",
}  # fmt: skip
_LATIN = {"ß": "SS", "æ": "AE", "œ": "OE", "ø": "O", "đ": "D", "ð": "D", "þ": "TH", "ł": "L", "ı": "I", "ŋ": "N"}
_UKRAINIAN = {"г": "H", "и": "Y"}
_UKRAINIAN_SIGNS = frozenset("іїєґ")

MIN_STEM, MAX_STEM = 3, 14
RANDOM_LENGTH = 8


def latin(text: str) -> str:
    """The text in upper-case Latin letters and digits; what has no Latin spelling is left out.

    >>> latin("Ștefănescu"), latin("Ольга"), latin("Гнатюк Тарасій")
    ('STEFANESCU', 'OLGA', 'HNATYUK TARASIY')
    """
    lower = unicodedata.normalize("NFKC", text).lower()
    table = {**_CYRILLIC, **_UKRAINIAN} if _UKRAINIAN_SIGNS & set(lower) else _CYRILLIC
    spelt = []
    # Composed letters first (й, ї and ё are letters of their own), then marks off what is left.
    for sign in unicodedata.normalize("NFC", lower):
        found = table.get(sign, _LATIN.get(sign))
        if found is None:
            found = "".join(s for s in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(s)).upper()
        spelt.append(found)
    return re.sub(r"[^A-Z0-9]+", " ", "".join(spelt).replace("'", "").replace("ʼ", "")).strip()


def friend_gain(program: Program) -> str:
    """The friend's gain as the digits behind a name: 10 for 10% or for €10; empty where there is no round one."""
    rule = next((rule for rule in program.rules_served if rule.to == "friend"), None)
    gift = program.discount_served or rule
    match gift.give if gift else None:
        case Percent(basis_points=points) if points % 100 == 0:
            return str(points // 100)
        case Fixed(amount_minor=minor) if minor and minor % 10 ** exponent(program.currency) == 0:
            whole = str(minor // 10 ** exponent(program.currency))
            return whole if len(whole) <= 4 else ""
        case _:
            return ""


def personal_codes(name: str | None, gain: str, random: Callable[[int], str]) -> Iterator[str]:
    """Proposals, the nicest first, without end: ANNA10, ANNAK, ANNAK10, then with chance signs, then chance alone. Each
    has 20 of A-Z and 0-9 at most: so much every platform takes for a code.

    `random(n)` gives n unguessable characters.
    """
    words = latin(name or "").split()
    stem = words[0][:MAX_STEM] if words else ""
    if len(stem) >= MIN_STEM and not stem.isdecimal():
        last = f"{stem}{words[-1][0]}" if len(words) > 1 else ""
        yield from dict.fromkeys(text for text in (stem + gain, last, last + gain if last else "") if text)
        for length in (2, 3, 4):
            yield f"{stem}{random(length).upper()}"
    while True:
        yield random(RANDOM_LENGTH).upper()
