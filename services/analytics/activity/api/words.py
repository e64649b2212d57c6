"""Notes in words: who, on what, and what became of it."""

from collections.abc import Mapping

from contracts.events.audit import Figure
from services.analytics.activity.sql import Note
from services.common.audit import figure_text
from services.ui import MISSING, Name, Reader, Speech

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


def who(note: Note, speech: Speech) -> Name:
    """The actor. An ambassador's name is filled in by the service that may know it."""
    if note.actor_kind == "ambassador":
        return Name(note.actor_id, fill=note.actor_id, href=_PAGES["amb"] + note.actor_id)
    below = note.actor_id
    if note.actor_kind == "operator":
        below = speech.say("at the command line") if note.actor_id == "cli" else ""
    if note.session_id:
        below = f"{note.actor_id} · {speech.say('session %(id)s', id=note.session_id[:6])}"
    return Name(kind_text(note.actor_kind, speech), below=below)


def on_what(note: Note) -> Name:
    """The subject, with its page where there is one."""
    kind = note.subject.partition("_")[0]
    if note.action.startswith("domain."):
        return Name(note.subject, href="/console/links/domains")
    if note.action.startswith("identify_secret."):
        return Name(note.subject, href="/console/links/identify")
    if note.action.startswith("session."):
        return Name(f"{note.subject[:6]}…")
    href = f"{_PAGES[kind]}{note.subject}" if kind in _PAGES else ""
    return Name(note.subject, href=href, fill=note.subject if kind == "amb" else "")


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
