"""What a store's page asks for when it was opened by a link to its own address, and the answer."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Host = Annotated[str, Field(max_length=260)]


class ClickIn(BaseModel):
    """A visitor came to a page with `?ref=SLUG`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slug: Annotated[str, Field(min_length=1, max_length=200)]
    channel: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] | None = None
    referrer: Annotated[str, Field(max_length=2000, description="Where the visitor came from: its host is kept.")] = ""


class ClickOut(BaseModel):
    """The click's token, as the redirect of the link would have handed it on."""

    token: str
    discount: str | None = Field(
        None,
        description="An address of the page's own host. Asked for by the page, it applies the friend's code in the"
        " shop's session; left out where there is none. Where it leads does not matter.",
    )
