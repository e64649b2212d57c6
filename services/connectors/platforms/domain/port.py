"""What a platform is to the rest of this service: a few functions without I/O.

A request proves who sent it (`authenticate`), what it brings is named so that a repetition is known (`name`), and later
its body is read into orders, refunds and cancellations in our words (`read`). Everything else is the inbox's matter.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from services.common.order import Order
from services.common.order_facts import Clock, Refund
from services.connectors.platforms.domain.rules import Rules

READ_BACK: Final = "read-back"
"""The topic of what a platform answered about an order: no delivery has it, for it is not the sender who says so."""

POLLED: Final = "poll"
"""The topic of what a poll found, which nobody delivered."""


class Ignored(Exception):
    """A delivery that reports nothing for us; the text says why, in one constant word."""


class Asked(NamedTuple):
    """A request as it came. `key` is what stands behind the connection's id in its address."""

    headers: Mapping[str, str]
    """By lower-case name, each cut at some length."""
    body: bytes
    key: str = ""


class Named(NamedTuple):
    """A delivery's topic, which says how to read it and never what happened, and what names it beside its body. Both
    may be made of what is signed only, or of what changes nothing that matters.
    """

    topic: str
    kind: str
    at: datetime | None = None
    """When what it reports happened, where only a header says so: it may make less happen than without it, and no more.
    """


@dataclass(frozen=True, slots=True)
class Options:
    """What a store says of its account, since the platform's deliveries do not."""

    currency: str | None = None
    """Of amounts that come without one; ISO 4217."""
    paid_on_arrival: bool = False
    """The platform delivers orders once they are paid, and not before."""


NO_OPTIONS: Final = Options()


class Delivered(NamedTuple):
    """What a reader is given of a delivery."""

    topic: str
    body: bytes
    clock: Clock
    received_at: datetime
    """When it came, which may be long before it is read."""
    options: Options = NO_OPTIONS

    @property
    def came_at(self) -> datetime:
        """When it came, by the clock that callers' times are read off."""
        return self.received_at - self.clock.offset


Form = Literal["each", "sum", "more"]
"""How a platform reports an order's refunds that reports them in two ways: `each` by its own id, or the `sum` of all
under one; `more` is the sum as well, and counts only where sums were reported before.
"""


class ReportedRefund(NamedTuple):
    """A refund of an order, by the platform's own id of it."""

    order_id: str
    refund: Refund
    form: Form | None = None
    """Reported of one order in two forms it would count twice: the one reported first holds. None where there is one
    form.
    """


class Payment(NamedTuple):
    """That a payment paid an order, by the platform's own ids of both."""

    payment_id: str
    order_id: str


class Farewell(NamedTuple):
    """What a platform asks of whoever knows a shop: its app is removed there, or people are to be forgotten."""

    host: str
    """Which shop it is."""
    removed: bool = False
    """What opened the shop's API opens nothing any more."""
    orders: Sequence[str] | None = ()
    """Of which orders nothing may be kept that names people; None of all."""


PrivacyKind = Literal["data_request", "customer_redact", "shop_redact"]


class PrivacyRequest(NamedTuple):
    """What a platform asks in people's name: to be told what is kept, or that it be forgotten."""

    kind: PrivacyKind
    host: str
    """Of whose shop."""
    orders: Sequence[str] | None
    """Those that it names, by the platform's ids; None for all of the shop."""


class ReportedCancel(NamedTuple):
    """The end of an order, by the platform's own id of it."""

    order_id: str
    at: datetime | None


class Question(NamedTuple):
    """A request to the platform's own API."""

    url: str
    headers: Mapping[str, str]
    method: str = "GET"
    content: bytes | None = None


class Shop(NamedTuple):
    """Whose API is asked, and what opens it; "" is none."""

    host: str
    user: str
    password: str


class Window(NamedTuple):
    """What a poll asks for, some at a time: all that changed from `since` to before `until`, by the real clock."""

    since: datetime
    until: datetime
    cursor: str | None = None
    """Where the page before ended, in the platform's words; None for the first."""
    size: int = 50
    """How many a page may have."""


class Page(NamedTuple):
    """One page of what changed, each as the platform's API has it."""

    bodies: Sequence[bytes]
    cursor: str | None = None
    """Where the next page begins; None at the end."""
    wait: timedelta = timedelta()
    """How long the platform wants to be left in peace before the next page."""


