"""What callers send and get about materials."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.links.looks.schemas import picture_text
from services.links.materials.domain import Kind, checked
from services.links.materials.sql import Material

Language = Literal["en", "ru", "uk", "ro"]
Title = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$"), AfterValidator(checked)]
Picture = Annotated[
    str, Field(max_length=250_000, description="PNG, JPEG, WebP or GIF, in base64."), AfterValidator(picture_text)
]


class MaterialIn(BaseModel):
    """Something to share with. A banner needs a picture, the others a text; `{link}` and `{code}` are filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    program_id: Annotated[str, Field(max_length=64)]
    kind: Kind
    language: Language | None = Field(None, description="Left out: for readers of every language.")
    title: Title = Field(description="What it is called; of a banner what stands for the picture.")
    text: Text = ""
    picture: Picture | None = None


class MaterialPatch(BaseModel):
    """What to change of a material."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Language | None = None
    title: Title | None = None
    text: Text | None = None
    picture: Picture | None = None


class MaterialOut(BaseModel):
    """A material, and how often it was seen and clicked."""

    id: str
    program_id: str
    kind: Kind
    language: str | None
    title: str
    text: str
    width: int | None = Field(description="Of the picture as it is kept, in pixels.")
    height: int | None
    views: int = Field(description="Of the picture: about each reader once a day. A text's views nobody can count.")
    clicks: int = Field(description="Of people on its links.")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, material: Material) -> Self:
        return cls(
            id=material.material_id,
            program_id=material.program_id,
            kind=material.kind,
            language=material.language,
            title=material.title,
            text=material.body,
            width=material.width,
            height=material.height,
            views=material.views,
            clicks=material.clicks,
            created_at=material.created_at,
            updated_at=material.updated_at,
        )
