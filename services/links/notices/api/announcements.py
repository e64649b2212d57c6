"""HTTP of announcements: to whom, when, how often, and what came of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.fields import Role
from services.kernel.db import Tx
from services.kernel.http import cursor as cursors
from services.kernel.http.call import Call, require
from services.kernel.http.fields import When
from services.kernel.http.pages import Cursor, Limit, Page, page_of
from services.links.notices.actions import announce
from services.links.notices.actions.announce import Draft
from services.links.notices.schemas import Language, TemplateIn
from services.links.notices.sql import announcements as sql
from services.links.notices.sql.announcements import Announcement, Counts, State

router = APIRouter(tags=["messages"])
_ALL = "/v1/announcements"


class Segment(BaseModel):
    """Whom it is for: ambassadors that are active and all of this. Empty: everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    program_id: str | None = Field(None, max_length=64)
    role: Role | None = None
    group: str | None = Field(None, max_length=120)
    joined_from: When | None = None
    joined_until: When | None = None
    shared_from: When | None = Field(
        None, description="Whose last share, on their page or by the bot, is from then on."
    )
    shared_until: When | None = Field(None, description="Who has not shared since then, or never.")
    clicked: bool | None = Field(
        None, strict=True, description="Whether a friend has opened their link already, or nobody has yet."
    )


class AnnouncementIn(BaseModel):
    """What is to be sent to a segment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    texts: dict[Language, TemplateIn] = Field(
        min_length=1, max_length=4, description="By language; who reads none of them gets the store's, or the first."
    )
    segment: Segment = Segment()
    at: When | None = Field(
        None, description="When; null is now. A moment that has passed by more than a minute is refused."
    )
    every_weeks: int | None = Field(None, ge=1, le=52, strict=True, description="Repeated every so many weeks.")
    times: int | None = Field(None, ge=1, le=100, strict=True, description="At most so many turns.")
    until: When | None = Field(None, description="No turn from here on.")

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.every_weeks is None and (self.times is not None or self.until is not None):
            raise ValueError("times and until are of what is repeated; give every_weeks, or neither")
        return self

    def draft(self) -> Draft:
        """As it is kept."""
        return Draft(
            texts={language: words.model_dump() for language, words in self.texts.items()},
            segment=self.segment.model_dump(mode="json", exclude_none=True),
            at=self.at,
            every_weeks=self.every_weeks,
            times=self.times,
            until=self.until,
        )


class AnnouncementOut(BaseModel):
    """An announcement, and what came of its turns."""

    id: str
    texts: dict[Language, TemplateIn]
    segment: Segment
    state: State
    next_at: datetime | None
    every_weeks: int | None
    times: int | None
    until: datetime | None
    turns: int
    people: int = Field(description="For how many it was, over all turns.")
    told: int = Field(description="How many of them were told, by a message or on their own page.")
    used: int = Field(description="How many of those came to their page by it, signed in as themselves.")
    created_at: datetime

    @classmethod
    def of(cls, one: Announcement, counts: Counts) -> Self:
        """As callers see it."""
        return cls(
            id=one.announcement_id,
            texts={language: TemplateIn(**words) for language, words in one.texts.items()},  # type: ignore[misc]
            segment=Segment.model_validate(one.segment),
            state=one.state,
            next_at=one.next_at,
            every_weeks=one.every_weeks,
            times=one.times,
            until=one.until,
            turns=one.runs,
            people=counts.people,
            told=counts.notified,
            used=counts.used,
            created_at=one.created_at,
        )


@router.post(_ALL, status_code=201, response_model=AnnouncementOut)
async def post_announcement(body: AnnouncementIn, call: Annotated[Call, require("ambassadors:write")]) -> Response:
    """Sends a segment of the store's ambassadors something: now, at a moment, or again every some weeks.

    Each gets it by the channel that they prefer, within what they want to get.
    """

    async def make(tx: Tx) -> AnnouncementOut:
        return await _shown(tx, await announce.make(tx, call.store_id, body.draft()))

    return await call.once(make, answer=lambda made: made)


@router.get(_ALL)
async def get_announcements(
    call: Annotated[Call, require("ambassadors:read")], cursor: Cursor = None, limit: Limit = 50
) -> Page[AnnouncementOut]:
    """Lists announcements, the newest first, with how many were notified and how many came by them."""
    start = cursors.decode(cursor, str)
    async with call.transaction() as tx:
        found: Sequence[Announcement] = await sql.page(
            tx, call.store_id, before=start[0] if start else None, count=limit + 1
        )
        counts = await sql.counts(tx, call.store_id, found)
    return page_of(
        found,
        limit,
        show=lambda one: AnnouncementOut.of(one, counts[one.announcement_id]),
        after=lambda one: (one.announcement_id,),
    )


@router.get(f"{_ALL}/{{announcement_id}}")
async def get_announcement(announcement_id: str, call: Annotated[Call, require("ambassadors:read")]) -> AnnouncementOut:
    """One announcement, with what came of it."""
    async with call.transaction() as tx:
        return await _shown(tx, await announce.get(tx, call.store_id, announcement_id))


@router.post(f"{_ALL}/{{announcement_id}}/stop")
async def post_stop(announcement_id: str, call: Annotated[Call, require("ambassadors:write")]) -> AnnouncementOut:
    """Has no further turn. What is on its way is sent."""
    async with call.transaction() as tx:
        return await _shown(tx, await announce.stop(tx, call.store_id, announcement_id))


async def _shown(tx: Tx, one: Announcement) -> AnnouncementOut:
    return AnnouncementOut.of(one, (await sql.counts(tx, one.store_id, [one]))[one.announcement_id])
