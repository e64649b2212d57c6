"""The values that pages are made of: what a macro or a frame shows, as frozen dataclasses with texts already written.

Formatting and translating happen before (`Format`, `Speech`); markup happens after (`templates/ui/`). No value here
knows a store, an order or a reward.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from services.ui.format import Change

Tone = Literal["neutral", "good", "warn", "bad", "info"]
Shape = Literal["ring", "half", "disc", "tick", "back", "cross", "dash", "alert"]
Series = Literal["clicks", "signups", "orders", "revenue", "rewards", "refunds", "muted", ""]
Text = str | Markup


@dataclass(frozen=True)
class NavItem:
    """An entry of the side bar under the heading `group` ("" for daily work). Both are messages of the kind nav."""

    group: str
    label: str
    href: str
    icon: str
    scope: str = ""
    """Shown to those only who may open it; "" to everybody."""


@dataclass(frozen=True)
class Freshness:
    """How current the figures of a page are, as a sentence: "Up to date at 16:02", "Behind by 4 min: data to 15:58"."""

    text: str
    behind: bool = False
    detail: str = ""
    """One line below the head when behind: what is waiting."""


@dataclass(frozen=True)
class Chip:
    """A status: the word, its tint, and a shape that tells it apart without colour."""

    label: str
    tone: Tone = "neutral"
    shape: Shape = "dash"


@dataclass(frozen=True)
class Tile:
    """A figure of the band; following it chooses the metric of the chart below."""

    label: str
    value: str
    href: str
    change: Change | None = None
    before: str = ""
    current: bool = False
    series: Series = ""
    formula: str = ""
    """Formula, numerator, denominator and source in a sentence, shown on hover and focus."""


@dataclass(frozen=True)
class Column:
    """A column of a table. `figure` aligns right with tabular digits. `minor` columns go first when room is short.
    `pick` holds what chooses the row, and stays on a phone, before it.
    """

    key: str
    label: str
    figure: bool = False
    minor: bool = False
    sort_href: str = ""
    sorted: Literal["ascending", "descending", ""] = ""
    pick: bool = False


@dataclass(frozen=True)
class BarCell:
    """A name over a bar: `share` of the longest one, 0 to 1; `detail` follows the name in second ink."""

    name: Text
    share: float
    detail: Text = ""
    href: str = ""
    series: Series = "revenue"
    fill: str = ""
    """As in `Name`."""


@dataclass(frozen=True)
class Name:
    """A thing's name, a second line below it (a code, a date), its address; `lang` where it is of another language."""

    text: Text
    below: Text = ""
    href: str = ""
    chip: Chip | None = None
    lang: str = ""
    fill: str = ""
    """An id whose display name another service adds afterwards (`data-name`); see `names_src` of the table."""
    icon: str = ""


Cell = Text | Chip | BarCell | Name | None


@dataclass(frozen=True)
class Row:
    """One row. `cells` by column key. On a phone a list shows its first cell, `key_figure` right and `facts` below."""

    cells: Mapping[str, Cell]
    key_figure: Text = ""
    facts: Sequence[Text] = ()


@dataclass(frozen=True)
class Table:
    """Rows under heads; `name` says what it lists. On a phone a `listing` becomes two-line rows; figures stay."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    listing: bool = False
    total: Row | None = None
    names_src: str = ""
    """Address that answers {id: display name} for the ids of `Name.fill`; fetched once after the page."""


@dataclass(frozen=True)
class Pagination:
    """Where a list stands: "1–25 of 386" and the addresses around it."""

    text: str
    previous: str = ""
    next: str = ""


@dataclass(frozen=True)
class Choice:
    """An option of a menu, a select or a set of presets. `href` for links, `value` for forms."""

    label: str
    href: str = ""
    value: str = ""
    current: bool = False


@dataclass(frozen=True)
class RangePicker:
    """A period: presets as links, From and To (YYYY-MM-DD) in a GET form, and what it is compared with."""

    text: str
    first: str
    last: str
    presets: Sequence[Choice] = ()
    comparisons: Sequence[Choice] = ()
    compared_with: str = ""
    zone: str = ""
    keep: Mapping[str, str] = field(default_factory=dict)
    """Other GET parameters of the page that choosing a period must not drop."""


@dataclass(frozen=True)
class Step:
    """A stage on the way of an amount: done, or still to come."""

    label: str
    when: str = ""
    done: bool = False


@dataclass(frozen=True)
class AmountCard:
    """An amount for somebody: terms in words, limits used, and the stages it goes through."""

    who: str
    amount: str
    name: Text = ""
    terms: str = ""
    limits: str = ""
    chip: Chip | None = None
    steps: Sequence[Step] = ()
    href: str = ""


@dataclass(frozen=True)
class Considered:
    """One of several that were weighed: its number, kind and name, what became of it, and the one reason."""

    title: Text
    reason: str
    chip: Chip
    won: bool = False


@dataclass(frozen=True)
class Happening:
    """A line of a timeline; `done` false for what is still to come."""

    text: Text
    when: str
    done: bool = True
    below: str = ""


@dataclass(frozen=True)
class Fact:
    """A label and its value; `strong` for a sum."""

    label: str
    value: Cell
    strong: bool = False
    icon: str = ""


@dataclass(frozen=True)
class FieldError:
    """What is wrong with a field, with the limit and the cure in its words. `field` is the id of the input."""

    field: str
    label: str
    text: str


@dataclass(frozen=True)
class Failure:
    """A part of a page that could not be shown."""

    title: str
    text: str
    request_id: str = ""
    retry_href: str = ""
