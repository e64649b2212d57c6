"""Slugs and destinations: which texts may be a slug, which look alike, what address a friend is sent to. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlencode

from services.common.codes import RESERVED_SLUGS, fold_slug, is_reserved
from services.links.stores.domain import Address

SLUG_LENGTH = 8
"""Of a random slug: 31^8, about 8.5 × 10^11, so that guessing finds nothing."""
MIN_VANITY, MAX_VANITY = 3, 50
TOKEN_PARAMETER = "kith"  # noqa: S105  # the name of a query parameter, not a secret
UTM_FIELDS = ("source", "medium", "campaign", "term", "content")


class BadSlug(ValueError):
    """Why a slug is refused, in words for the caller."""


def vanity_slug(text: str) -> str:
    """The kept form of a slug that a person chose. Raises `BadSlug`."""
    slug = fold_slug(text)
    if slug is None:
        raise BadSlug("A slug holds Latin letters, digits and hyphens between them.")
    if not MIN_VANITY <= len(slug) <= MAX_VANITY:
        raise BadSlug(f"A slug has {MIN_VANITY} to {MAX_VANITY} characters.")
    if is_reserved(slug) or shape(slug) in _RESERVED_SHAPES:
        raise BadSlug(f"{slug} is reserved; choose another slug.")
    return slug


def typed_slug(text: str) -> str | None:
    """The kept form of a slug as it stands in an address that people typed, or pasted out of a sentence.

    Signs around it belong to the sentence, and what begins with `&` or `?` was meant as a query. None for no slug.
    """
    found = _WORDS.search(_QUERY_SIGN.split(text[:_LONGEST_TYPED], 1)[0])
    return fold_slug(found[0]) if found else None


_LONGEST_TYPED = 1024
_QUERY_SIGN = re.compile(r"[&?#]")
_WORDS = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)


def shape(slug: str) -> str:
    """What the eye sees of a slug: two of one shape could be taken for each other, so only one of them may exist."""
    seen = slug.replace("-", "").translate(_LOOK_ALIKE)
    for pair, letter in _LOOK_ALIKE_PAIRS:
        seen = seen.replace(pair, letter)
    return seen


_LOOK_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "2": "z", "8": "b", "q": "g", "9": "g"})
_LOOK_ALIKE_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_RESERVED_SHAPES = frozenset(shape(word) for word in RESERVED_SLUGS)


@dataclass(frozen=True, slots=True)
class Target:
    """A destination cut where the click token goes: `head + token + tail` is the address that a friend is sent to."""

    head: str
    tail: str


def target(destination: Address, utm: Mapping[str, str]) -> Target:
    """The destination with the link's own UTM values in its query, ready to take a token.

    The page's other parameters keep their places and spelling; a token parameter and UTM values of the page's own that
    the link sets too give way.
    """
    ours = {f"utm_{name}": utm[name] for name in UTM_FIELDS if utm.get(name)}
    displaced = {TOKEN_PARAMETER, *ours}
    parts = [part for part in destination.query.split("&") if part and _name(part) not in displaced]
    if ours:
        parts.append(urlencode(ours, quote_via=quote, safe=""))
    query = "&".join([*parts, f"{TOKEN_PARAMETER}="])
    return Target(
        head=f"{destination.scheme}://{destination.origin_host}{destination.path}?{query}",
        tail=f"#{destination.fragment}" if destination.fragment else "",
    )


def filled(template: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """A program's UTM template for one link. A value that the link does not have leaves nothing behind it."""
    found = {name: _PLACE.sub(lambda place: values.get(place[1], ""), text) for name, text in template.items()}
    return {name: text.strip() for name, text in found.items() if text.strip()}


_PLACE = re.compile(r"\{(\w+)\}")


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0]).lower()
