"""The kit page's content: every part and state with plausible values, in any language of the catalogues."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from markupsafe import Markup

from services.ui import (
    AmountCard,
    BarCell,
    Change,
    Chip,
    Choice,
    Column,
    Considered,
    Fact,
    Failure,
    FieldError,
    Format,
    Freshness,
    Happening,
    Name,
    NavItem,
    Pages,
    Pagination,
    RangePicker,
    Row,
    Step,
    Table,
    Tile,
)
from services.ui.charts import columns, line
from tests.unit.ui.kit_charts import TODAY, days, funnel_steps, money_flow, rate, share_strips, trend

NOW = datetime(2026, 11, 22, 16, 2, tzinfo=UTC)
TEMPLATES = Path(__file__).parent / "templates"
PAGES_OF_THE_KIT = ("overview", "thing", "listing", "states", "portal")

NAV = (
    NavItem("", "Overview", "/console", "layout-dashboard"),
    NavItem("", "Things", "/console/things", "shopping-bag"),
    NavItem("", "People", "/console/people", "users"),
    NavItem("", "Terms", "/console/terms", "ticket"),
    NavItem("", "Amounts", "/console/amounts", "gift"),
    NavItem("Analysis", "Metrics", "/console/metrics", "chart-column"),
)


@cache
def make_pages() -> Pages:
    return Pages({"kit": TEMPLATES}, nav=NAV)


def render_kit(page: str, *, language: str = "en", theme: str = "") -> str:
    pages = make_pages()
    path = {"overview": "/console", "thing": "/console/things/1", "listing": "/console/people"}.get(
        page, "/console/terms"
    )
    return pages.render_text(
        f"kit/{page}.html",
        language,
        path=path,
        theme=theme,
        now=NOW,
        context={"store": "Zerno Coffee", "person": "lena@zerno.example", **content(page, Format(language, now=NOW))},
    )


def content(page: str, fmt: Format) -> dict[str, object]:
    return {"overview": overview, "thing": thing, "listing": listing, "states": states, "portal": portal}[page](fmt)


def overview(fmt: Format) -> dict[str, object]:
    tiles = [
        Tile(
            "Referred revenue",
            fmt.money(2122100, "EUR", whole=True),
            "?metric=revenue",
            fmt.change(21221, 15800),
            fmt.money(1580000, "EUR", whole=True),
            current=True,
            series="revenue",
            formula="Sum of attributed orders, net of refunds.",
        ),
        Tile("Orders", fmt.number(538), "?metric=orders", fmt.change(538, 415), fmt.number(415), series="orders"),
        Tile("New customers", fmt.number(383), "?metric=new", fmt.change(383, 307), fmt.number(307)),
        Tile("Clicks", fmt.number(10620), "?metric=clicks", fmt.change(10620, 8383), fmt.number(8383)),
        Tile(
            "Conversion", fmt.percent(0.059), "?metric=conversion", fmt.change_points(0.059, 0.054), fmt.percent(0.054)
        ),
        Tile(
            "Cost rate",
            fmt.percent(0.117),
            "?metric=cost",
            fmt.change_points(0.117, 0.109, good="down"),
            fmt.percent(0.109),
        ),
    ]
    picker = RangePicker(
        text=fmt.period(days()[0], TODAY),
        first="2026-10-26",
        last="2026-11-22",
        compared_with="vs 28 Sep – 25 Oct",
        presets=[Choice("Last 7 days", "?days=7"), Choice("Last 28 days", "?days=28", current=True)],
        comparisons=[Choice("The 28 days before", value="before", current=True), Choice("Nothing", value="none")],
        zone="Days of Europe/Chisinau; 25 Oct had 25 hours.",
        keep={"metric": "revenue"},
    )
    return {
        "title": "Overview",
        "freshness": Freshness("Up to date at 16:02"),
        "tiles": tiles,
        "trend": columns(trend(fmt)),
        "money": columns(money_flow(fmt)),
        "rate": line(rate(fmt)),
        "steps": funnel_steps(fmt),
        "channels": channels(fmt),
        "leaders": leaders(fmt),
        "picker": picker,
    }


def channels(fmt: Format) -> Table:
    names = (
        ("Telegram", 3450, 141, 530100),
        ("Promo code, no click", None, 115, 457800),
        ("WhatsApp", 2014, 85, 317400),
        ("Instagram", 1698, 65, 283900),
        ("QR code", 1386, 46, 196600),
        ("E-mail invite", 864, 36, 144900),
    )
    rows = [
        Row(
            {
                "channel": BarCell(name, revenue / 530100),
                "clicks": fmt.number(clicks),
                "orders": fmt.number(orders),
                "rate": fmt.percent(orders / clicks if clicks else None),
                "revenue": fmt.money(revenue, "EUR", whole=True),
            }
        )
        for name, clicks, orders, revenue in names
    ]
    return Table(
        "Channels",
        [
            Column("channel", "Channel"),
            Column("clicks", "Clicks", figure=True, minor=True),
            Column("orders", "Orders", figure=True),
            Column("rate", "Conv.", figure=True),
            Column("revenue", "Revenue", figure=True, sort_href="?sort=revenue", sorted="descending"),
        ],
        rows,
    )


def leaders(fmt: Format) -> Table:
    rows = [
        Row({"who": BarCell(code, share, fill=f"amb_{n}"), "orders": fmt.number(orders)})
        for n, (code, share, orders) in enumerate((("ANNA10", 1.0, 89), ("MIHAELA", 0.48, 46), ("DIMA-K", 0.36, 35)), 1)
    ]
    columns = [Column("who", "Ambassador"), Column("orders", "Orders", figure=True)]
    return Table("Top ambassadors", columns, rows, names_src="/names")


def thing(fmt: Format) -> dict[str, object]:
    pending = Chip("Pending", "neutral", "ring")
    return {
        "title": "Order #10482",
        "freshness": None,
        "considered": [
            Considered(
                "Promo code ANNA10 · Анна Ковальчук",
                "Entered at checkout on 22 Nov, 13:58, two minutes before payment.",
                Chip("Won", "good", "tick"),
                won=True,
            ),
            Considered(
                "Click on r/mihaela · Mihaela Rusu",
                "Clicked on 20 Nov, 21:14, within the 30-day window. It would have won without the code.",
                Chip("Outranked", "neutral", "dash"),
            ),
            Considered(
                "Click on r/dima-tg · Дмитро Шевчук",
                "Clicked 41 days before the order, the window is 30 days.",
                Chip("Too old", "neutral", "cross"),
            ),
        ],
        "checks": [
            ("New customer", Chip("Passed", "neutral", "tick"), "No paid order before 22 Nov 2026"),
            (
                "Same network",
                Chip("Noted", "warn", "alert"),
                "Same network as a visit of 19 Nov; in this program it never blocks",
            ),
        ],
        "cards": [
            AmountCard(
                "Ambassador",
                fmt.money(460, "EUR"),
                "Анна Ковальчук",
                f"10% of the subtotal of {fmt.money(4600, 'EUR')}, in cash",
                "4th of at most 20 rewards this month",
                pending,
                [
                    Step("Pending", fmt.date(TODAY), done=True),
                    Step("Settled", fmt.date(date(2026, 12, 6))),
                    Step("Available", fmt.date(date(2026, 12, 6))),
                    Step("Paid"),
                ],
            ),
            AmountCard(
                "Friend",
                fmt.money(1000, "EUR"),
                "c•••@example.com",
                "Fixed, for the first order, as store credit",
                "",
                pending,
                [Step("Pending", fmt.date(TODAY), done=True), Step("Settled"), Step("Available"), Step("Redeemed")],
            ),
        ],
        "facts": [
            Fact("Subtotal", fmt.money(4600, "EUR")),
            Fact("Shipping", fmt.money(490, "EUR")),
            Fact("Total", fmt.money(5090, "EUR"), strong=True),
            Fact("Refunded", fmt.money(0, "EUR")),
            Fact("Customer", None),
        ],
        "history": [
            Happening("Clicked r/mihaela", "20 Nov, 21:14"),
            Happening("Entered ANNA10 at checkout", "13:58"),
            Happening("Paid; the order arrived after 1.2 s", "14:00"),
            Happening("The decision becomes final", "6 Dec", done=False, below="in 14 days"),
        ],
    }


PEOPLE = (
    ("Анна Ковальчук", "ANNA10", "uk", 842, 89, 359100, 35160),
    ("Mihaela Rusu", "MIHAELA", "ro", 550, 46, 174100, 17273),
    ("Дмитро Шевчук", "DIMA-K", "uk", 448, 35, 127900, 11780),
    ("Ольга Соловьёва", "OLYA10", "ru", 490, 23, 95500, 9396),
    ("Elena Ștefănescu-Constantinescu", "ELENA10", "ro", 189, 11, 43500, 4284),
    ("Тарас Гнатюк", "TARAS", "uk", 280, 11, 41300, 4125),
)


def listing(fmt: Format) -> dict[str, object]:
    rows = [
        Row(
            {
                "who": Name(
                    name,
                    code,
                    f"/console/people/{code}",
                    lang=lang,
                    chip=Chip("In review", "warn", "alert") if code == "TARAS" else None,
                ),
                "group": "Customers",
                "clicks": fmt.number(clicks),
                "orders": fmt.number(orders),
                "revenue": fmt.amount(revenue, "EUR", whole=True),
                "rewards": fmt.amount(rewards, "EUR"),
                "choose": Markup('<input type="checkbox" name="who" aria-label="Select {}">').format(code),
            },
            key_figure=fmt.money(revenue, "EUR", whole=True),
            facts=["Customers", f"{fmt.number(clicks)} clicks", f"{fmt.number(orders)} orders"],
        )
        for name, code, lang, clicks, orders, revenue, rewards in PEOPLE
    ]
    table = Table(
        "Ambassadors",
        [
            Column("who", "Ambassador"),
            Column("group", "Group", minor=True),
            Column("clicks", "Clicks", figure=True, minor=True),
            Column("orders", "Orders", figure=True),
            Column("revenue", "Revenue, €", figure=True, sort_href="?sort=x", sorted="descending"),
            Column("rewards", "Rewards, €", figure=True, sort_href="?sort=rewards"),
            Column("choose", "Select", pick=True),
        ],
        rows,
        listing=True,
    )
    return {
        "title": "People",
        "freshness": Freshness("Up to date at 16:02"),
        "table": table,
        "paging": Pagination("1–6 of 386", next="?cursor=x"),
        "strips": share_strips(),
        "groups": [Choice("All", "?"), Choice("Customers", "?group=c", current=True)],
        "active": [Choice("Shared in the last 30 days", "?")],
        "sorts": [Choice("Revenue, highest first", value="-revenue", current=True), Choice("Name", value="name")],
    }


def states(fmt: Format) -> dict[str, object]:
    chips = [
        Chip("Pending", "neutral", "ring"),
        Chip("Approved", "info", "half"),
        Chip("Available", "good", "disc"),
        Chip("Paid", "good", "tick"),
        Chip("Reversed", "bad", "back"),
        Chip("Rejected", "bad", "cross"),
        Chip("Expired", "neutral", "dash"),
        Chip("In review", "warn", "alert"),
    ]
    return {
        "title": "Components and states",
        "freshness": Freshness(
            "Behind by 4 min: data to 15:58",
            behind=True,
            detail="Orders after 15:58 are not counted yet. Nothing is lost: 1,204 events are waiting.",
        ),
        "chips": chips,
        "errors": [
            FieldError("percent", "Ambassador’s reward", "At most 100. Write 12 for 12%."),
            FieldError("budget", "Budget", "Already promised."),
        ],
        "failure": Failure(
            "This chart could not be drawn",
            "The figures are safe. The server answered 503 at 16:02:40.",
            "req_01J9X4",
            "?",
        ),
        "kinds": [Choice("Percent", value="percent", current=True), Choice("Fixed", value="fixed")],
        "changes": [
            Change("34.3%", "up", "good"),
            Change("0.8 pp", "up", "bad"),
            Change("2.0%", "down", "neutral"),
            Change("new", "new", "neutral"),
        ],
    }


def portal(fmt: Format) -> dict[str, object]:
    return {
        "title": "Zerno Coffee",
        "bar": [
            Choice("Share", "#share", "share-2", current=True),
            Choice("Friends", "#friends", "users"),
            Choice("Balance", "#balance", "wallet"),
            Choice("More", "#more", "link"),
        ],
        "balance": fmt.money(3840, "EUR"),
    }
