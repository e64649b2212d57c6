"""What callers send and get about stores."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.common import money
from services.common.contacts import fold_email, fold_phone, own_placeholders
from services.kernel.auth.ring import KeyRing
from services.links.stores import domain
from services.links.stores.sql import Placeholders, Store


def _known_currency(code: str) -> str:
    if not money.known(code):
        raise ValueError(f"{code} is not an ISO 4217 currency code")
    return code


def _known_zone(name: str) -> str:
    if name not in domain.time_zones():
        raise ValueError(f"{name} is not a time zone of the IANA list, such as Europe/Chisinau")
    return ZoneInfo(name).key


def _domains(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(domain.store_domain(text) for text in texts))


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]
Domains = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=260)], ...],
    Field(min_length=1, max_length=50, description="Hosts of the store's pages; hosts below them belong to it too."),
    AfterValidator(_domains),
]
Locale = Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
StoreName = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _address(text: str) -> str:
    if fold_email(text) is None:
        raise ValueError("this is no e-mail address: write it as orders bring it, pos@shop.example")
    return text


def _number(text: str) -> str:
    if fold_phone(text) is None:
        raise ValueError("this is no phone number: 7 to 15 digits, with + and the country's code in front")
    return text


MOST_PLACEHOLDERS = 200
_Most = Field(max_length=MOST_PLACEHOLDERS)


class StorePlaceholders(BaseModel):
    """What the store's own systems fill in where a buyer gave no name. Given, it replaces what was there before.

    Orders and reports that come from then on are nobody's by these. What everybody's systems fill in is known anyway.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    customer_ids: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], _Most] = ()
    emails: Annotated[
        tuple[Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_address)], ...], _Most
    ] = ()
    phones: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=40), AfterValidator(_number)], ...], _Most
    ] = ()

    def named(self, ring: KeyRing) -> Placeholders:
        """As it is kept: each once, and how it travels."""
        each = {field: tuple(dict.fromkeys(values)) for field, values in self.model_dump().items()}
        return Placeholders(**each, names=own_placeholders(ring, **each))


class StoreIn(BaseModel):
    """A store to set up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StoreName
    currency: Currency
    timezone: Zone
    domains: Domains
    locale: Locale = "en"


class StorePatch(BaseModel):
    """Fields of a store to change. The currency stays: money was promised in it. `domains` need the scope
    `domains:write`, and a new one counts once it is proved.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: StoreName | None = None
    timezone: Zone | None = None
    domains: Domains | None = None
    locale: Locale | None = None
    placeholders: StorePlaceholders | None = None


class StoreOut(BaseModel):
    """A store."""

    id: str
    name: str
    currency: str
    timezone: str
    domains: tuple[str, ...] = Field(description="Where share links may lead.")
    unproved_domains: tuple[str, ...] = Field((), description="Named and not proved yet: see GET /v1/stores/domains.")
    locale: str
    placeholders: StorePlaceholders = StorePlaceholders()
    created_at: datetime

    @classmethod
    def of(cls, store: Store, claims: Iterable[str] = ()) -> Self:
        return cls(
            id=store.store_id,
            name=store.name,
            currency=store.currency,
            timezone=store.timezone,
            domains=store.domains,
            unproved_domains=tuple(claim for claim in claims if claim not in store.domains),
            locale=store.locale,
            placeholders=StorePlaceholders(
                customer_ids=store.placeholders.customer_ids,
                emails=store.placeholders.emails,
                phones=store.placeholders.phones,
            ),
            created_at=store.created_at,
        )


class StoreCreated(StoreOut):
    """A store just set up, with its first two keys. They are derived and never stored."""

    secret_key: str = ""
    publishable_key: str = ""
    secret_key_id: str
    publishable_key_id: str
    secret_key_scopes: tuple[str, ...] = ()
