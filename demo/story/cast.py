"""Who plays in the story: ambassadors with their channels and pull, friends with their habits. Deterministic."""

from dataclasses import dataclass, field
from random import Random

from demo.shop.goods import FREE_SHIPPING_FROM_MINOR, SHIPPING_MINOR, Offer

AMBASSADORS = (
    "Анна Ковальчук", "Mihaela Rusu", "Дмитро Шевчук", "Ольга Соловьёва", "Andrei Munteanu", "Катерина Бондар",
    "Sofia Țurcanu", "Илья Назаров", "Elena Ștefănescu", "Marta Kowalska", "Ion Ceban", "Тарас Мельник",
    "Lucia Popa", "Юлія Кравець", "Pavel Novák", "Ирина Белова", "Vlad Ionescu", "Оксана Лисенко", "Clara Meyer",
    "Мария Орлова", "Radu Vasile", "Софія Гончар", "Tomás Reyes", "Наталья Юдина", "Diana Lupu", "Богдан Ткач",
    "Cristina Rotaru", "Максим Гуцул", "Iulia Popescu", "Виктор Савин", "Hanna Weber", "Тетяна Кравчук",
    "Victor Cojocaru", "Алина Сергеева", "Doina Sandu", "Роман Дяченко", "Greta Lind", "Лариса Мороз",
    "Mihai Botnari", "Евгения Котова",
)  # fmt: skip
"""In order of pull: the first brings most, as everywhere."""

CHANNELS = (("telegram", 34), ("whatsapp", 20), ("instagram", 17), ("qr", 12), ("email", 9), ("viber", 6), ("copy", 2))

_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"
BROWSERS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Mobile Safari/604.1",
    f"Mozilla/5.0 (Linux; Android 16; Pixel 9) {_CHROME} Mobile Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
ROBOTS = ("TelegramBot (like TwitterBot)", "WhatsApp/2.24.20 A", "Googlebot/2.1 (+http://www.google.com/bot.html)")

BASKETS = (650, 1150, 1290, 1450, 1450, 1690, 2400, 2580, 2740, 2900, 3200, 3850, 4350, 5100, 6400, 8900)
"""Sums of goods that people buy, in cents; the small ones more often."""


@dataclass(slots=True)
class Ambassador:
    """Somebody who recommends, as the story knows one."""

    id: str
    customer_id: str
    email: str
    code: str
    portal_url: str
    pull: float
    slugs: dict[str, str] = field(default_factory=dict)
    """Channel → slug of the link shared there."""


@dataclass(slots=True)
class Friend:
    """Somebody who clicked, and may buy once or again."""

    customer_id: str
    visitor_id: str
    email: str
    tokens: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    orders: int = 0
    brought_by: int = 0
    """The place of the ambassador among those who joined; 0 for nobody."""


def channel(rng: Random) -> str:
    """A channel, by its share."""
    names, weights = zip(*CHANNELS, strict=True)
    return str(rng.choices(names, weights)[0])


def figures(rng: Random, *, offer: Offer | None) -> dict[str, object]:
    """Amounts of an order as `POST /v1/orders` takes them; `offer` is a friend's."""
    goods = rng.choice(BASKETS)
    discount = offer.off(goods) if offer else 0
    shipping = 0 if goods >= FREE_SHIPPING_FROM_MINOR else SHIPPING_MINOR
    return {
        "status": "paid",
        "currency": "EUR",
        "subtotal_minor": goods - discount,
        "discount_minor": discount,
        "shipping_minor": shipping,
        "total_minor": goods - discount + shipping,
    }
