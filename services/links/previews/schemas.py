"""What callers send and get about preview pictures."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.links.looks.schemas import picture_text
from services.links.previews.actions import HEIGHT, MOST_BODY, WIDTH
from services.links.previews.sql import Own


class PreviewPictureIn(BaseModel):
    """A picture for share links."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    picture: Annotated[
        str,
        Field(
            max_length=MOST_BODY,
            description="PNG, JPEG, WebP or GIF of at most 1 MB, in base64: 1200 × 630, or it is cut to that form.",
        ),
        AfterValidator(picture_text),
    ]


class PreviewPictureOut(BaseModel):
    """A picture of the store's own, as messengers get it."""

    language: str
    width: int
    height: int
    bytes: int
    digest: str = Field(description="Names its content: a changed picture has another.")
    updated_at: datetime

    @classmethod
    def of(cls, own: Own) -> Self:
        return cls(
            language=own.language,
            width=WIDTH,
            height=HEIGHT,
            bytes=own.size,
            digest=own.digest,
            updated_at=own.updated_at,
        )
