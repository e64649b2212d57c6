"""Notes in words: who, on what, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from contracts.events.audit import Figure
from services.analytics.activity.domain import Note
from services.common.audit import figure_text
from services.kernel.db import ALL_STORES
from services.ui import MISSING, Name, Reader, Speech

HOME = "/console/analytics/activity"
_PAGES = {"prg": "/console/links/programs/", "amb": "/console/links/ambassadors/", "rwd": "/console/rewards/rewards/"}


def kind_text(kind: str, speech: Speech) -> str:
    """A kind of actor."""
    return {
        "key": speech.say("API key"),
        "operator": speech.say("Operator"),
        "member": speech.say("Console"),
        "ambassador": speech.say("Ambassador"),
        "system": speech.say("Kith itself"),
    }.get(kind, kind)


def actor_text(actor: str, speech: Speech) -> str:
    """What a filter by a kind of actor, a key, an ambassador or a session is called."""
    if actor.startswith("key_"):
        return speech.say("One API key")
    if actor.startswith("amb_"):
        return speech.say("One ambassador")
    known = kind_text(actor, speech)
    return known if known != actor else speech.say("session %(id)s", id=actor[:6])


@dataclass(frozen=True, slots=True)
class Known:
    """What analytics knows of what actions were done to: the rest is filled in by the service that may know it."""

    store: str
    programs: Mapping[str, str]
    """Names by id."""
    codes: Mapping[str, str]
    """Promo codes by id, and those of ambassadors by the ambassador's."""


def who(note: Note, known: Known, speech: Speech) -> Name:
    """The actor. An ambassador's name and a key's label are filled in."""
    if note.actor_kind == "ambassador":
        return _ambassador(note.actor_id, known, speech)
    text = kind_text(note.actor_kind, speech)
    if note.actor_kind == "operator":
        return Name(text, below=speech.say("at the command line") if note.actor_id == "cli" else "")
    below = speech.say("session %(id)s", id=note.session_id[:6]) if note.session_id else ""
    return Name(text, below=below, fill=note.actor_id if note.actor_id.startswith("key_") else "")


def on_what(note: Note, known: Known, speech: Speech) -> Name:
    """The subject by what it is called, with its page, or else with what was done to it."""
    subject = note.subject
    kind = subject.partition("_")[0]
    own = f"{HOME}?{urlencode({'subject': subject})}"
    match kind:
        case "prg":
            return Name(known.programs.get(subject, speech.say("Program")), href=_PAGES[kind] + subject)
        case "amb":
            return _ambassador(subject, known, speech)
        case "rwd":
            return Name(speech.say("Reward"), href=_PAGES[kind] + subject)
        case "cod":
            code = known.codes.get(subject)
            return Name(code, href=own) if code else Name(speech.say("Promo code"), href=own, fill=subject)
        case "lnk":
            return Name(speech.say("Link"), href=own, fill=subject)
        case "key":
            return Name(speech.say("API key"), href=own, fill=subject)
        case "hok":
            platform = str(note.after.get("platform") or "").capitalize()
            return Name(platform or speech.say("Shop platform"), href=own)
    if note.action.startswith("domain."):
        return Name(subject, href="/console/links/domains")
    if note.action.startswith("identify_secret."):
        return Name(known.store, href="/console/links/identify")
    if note.action.startswith("session."):
        return Name(speech.say("session %(id)s", id=subject[:6]))
    return Name(known.store if kind == "str" else "" if subject == ALL_STORES else subject)


def _ambassador(ambassador_id: str, known: Known, speech: Speech) -> Name:
    text = known.codes.get(ambassador_id, speech.say("Ambassador"))
    return Name(text, fill=ambassador_id, href=_PAGES["amb"] + ambassador_id)


def changes(note: Note, reader: Reader) -> str:
    """What it was before and what it became: only what differs, ids left out."""
    parts = []
    for name in dict.fromkeys((*note.before, *note.after)):
        old, new = note.before.get(name), note.after.get(name)
        if name.endswith("_id") or name == "currency" or old == new:
            continue
        label = figure_text(name, reader.speech)
        texts = [_value(name, side[name], side, reader) for side in (note.before, note.after) if name in side]
        parts.append(f"{label}: {' → '.join(texts)}")
    return "; ".join(parts)


def _value(name: str, value: Figure, side: Mapping[str, Figure], reader: Reader) -> str:
    speech = reader.speech
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return speech.say("yes") if value else speech.say("no")
    if isinstance(value, int):
        unit = str(side.get("currency", ""))
        money = name.endswith("_minor") and len(unit) == 3
        return reader.fmt.money(value, unit) if money else reader.fmt.number(value)
    if name == "scopes":
        granted = value.count(",") + 1
        return speech.count("%(n)s permission", "%(n)s permissions", granted)
    known = {**_codes(speech), **_fields(speech)}
    return ", ".join(known.get(one, one.replace("_", " ")) for one in value.split(","))


def _codes(speech: Speech) -> dict[str, str]:
    return {
        "active": speech.say("active"),
        "paused": speech.say("paused"),
        "archived": speech.say("archived"),
        "blocked": speech.say("blocked"),
        "erased": speech.say("erased"),
        "pending": speech.say("pending"),
        "approved": speech.say("approved"),
        "available": speech.say("available"),
        "reversed": speech.say("taken back"),
        "rejected": speech.say("rejected"),
        "sk": speech.say("secret key"),
        "pk": speech.say("publishable key"),
        "dns": speech.say("TXT record"),
        "file": speech.say("file"),
        "script": speech.say("script on the front page"),
    }


def _fields(speech: Speech) -> dict[str, str]:
    return {
        "name": speech.say("name"),
        "status": speech.say("status"),
        "currency": speech.say("currency"),
        "rank": speech.say("rank"),
        "landing_url": speech.say("landing page"),
        "attribution": speech.say("attribution rules"),
        "budget": speech.say("budget"),
        "rewards": speech.say("rewards"),
        "email": speech.say("e-mail"),
        "phone": speech.say("phone"),
        "external_id": speech.say("customer id"),
        "group_name": speech.say("group"),
        "public_name": speech.say("name that friends see"),
        "code_id": speech.say("personal promo code"),
        "notes": speech.say("notes"),
        "locale": speech.say("language"),
        "timezone": speech.say("time zone"),
        "destination": speech.say("destination"),
        "slug": speech.say("address"),
        "channel": speech.say("channel"),
        "utm": speech.say("UTM parameters"),
        "expires_at": speech.say("end of validity"),
        "max_uses": speech.say("uses at most"),
        "retired": speech.say("retired"),
        "placeholders": speech.say("placeholders"),
    }
