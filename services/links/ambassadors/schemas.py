"""What callers send and get about ambassadors."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.fields import Role
from services.common.contacts import fold_phone
from services.links.ambassadors.sql import Member
from services.links.links.schemas import share_url


def _phone(text: str) -> str:
    if fold_phone(text) is None:
        raise ValueError("a phone number has 7 to 15 digits")
    return text.strip()


def _email(text: str) -> str:
    # test_environment lets addresses under .test through, which stores' own tests use.
    try:
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


def email_or_none(text: str) -> str | None:
    """An address as it is kept, or None for what is none."""
    try:
        return _email(text)
    except ValueError:
        return None


def name_or_none(text: str) -> str | None:
    """A person's name as it is kept, or None for what is none."""
    text = text.strip()
    return text if 0 < len(text) <= 120 and text.isprintable() else None


def _no_contact(text: str) -> str:
    if "@" in text or (text.startswith("+") and fold_phone(text) is not None):
        raise ValueError("this looks like a mail address or a phone number: send it as email or phone")
    return text


_CLEAN = r"^[^\x00-\x1f\x7f]+$"
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=_CLEAN)]
PublicName = Annotated[str, Field(min_length=1, max_length=40, pattern=_CLEAN), AfterValidator(_no_contact)]
Email = Annotated[
    str,
    Field(min_length=3, max_length=254, json_schema_extra={"format": "email"}),
    AfterValidator(_email),
]
Phone = Annotated[str, Field(min_length=1, max_length=40, pattern=_CLEAN), AfterValidator(_phone)]
ExternalId = Annotated[str, Field(min_length=1, max_length=255, pattern=_CLEAN), AfterValidator(_no_contact)]
"""Travels as it is, so it may not be a contact."""
Locale = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Group = Annotated[str, Field(min_length=1, max_length=60, pattern=_CLEAN)]
Notes = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$")]


class AmbassadorIn(BaseModel):
    """Who joins: nobody whom the program knows by the `external_id`, `email` or `phone`. In a batch those are answered
    as they are, and who joined by the address alone is given the external id.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    program_id: str = Field(max_length=64)
    external_id: ExternalId | None = Field(None, description="The store's own customer id of this person.")
    email: Email | None = None
    phone: Phone | None = None
    name: Name | None = None
    public_name: PublicName | None = Field(None, description="By which friends see them invited, else the first name.")
    locale: Locale | None = None
    group: Group | None = None
    role: Role | None = Field(None, description="What they are to the store.")
    sponsor_id: str | None = Field(None, max_length=64, description="The ambassador who brought this one.")


class AmbassadorPatch(BaseModel):
    """What to change of an ambassador; null clears a field."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    external_id: ExternalId | None = None
    email: Email | None = None
    phone: Phone | None = None
    name: Name | None = None
    public_name: PublicName | None = None
    locale: Locale | None = None
    group: Group | None = None
    role: Role | None = None
    sponsor_id: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="The ambassador of the same program who brought them. Orders placed before keep the one of then.",
    )
    status: Literal["active", "blocked"] = "active"
    notes: Notes | None = Field(None, description="The store's own; no ambassador and no friend ever reads them.")
    code: str | None = Field(
        None,
        max_length=200,
        description="Another personal code, made with codes:write; the former one stays good. It cannot be cleared.",
    )

    def changes(self) -> dict[str, object]:
        """The given fields by the names of the row."""
        return {"group_name" if name == "group" else name: getattr(self, name) for name in self.model_fields_set}


class GroupIn(BaseModel):
    """Whom to put into which group; null takes them out of theirs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ambassador_ids: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=1000)
    group: Group | None


class GroupOut(BaseModel):
    """How many of them were in another group before."""

    changed: int


class LinkOfAmbassador(BaseModel):
    """The link that joining made."""

    id: str
    slug: str
    url: str


class CodeOfAmbassador(BaseModel):
    """The promo code that joining made."""

    id: str
    code: str


class AmbassadorJoined(BaseModel):
    """An ambassador without personal data: what a POST answers, since answers are kept for repetitions."""

    id: str
    program_id: str
    external_id: str | None
    status: str
    group: str | None
    role: Role | None = None
    sponsor_id: str | None
    locale: str | None
    created_at: datetime
    link: LinkOfAmbassador
    code: CodeOfAmbassador
    portal_url: str = Field("", description="Where they sign in to their own page. The same for all of a program.")

    @classmethod
    def of(cls, member: Member, *, base_url: str) -> Self:
        return cls(**_public(member, base_url))


class AmbassadorOut(AmbassadorJoined):
    """An ambassador with the person."""

    name: str | None
    public_name: str | None = None
    email: str | None
    phone: str | None
    terms_version: str | None = Field(None, description="Which terms they agreed to when they joined by themselves.")
    notes: str | None = Field(None, description="The store's own.")

    @classmethod
    def with_person(cls, member: Member, *, base_url: str, portal_url: str) -> Self:
        person = member.ambassador
        return cls(
            **_public(member, base_url),
            portal_url=portal_url,
            name=person.name,
            public_name=person.public_name,
            terms_version=person.terms_version,
            email=person.email,
            phone=person.phone,
            notes=person.notes,
        )


def _public(member: Member, base_url: str) -> dict[str, Any]:
    ambassador = member.ambassador
    return {
        "id": ambassador.ambassador_id,
        "program_id": ambassador.program_id,
        "external_id": ambassador.external_id,
        "status": ambassador.status,
        "group": ambassador.group_name,
        "role": ambassador.role,
        "sponsor_id": ambassador.sponsor_id,
        "locale": ambassador.locale,
        "created_at": ambassador.created_at,
        "link": LinkOfAmbassador(id=ambassador.link_id, slug=member.slug, url=share_url(base_url, member.slug)),
        "code": CodeOfAmbassador(id=ambassador.code_id, code=member.code),
    }
