"""Segments: in how many pieces a text travels, and is paid for. Pure.

A text whose every letter is in the GSM alphabet (3GPP TS 23.038) has 160 of them in one piece, else 153 in each; any
other travels as UCS-2, with 70 and 67. A letter of the extension table takes two places, and neither it nor a surrogate
pair is torn apart.
"""

from typing import Final, Literal

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")
_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
        "…": "...",
        "\u200b": "",
        "\ufeff": "",
    }
)

Alphabet = Literal["gsm-7", "ucs-2"]
_ONE: Final[dict[Alphabet, int]] = {"gsm-7": 160, "ucs-2": 70}
_EACH: Final[dict[Alphabet, int]] = {"gsm-7": 153, "ucs-2": 67}


def alphabet(text: str) -> Alphabet:
    """In which a text travels."""
    return "gsm-7" if all(sign in _BASIC or sign in _EXTENDED for sign in text) else "ucs-2"


def segments(text: str) -> int:
    """In how many pieces a text travels; at least one."""
    how = alphabet(text)
    places = [_places(sign, how) for sign in text]
    if sum(places) <= _ONE[how]:
        return 1
    count, left = 0, 0
    for wide in places:
        if wide > left:
            count, left = count + 1, _EACH[how]
        left -= wide
    return count


def plain(text: str) -> str:
    """The text with simple quotes, dashes and blanks: one curly apostrophe would more than halve what a piece holds."""
    return text.translate(_PLAIN)


def _places(sign: str, how: Alphabet) -> int:
    if how == "gsm-7":
        return 2 if sign in _EXTENDED else 1
    return 2 if ord(sign) > 0xFFFF else 1
