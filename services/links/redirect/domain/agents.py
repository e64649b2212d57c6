"""Whose agent a User-Agent names: a browser of people, or software that reads by itself. Pure.

A name labels what is counted and refuses nobody's order. The library's list knows the robots; beside it stand what
people's browsers say that reads like a robot's name, and tools that the list lacks.
"""

import re
from functools import cache, lru_cache

import crawleruseragents

_MAX_AGENT = 512
_KEPT = 4096
"""Texts whose answer is remembered: at most 2 MB for each of the two questions."""

# The device in an Android browser's first brackets, whose model and build may be anything: CUBOT_NOTE_S, HTC Butterfly,
# Wiko FEVER, AP3A.240617.008. A robot that claims to be a phone says so elsewhere, or says `compatible` or an address.
_DEVICE = re.compile(
    r"\((?:Linux|Android|Mobile|Tablet)\b(?=[^()]*;)(?![^)]*(?:compatible|https?:|@|[Bb]ot[\w-]*/\d))"
    r"[^()]*(?:\([^()]*\)[^()]*)*\)"
)
# What Facebook's and Instagram's browsers add: the device once more, with the operator's name.
_META = re.compile(
    r"\[FB[^\]]*\]?|\bMetaIAB (?:Facebook|Instagram|Threads)\b"
    r"|\b(?:Instagram|Barcelona) [\d.]+ (?:Android|\(iP)[^()]*\(?[^()]*(?:\([^()]*\)[^()]*)*\)?"
)
# Programs that people read in, whose names also belong to previews, and browsers with a robot of the same name.
_APPS = re.compile(
    r"\b(?:Viber|WhatsApp|Tumblr|PayPal|Notion|Grammarly|Asana|upday|Instapaper|Bluesky|Feedly|NewsBlur|inoreader|Disqus"
    r"|Mastodon|Goodreads|Klarna|HubSpot|Blackboard|Podimo|PocketCasts|Overcast|Daum|Silk"
    r"|coc_?coc\w*)[/ ][\d.]+|\bSogouM(?:SE|obileBrowser)\b"
)
_ENGINE = re.compile(r"^Mozilla/5\.0 \((?!compatible)[^()]+.*(?:AppleWebKit|Gecko|Trident)/")
"""How every browser of this century begins; only such an agent can be a person's after all."""

_ROBOTS = re.compile(
    r"(?<![a-z])[\w-]*(?:bot|crawler|spider|scraper)(?:\b|/|_)"
    r"|^(?:Dalvik|Java|Dart|Ruby|PostmanRuntime|insomnia|undici|node|Deno|Bun|reqwest|ureq|RestSharp|Faraday)\b"
    r"|\bGuzzle|\bCFNetwork/|\bkube-probe/|\bHealth ?Check|\bms-office\b|\bMSOffice\b|Electron-?Fetch|\bHeadless"
    r"|\bMimecast|\bProofpoint|\bBarracuda|\bURL ?Preview|\bLink ?Preview|\bUnfurl",
    re.IGNORECASE,
)


def is_robot(agent: bytes) -> bool:
    """Whether a User-Agent belongs to a crawler, a link preview or a library. Nobody's browser comes without one."""
    return _looks_like_robot(agent[:_MAX_AGENT])


def shows_previews(agent: bytes) -> bool:
    """Whether a robot's agent belongs to a messenger or network that shows people what is behind a link."""
    return _previewing(agent[:_MAX_AGENT])


@lru_cache(maxsize=_KEPT)
def _previewing(agent: bytes) -> bool:
    return _previews().search(agent.decode("latin-1")) is not None


@cache
def _previews() -> re.Pattern[str]:
    """The list's patterns of messengers and networks, as one. The library's own search tells which of all its patterns
    fit, and compiles them again and again: they are more than Python keeps.
    """
    known = crawleruseragents.CRAWLER_USER_AGENTS_DATA
    return re.compile("|".join(f"(?:{one['pattern']})" for one in known if "social-preview" in one.get("tags", ())))


@lru_cache(maxsize=_KEPT)
def _looks_like_robot(agent: bytes) -> bool:
    """Asks some sixty patterns, so the answer is kept by its text."""
    text = agent.decode("latin-1")
    if not text.strip():
        return True
    if not _named(text):
        return False
    if not _ENGINE.search(text):
        return True
    rest = _APPS.sub(" ", _META.sub(" ", _DEVICE.sub("(Linux)", text, count=1)))
    return rest == text or _named(rest)


def prepare_patterns() -> None:
    """Compiles the patterns, which takes some tenths of a second: done before the first click, not during it."""
    is_robot(b"Mozilla/5.0")
    _previews()


def _named(text: str) -> bool:
    return bool(crawleruseragents.is_crawler(text)) or _ROBOTS.search(text) is not None
