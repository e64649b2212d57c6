"""The console's pages of programs: a list, a program in words with its versions, and one form to make or change one."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from contracts.program import Program
from services.common.event_names import USUAL, deed_title
from services.kernel.db import Tx
from services.kernel.errors import AppError, Conflict, Invalid
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, viewer
from services.kernel.http.pages import Cursor, page_of
from services.links.programs import actions, sql
from services.links.programs.api.form_words import labels_of, options_of, sentence, words_sentence
from services.links.programs.domain import form as forms
from services.links.programs.domain import (
    form_events,
    form_memberships,
    form_rows,
    form_terms,
    form_texts,
    form_tiers,
    words,
)
from services.links.programs.domain.form import FormErrors
from services.links.programs.domain.warnings import warnings
from services.links.programs.sql import Version
from services.links.stores import actions as stores
from services.links.stores.api import reader_of
from services.links.stores.domain import front_page
from services.links.stores.sql import Store
from services.ui import (
    CONTENT_SECURITY_POLICY,
    LANGUAGES,
    Chip,
    Choice,
    Column,
    Fact,
    FieldError,
    Format,
    Happening,
    Name,
    Pagination,
    Row,
    Speech,
    Table,
    mistakes,
)

router = APIRouter(include_in_schema=False)

HOME = "/console/links/programs"
_PAGE = 50
_VERSIONS = 20
"""Of a program on its page; older ones are a page further."""
_CHIPS = {"active": ("good", "disc"), "paused": ("warn", "half"), "archived": ("neutral", "dash")}


@router.get(HOME)
async def get_list(
    request: Request, call: Annotated[Call, viewer("programs:read")], cursor: Cursor = None, lang: str = ""
) -> Response:
    """All programs of the store, youngest first."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        found = await sql.page(tx, call.store_id, before=start[0] if start else None, limit=_PAGE + 1)
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    page = page_of(found, _PAGE, show=lambda version: version, after=lambda version: (version.program_id,))
    table = Table(
        name=speech.say("Programs"),
        listing=True,
        columns=[
            Column("name", speech.label("head", "Program")),
            Column("friend", speech.label("head", "Friend gets")),
            Column("own", speech.label("head", "Ambassador")),
            Column("window", speech.label("head", "Click window"), minor=True),
            Column("changed", speech.label("head", "Changed"), minor=True),
        ],
        rows=[_row(version, speech, fmt) for version in page.data],
    )
    count = len(page.data)
    paging = Pagination(
        speech.count("%(n)s program on this page", "%(n)s programs on this page", count, n=fmt.number(count)),
        previous=HOME if cursor else "",
        next=f"{HOME}?{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else "",
    )
    return reader.page("programs/list.html", title=speech.say("Programs"), table=table, paging=paging)


@router.get(f"{HOME}/new")
async def get_new(request: Request, call: Annotated[Call, viewer("programs:write")], lang: str = "") -> Response:
    """The form of a program to make."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
    form = {**forms.empty(own.currency), "landing_url": front_page(own.domains[0]) if own.domains else ""}
    return _form(request, own, tx, form, {})


@router.post(HOME)
async def post_new(request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Makes a program from the form."""
    return await _save(request, call, None)


