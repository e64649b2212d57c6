"""API keys in words: of what kind, by what they are told apart, what they may do."""

from collections.abc import Collection
from typing import NamedTuple

from services.common.scopes import ALL, NAMED_ONLY, SCOPES, USUAL
from services.kernel.auth.api_keys import KeyKind
from services.links.keys.sql import Key
from services.ui import Fact, Speech

_SHOWN = 6
"""Of a key's id, so many signs at its end tell it from the store's others."""


class Tick(NamedTuple):
    """One scope as a tick of the form."""

    scope: str
    label: str
    ticked: bool


class Area(NamedTuple):
    """What a key may read and change of one kind of things."""

    label: str
    ticks: list[Tick]


def kind_text(kind: KeyKind, speech: Speech) -> str:
    """A kind of key."""
    return speech.say("secret, for servers") if kind == "sk" else speech.say("publishable, for pages")


def hint(key_id: str) -> str:
    """By what the holder of a key finds it: the id stands in the key, and stays when keys are signed anew."""
    return f"…{key_id[-_SHOWN:]}_…"


def areas(offered: Collection[str], ticked: Collection[str], speech: Speech) -> list[Area]:
    """The scopes that may be given, by what they are about."""
    found: dict[str, list[Tick]] = {}
    for scope in ALL:
        if scope in offered:
            about, _, verb = scope.partition(":")
            label = speech.say("change") if verb == "write" else speech.say("read")
            found.setdefault(about, []).append(Tick(scope, label, scope in ticked))
    return [Area(_about(name, speech), ticks) for name, ticks in found.items()]


def may_do(key: Key, speech: Speech) -> list[Fact]:
    """What a key may do, area by area."""
    if key.kind == "pk":
        return [Fact(speech.say("Visits, shares and sign-ups of a page"), speech.say("report"))]
    return [Fact(area.label, ", ".join(tick.label for tick in area.ticks)) for area in areas(_held(key), (), speech)]


def summary(key: Key, speech: Speech) -> str:
    """The same in a few words."""
    if key.kind == "pk":
        return speech.say("report what a page sees")
    held = _held(key)
    if held - NAMED_ONLY >= USUAL:
        if held >= NAMED_ONLY:
            return speech.say("everything")
        if not held & NAMED_ONLY:
            return speech.say("everything but domains, payouts, goodwill and store credit")
    if all(scope.endswith(":read") for scope in held):
        return speech.say("read")
    return speech.count("%(n)s right", "%(n)s rights", len(held))


def _held(key: Key) -> frozenset[str]:
    """What it may do today: one that was given everything has what came since."""
    return SCOPES.from_mask(SCOPES.to_mask(key.scopes))


def _about(name: str, speech: Speech) -> str:
    return {
        "programs": speech.say("Programs, look and settings"),
        "ambassadors": speech.say("Ambassadors"),
        "links": speech.say("Share links"),
        "codes": speech.say("Promo codes"),
        "keys": speech.say("API keys"),
        "orders": speech.say("Orders and appeals"),
        "rewards": speech.say("Rewards"),
        "metrics": speech.say("Metrics"),
        "domains": speech.say("Domains"),
        "payouts": speech.say("Payouts"),
        "goodwill": speech.say("Goodwill"),
        "credit": speech.say("Store credit at the checkout"),
        "pools": speech.say("Pools of codes"),
        "audit": speech.say("Activity"),
        "webhooks": speech.say("Webhooks"),
    }.get(name, name)
