"""HTTP of the one line that a store puts into its own mails to an ambassador."""

from typing import Annotated

from fastapi import APIRouter, Query
from markupsafe import escape
from pydantic import BaseModel, Field

from services.kernel.errors import NotFound
from services.kernel.http.call import Call, require
from services.links.notices.actions.compose import reader_of
from services.links.programs import actions as programs
from services.links.programs.domain.words import headline

router = APIRouter(tags=["messages"])


class SnippetOut(BaseModel):
    """One line with a person's own link."""

    text: str = Field(description="What the program gives, and the link.")
    html: str = Field(description="The same, with the link as one.")
    url: str
    code: str | None = Field(description="Null while the store's checkout does not know it: nobody would get anything.")


@router.get("/v1/ambassadors/{ambassador_id}/snippet")
async def get_snippet(
    ambassador_id: str,
    call: Annotated[Call, require("ambassadors:read")],
    channel: Annotated[str, Query(max_length=40, pattern=r"^[a-z0-9_-]*$")] = "email",
) -> SnippetOut:
    """One line for the store's own mails, in the ambassador's language: what the program gives, and their link."""
    async with call.transaction() as tx:
        reader = await reader_of(call.ctx, tx, call.store_id, ambassador_id)
        if reader is None or reader.person is None:
            raise NotFound("There is no such ambassador.")
        version = await programs.get(tx, call.store_id, reader.person.program_id)
    text = headline(version.offered, reader.speech, reader.fmt)
    url = f"{reader.values['link']}?ch={channel}" if channel else reader.values["link"]
    link = f'<a href="{escape(url)}">{escape(url.partition("://")[2])}</a>'
    return SnippetOut(text=f"{text}: {url}", html=f"{escape(text)}: {link}", url=url, code=reader.values.get("code"))
