"""What callers send and get about the words of messages."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.links.notices.domain.occasions import Occasion, Words

Language = Literal["en", "ru", "uk", "ro"]
_LINE = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, Field(pattern=_LINE)]


class TemplateIn(BaseModel):
    """A store's own words for an occasion. Values stand in braces: `{store}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: Line = Field(min_length=1, max_length=200)
    body: str = Field(
        min_length=1,
        max_length=5_000,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
        description="Plain text; an empty line begins a paragraph. The first one stands for all where several messages"
        " come as one.",
    )
    label: Line = Field(min_length=1, max_length=40, description="What the button says that leads to their page.")

    def words(self) -> Words:
        """As they are kept."""
        return Words(subject=self.subject, body=self.body, label=self.label)


class TemplateOut(BaseModel):
    """The words of an occasion in a language: the store's own, or ours."""

    occasion: Occasion
    language: Language
    own: bool
    subject: str
    body: str
    label: str
    values: list[str] = Field(description="What may stand in braces.")


class TemplatesOut(BaseModel):
    """Every occasion in every language."""

    data: list[TemplateOut]


class PreviewOut(BaseModel):
    """A message as its reader would see it, with values made up."""

    subject: str
    text: str
    html: str


class TestIn(BaseModel):
    """To whom a message is sent for a try."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ambassador_id: str = Field(max_length=64, description="One of the store's: add yourself as one.")


class TestOut(BaseModel):
    """The message on its way."""

    id: str = Field(description="As `GET /v1/messages` lists it.")
    ambassador_id: str


class OccasionIn(BaseModel):
    """Whether people are notified of an occasion."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    told: bool = Field(strict=True)


class OccasionOut(BaseModel):
    """An occasion, and whether the store notifies of it."""

    occasion: Occasion
    told: bool


class OccasionsOut(BaseModel):
    """All of them."""

    data: list[OccasionOut]