@router.get(f"{HOME}/used-up")
async def get_used_up(request: Request, call: Annotated[Call, viewer("programs:read")]) -> Response:
    """Programs that run and have nothing left to give: a fragment of the overview, empty where there are none."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        found = await sql.used_up(tx, call.store_id)
        reader = reader_of(request, own, tx.now)
    return reader.page("programs/used_up.html", programs=[(one.name, f"{HOME}/{one.program_id}") for one in found])


@router.get(HOME + "/{program_id}")
async def get_one(
    program_id: str,
    request: Request,
    call: Annotated[Call, viewer("programs:read")],
    before: Annotated[int | None, Query(ge=2, le=2**31 - 1)] = None,
    lang: str = "",
) -> Response:
    """A program in words, and how it came to be so: its newest versions, or those before a number."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        newest = await actions.get(tx, call.store_id, program_id)
        versions = await sql.versions(tx, call.store_id, program_id, before=before, limit=_VERSIONS + 1)
        reader = reader_of(request, own, tx.now)
    speech, fmt = reader.speech, reader.fmt
    program = newest.program
    reported = words.facts(program, speech, fmt)
    reported.pop(speech.say("Name"))
    reported.pop(speech.say("Status"))
    return reader.page(
        "programs/one.html",
        title=program.name,
        version=newest,
        chip=_chip(newest, speech),
        headline=words.headline(program, speech, fmt),
        promises=words.promises(program, speech, fmt),
        warnings=[*_used_up(newest, speech), *warnings(program, own.domains, speech, fmt)],
        terms_url=f"/terms/{program_id}",
        facts=[Fact(label, text) for label, text in reported.items()],
        join_url=f"{call.ctx.settings.base_url}/join/{program_id}" if program.joining else "",
        history=_history(versions, speech, fmt)[:_VERSIONS],
        older_href=f"?before={versions[_VERSIONS - 1].version}" if len(versions) > _VERSIONS else "",
        newest_href=f"{HOME}/{program_id}" if before else "",
    )


@router.get(HOME + "/{program_id}/edit")
async def get_edit(
    program_id: str, request: Request, call: Annotated[Call, viewer("programs:write")], lang: str = ""
) -> Response:
    """The form of a program to change."""
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        newest = await actions.get(tx, call.store_id, program_id)
    return _form(request, own, tx, forms.fields(newest.program), {}, newest=newest)


@router.post(HOME + "/{program_id}")
async def post_edit(program_id: str, request: Request, call: Annotated[Call, viewer("programs:write")]) -> Response:
    """Publishes the next version from the form."""
    return await _save(request, call, program_id)


_VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)


async def _save(request: Request, call: Call, program_id: str | None) -> Response:
    given = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    async with call.transaction() as tx:
        own = await stores.get(tx, call.store_id)
        newest = await actions.get(tx, call.store_id, program_id) if program_id else None
        try:
            program = Program.model_validate(forms.read(given, before=newest.program if newest else None))
            if newest is None:
                saved = await actions.create(tx, call.store_id, program)
            else:
                seen = int(given["seen"]) if _VERSION.fullmatch(given.get("seen", "")) else 0
                saved = await actions.replace_with(tx, call.store_id, newest.program_id, program, seen=seen)
            return Response(status_code=303, headers={"location": f"{HOME}/{saved.program_id}"})
        except (FormErrors, ValidationError, Invalid, Conflict) as error:
            wrong = _refused(error, own, reader_of(request, own, tx.now).speech)
    return _form(request, own, tx, given, wrong, newest=newest, status=422)


def _refused(error: FormErrors | ValidationError | AppError, own: Store, speech: Speech) -> dict[str, str]:
    """Name of a field of the form → what is wrong with it, in the reader's language."""
    if isinstance(error, FormErrors):
        return {field: sentence(word, speech) for field, word in error.errors.items()}
    found = {}
    for path, text in mistakes(speech, error).items():
        field = form_texts.named(path).replace("utm.", "utm_")
        if field.startswith("utm_"):
            text = speech.say("At most 200 letters; of braces only {code}, {slug}, {channel} and {program}.")
        found[field] = words_sentence(field, speech) if field.startswith("words_") else text
    if "landing_url" in found:
        found["landing_url"] = speech.say(
            "Write the address of a page of the store, with https://. Its domains: %(domains)s.",
            domains=", ".join(own.domains) or "–",
        )
    return found