class Busy(Exception):
    """The platform answers no more questions for a while, and says so in its answer's body."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("busy")
        self.wait = wait


class Refused(Exception):
    """What opens the API does not open this, and the platform says so in its answer's body."""


class TooDear(Exception):
    """The platform gives no such answer at once; one of fewer entries it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How a platform is asked for what changed."""

    ask: Callable[[Shop, Window], Question]
    read: Callable[[Mapping[str, str], bytes, Window], Page]
    """Of an answer's headers and body. Raises `Invalid` for what is no such answer, `Busy`, `Refused` and `TooDear`."""
    topic: str
    """Under which of its topics what was found is read."""
    reaches_back: timedelta | None = None
    """How long the platform remembers what changed; None for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """How a platform is asked what a buyer typed, where an order names a code by the platform's own id."""

    ask: Callable[[Shop, str], Question]
    read: Callable[[bytes], str]
    """Of an answer's body. Raises `Invalid` for what is no such answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery says. Ids are the platform's own; what stands before a store's orders is added later."""

    orders: Sequence[Order] = ()
    refunds: Sequence[ReportedRefund] = ()
    cancels: Sequence[ReportedCancel] = ()
    payments: Sequence[Payment] = ()
    by_payment: bool = False
    """Its refunds name a payment in an order's place: they are of the order that it paid, too, whenever that is
    reported.
    """
    code_ids: Sequence[str] = ()
    """The platform's own ids of codes that its orders were bought with, where it does not say what they are."""
    farewell: Farewell | None = None
    read_back: str | None = None
    """An order that the platform has to be asked for before anything counts: the delivery proves nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """What opens a platform's own API, as the platform's pages name it. A connection works without, and what needs it
    waits.
    """

    password: str
    """What the secret part is called."""
    user: str | None = None
    """What the part before it is called; None where the secret says all."""
    host: str | None = None
    """An example of the shop's host, where its API answers; None where all shops have one."""
    hosts: str = r".+"
    """A pattern of the hosts that may be a shop's."""


def nobody_asks(topic: str, body: bytes) -> PrivacyRequest | None:
    """Of platforms that ask nothing in people's name."""
    return None


def never(asked: Asked) -> bool:
    """The answer of platforms that send no ping."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One platform."""

    name: str
    """As it stands in addresses, rows and metrics."""
    title: str
    """As its owners write it."""
    authenticate: Callable[[Asked, Sequence[bytes], int], bool]
    """Whether a request was sent by who knows one of the secrets. `now` is in seconds since 1970, by the real clock. It
    takes whatever bytes come, and never raises.
    """
    name_of: Callable[[Asked], Named]
    read: Callable[[Delivered], Report]
    """Raises `Ignored`, or whatever the platform's words make it stumble over."""
    question: Callable[[str, str, str, str], Question] | None = None
    """How an order is asked for: of host, order id, user and password. What is answered is read as `READ_BACK`."""
    polling: Polling | None = None
    """How it is asked for what changed; None where it has no API for that."""
    past: Polling | None = None
    """How it is asked for all that was sold, where that is another list than of what changed."""
    naming: Naming | None = None
    """How it is asked what a code is of which it names the id alone; None where it names the code."""
    privacy: Callable[[str, bytes], PrivacyRequest | None] = nobody_asks
    """What a delivery asks in people's name, by its topic and body; None if it asks nothing. Raises `Invalid`."""
    privacy_topics: tuple[str, ...] = ()
    """Under which topics."""
    ping: Callable[[Asked], bool] = never
    """Whether this is the platform's question whether anybody answers, which is not signed and says nothing."""
    source: str = "api"
    """What reports of it are marked with. `api` where the store's own server speaks."""
    key_in_address: bool = False
    """The secret stands in the address, for the platform signs nothing."""
    secret_of: Callable[[bytes], str] | None = None
    """How a secret is written that is made of random bytes, where the store gives none; None where the platform makes
    it.
    """
    check_secret: Callable[[str], str | None] = field(default=lambda _: None)
    """What is wrong with a secret that a store gives; None if nothing is."""
    api: Api | None = None
    """What opens its API; None where Kith asks it nothing."""
    installed: bool = False
    """An app that the shop's owner installs learns the API's password by it."""
    options: frozenset[str] = frozenset()
    """Which of `Options` its connections have."""
    needs: frozenset[str] = frozenset()
    """Which of them, and of `host` and `access`, a connection cannot do without."""
    topics: tuple[str, ...] = ()
    """What a store subscribes its address to."""
    rules: Rules
