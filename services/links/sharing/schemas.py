"""What a store says of where its offer to share stands, and what a page asks and gets."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.events.tracking import Placement
from services.links.sharing.domain import page_path, selector

PagePath = Annotated[str, AfterValidator(page_path)]


class PlaceRule(BaseModel):
    """One place: on pages whose path fits one of `paths` and none of `but_not`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    placement: Placement
    paths: Annotated[tuple[PagePath, ...], Field(min_length=1, max_length=20)] = ("/**",)
    but_not: Annotated[tuple[PagePath, ...], Field(max_length=20)] = ()
    into: Annotated[str, AfterValidator(selector)] | None = Field(
        None,
        description="A CSS selector: the offer is put at the end of that element by itself, unless the page has one of"
        " this placement. Left out: it stands where the page has a <kith-share> of this placement.",
    )


class Places(BaseModel):
    """Where a program's offer to share stands. Without any rule: wherever a page has a <kith-share>."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: Annotated[tuple[PlaceRule, ...], Field(max_length=40)]


class KnownCustomer(BaseModel):
    """Who is signed in at the store, with the proof of the store's server."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    id: Annotated[str, Field(min_length=1, max_length=200)]
    proof: Annotated[str, Field(max_length=128, description="As for kith('identify', …).")]


class ShareAsk(BaseModel):
    """What a page asks. Who is known, by a proof or by the slug of their link, gets that link."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: Annotated[str, Field(max_length=35)] = ""
    program_id: Annotated[str, Field(max_length=64)] | None = None
    customer: KnownCustomer | None = None
    slug: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    page: Annotated[str, Field(max_length=2000)] | None = Field(
        None, description="The page to be recommended, one of the store's; left out: what the link leads to."
    )


class ShareWay(BaseModel):
    """One way to share. `href` opens it."""

    channel: str
    name: str
    href: str
    copies: str | None = Field(
        None, description="What is copied beside, to be pasted there: for a network that takes no text from an address."
    )


class OwnShare(BaseModel):
    """The link of who asks. `code` only where a proof said who that is."""

    url: str
    code: str | None
    text: str
    ways: list[ShareWay]


class ShareOffer(BaseModel):
    """What a page shows. Addresses lead to pages of ours, in the same language."""

    program_id: str
    store: str
    language: str
    title: str = Field(description="The rule in one sentence, to an ambassador.")
    lines: list[str] = Field(description="What both sides get, and what it takes.")
    join_url: str | None = Field(description="Where one becomes an ambassador; null where nobody can by themselves.")
    sign_in_url: str
    terms_url: str | None
    color: str
    text_color: str
    rules: tuple[PlaceRule, ...]
    own: OwnShare | None
    words: dict[str, str] = Field(description="Labels, by name.")