def _form(
    request: Request,
    own: Store,
    tx: Tx,
    form: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    newest: Version | None = None,
    status: int = 200,
) -> Response:
    reader = reader_of(request, own, tx.now)
    speech = reader.speech
    rows = form_events.rows_of(form)
    tier_rows = form_tiers.rows_of(form)
    blanks = {field: text for row in rows for field, text in form_events.blank(row).items()}
    blanks |= {field: text for row in tier_rows for field, text in form_tiers.blank(row).items()}
    membership_rows = form_memberships.rows_of(form)
    blanks |= {field: text for row in membership_rows for field, text in form_memberships.blank(row).items()}
    rule_rows = {
        side: {kind: form_rows.rows_of(side, kind, form) for kind in ("term", "boost")} for side in forms.SIDES
    }
    for side, kinds in rule_rows.items():
        for kind, numbers in kinds.items():
            blanks |= {field: text for row in numbers for field, text in form_rows.blank(side, kind, row).items()}
    shown = {**dict.fromkeys(forms.empty(own.currency), ""), **blanks, **form}
    labels = labels_of(speech, shown.get("currency") or own.currency)
    summary = [FieldError(field, labels[field], text) for field, text in wrong.items() if field in labels]
    others = " ".join(text for field, text in wrong.items() if field not in labels)
    title = speech.say("Change %(name)s", name=newest.program.name) if newest else speech.say("New program")
    return reader.page(
        "programs/form.html",
        status=status,
        title=title,
        action=f"{HOME}/{newest.program_id}" if newest else HOME,
        version=newest,
        form=shown,
        labels=labels,
        wrong=wrong,
        summary=summary,
        others=others,
        options=options_of(speech, shown, rows),
        event_rows=rows,
        tier_rows=tier_rows,
        membership_rows=membership_rows,
        rule_rows=rule_rows,
        asked={side: form_terms.asks(side, shown) for side in forms.SIDES},
        ways_of={side: [f"{side}_channel_{one}" for one in form_terms.WAYS] for side in forms.SIDES},
        roles_of={side: [f"{side}_role_{one}" for one in form_terms.ROLES] for side in forms.SIDES},
        event_names={name: deed_title(name, speech) for name in USUAL},
        roles=[f"role_{role}" for role in forms.ROLES],
        buyers=[
            Choice(speech.say("a new customer"), value="new"),
            Choice(speech.say("bought before"), value="known"),
        ],
        headers={"content-security-policy": f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"},
        spoken=[Choice(name, value=code, current=code == own.locale[:2]) for code, name in LANGUAGES.items()],
        own_language=own.locale[:2],
    )


def _row(version: Version, speech: Speech, fmt: Format) -> Row:
    program = version.program
    own = words.rule_for(program, "ambassador")
    gift = words.friend_gift(program, fmt) or "–"
    gain = words.amount(own, program, fmt) if own else "–"
    state = _chip(version, speech)
    return Row(
        cells={
            "name": Name(
                program.name,
                below=speech.say("version %(n)s", n=version.version),
                href=f"{HOME}/{version.program_id}",
                chip=state,
            ),
            "friend": gift,
            "own": gain,
            "window": speech.count("%(n)s day", "%(n)s days", program.attribution.click_window_days),
            "changed": fmt.ago(version.published_at),
        },
        key_figure=f"{gift} | {gain}",
        facts=[fmt.ago(version.published_at)],
    )


def _history(versions: Sequence[Version], speech: Speech, fmt: Format) -> list[Happening]:
    """Newest first, each with what it changed."""
    reported = []
    for place, version in enumerate(versions):
        older = versions[place + 1] if place + 1 < len(versions) else None
        changes = words.differences(older.program, version.program, speech, fmt) if older else []
        reported.append(
            Happening(
                speech.say("Version %(n)s", n=version.version),
                fmt.moment(version.published_at),
                below="; ".join(changes) if older else speech.say("Published"),
            )
        )
    return reported


def _used_up(version: Version, speech: Speech) -> list[str]:
    if not version.exhausted:
        return []
    return [speech.say("The budget is used up: pages promise no money any more. Set a larger one to go on.")]


def _chip(version: Version, speech: Speech) -> Chip:
    if version.exhausted and version.program.status == "active":
        return Chip(speech.label("chip", "Budget used up"), "warn", "ring")
    tone, shape = _CHIPS[version.program.status]
    return Chip(words.status(version.program, speech), tone, shape)  # type: ignore[arg-type]  # from the table above
