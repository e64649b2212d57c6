"""What callers send and get about a store's look."""

from base64 import b64decode
from binascii import Error as NoBase64
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.links.looks.domain import Look, folded_color


def _color(text: str) -> str:
    found = folded_color(text)
    if found is None:
        raise ValueError("write a colour by six hexadecimal digits, as in #7A3B1E")
    return found


def picture_text(text: str) -> str:
    """A picture's bytes in base64. Raises `ValueError`."""
    try:
        b64decode(text, validate=True)
    except (NoBase64, ValueError):
        raise ValueError("send the picture's bytes in base64") from None
    return text


class LookPatch(BaseModel):
    """What to change of the store's look; null goes back to what is usual."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    color: Annotated[str, Field(max_length=20), AfterValidator(_color)] | None = None
    logo: (
        Annotated[
            str,
            Field(max_length=250_000, description="PNG, JPEG, WebP or GIF, in base64."),
            AfterValidator(picture_text),
        ]
        | None
    ) = None


class LookOut(BaseModel):
    """How friends see the store."""

    color: str = Field(description="The store's, else the usual one.")
    text_color: str = Field(description="What is read on it.")
    logo: str | None = Field(description="The picture as a data address, made anew as a small WebP.")

    @classmethod
    def of(cls, look: Look) -> Self:
        return cls(color=look.color, text_color=look.on_color, logo=look.logo or None)
