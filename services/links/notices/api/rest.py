"""HTTP of templates: read, written anew, looked at and tried."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.kernel.db import Tx
from services.kernel.http.call import Call, require
from services.links.mail.domain import text_of
from services.links.mail.work import html_of
from services.links.notices import words
from services.links.notices.actions import wording
from services.links.notices.domain.occasions import OCCASIONS, Occasion, Words, values_of
from services.links.notices.schemas import (
    OccasionIn,
    OccasionOut,
    OccasionsOut,
    PreviewOut,
    TemplateIn,
    TemplateOut,
    TemplatesOut,
    TestIn,
    TestOut,
)
from services.links.notices.sql import templates
from services.links.notices.sql.templates import Template
from services.links.notices.work import sample_letter
from services.links.pages import PAGES
from services.links.stores import actions as stores
from services.ui import LANGUAGES

router = APIRouter(tags=["messages"])
_ONE = "/v1/message-templates/{occasion}/{language}"


@router.get("/v1/message-templates")
async def get_templates(call: Annotated[Call, require("programs:read")]) -> TemplatesOut:
    """The words of every message to ambassadors, in every language: the store's own, else ours."""
    async with call.transaction() as tx:
        own = {(one.occasion, one.language): one for one in await templates.every(tx, call.store_id)}
    return TemplatesOut(
        data=[_out(occasion, code, own.get((occasion, code))) for occasion in OCCASIONS for code in LANGUAGES]
    )


@router.get(_ONE)
async def get_template(occasion: str, language: str, call: Annotated[Call, require("programs:read")]) -> TemplateOut:
    """The words of one message in one language."""
    one = wording.known(occasion), wording.spoken(language)
    async with call.transaction() as tx:
        return _out(*one, await templates.one(tx, call.store_id, *one))


@router.put(_ONE)
async def put_template(
    occasion: str, language: str, body: TemplateIn, call: Annotated[Call, require("programs:write")]
) -> TemplateOut:
    """Writes the words of a message anew. A value that the message does not have is refused, naming the field."""
    one = wording.known(occasion), wording.spoken(language)
    async with call.transaction() as tx:
        await wording.save(tx, call.store_id, *one, body.words())
        return _out(*one, await templates.one(tx, call.store_id, *one))


@router.delete(_ONE, status_code=204)
async def delete_template(occasion: str, language: str, call: Annotated[Call, require("programs:write")]) -> None:
    """Goes back to our words."""
    async with call.transaction() as tx:
        await wording.drop(tx, call.store_id, wording.known(occasion), wording.spoken(language))


@router.post(f"{_ONE}/preview")
async def post_preview(
    occasion: str, language: str, body: TemplateIn, call: Annotated[Call, require("programs:read")]
) -> PreviewOut:
    """These words as their reader would see them, with values made up. Nothing is kept."""
    one = wording.known(occasion), wording.spoken(language)
    wording.check(one[0], body.words())
    return await preview(call, *one, body.words())


@router.post(f"{_ONE}/test", status_code=201, response_model=TestOut)
async def post_test(
    occasion: str, language: str, body: TestIn, call: Annotated[Call, require("ambassadors:write")]
) -> Response:
    """Sends the message to one of the store's ambassadors, with values made up."""

    one = wording.known(occasion), wording.spoken(language)

    async def send(tx: Tx) -> TestOut:
        mail_id = await wording.send_try(tx, call.store_id, body.ambassador_id, *one)
        return TestOut(id=mail_id, ambassador_id=body.ambassador_id)

    return await call.once(send, answer=lambda made: made)


@router.get("/v1/message-occasions")
async def get_occasions(call: Annotated[Call, require("programs:read")]) -> OccasionsOut:
    """Of what ambassadors are notified, and of what not."""
    async with call.transaction() as tx:
        enabled = await wording.enabled(tx, call.store_id)
    return OccasionsOut(data=[OccasionOut(occasion=one, told=is_enabled) for one, is_enabled in enabled.items()])


@router.put("/v1/message-occasions/{occasion}")
async def put_occasion(
    occasion: str, body: OccasionIn, call: Annotated[Call, require("programs:write")]
) -> OccasionOut:
    """Notifies ambassadors of an occasion from now on, or does not."""
    found = wording.known(occasion)
    async with call.transaction() as tx:
        await wording.set_enabled(tx, call.store_id, found, enabled=body.told)
    return OccasionOut(occasion=found, told=body.told)


async def preview(call: Call, occasion: Occasion, language: str, template: Words) -> PreviewOut:
    """A message with values made up."""
    async with call.transaction() as tx:
        store = await stores.get(tx, call.store_id)
        letter = sample_letter(call.ctx, store, occasion, language, template, now=tx.now)
    return PreviewOut(subject=letter.subject, text=text_of(letter, store.name), html=html_of(letter, store.name))


def _out(occasion: Occasion, language: str, own: Template | None) -> TemplateOut:
    current = own.words if own is not None else words.default_words(occasion, PAGES.speech(language))
    return TemplateOut(
        occasion=occasion,
        language=language,  # type: ignore[arg-type]  # one of ours
        own=own is not None,
        subject=current.subject,
        body=current.body,
        label=current.label,
        values=list(values_of(occasion)),
    )
