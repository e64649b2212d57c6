"""What of a poll's finding is news; how each platform is asked for a page, and where the next one begins."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.order_facts import Clock
from services.connectors.inbox.domain.marks import ReportMarks, marked
from services.connectors.platforms.domain.port import Delivered, Polling, Shop, Window
from services.connectors.platforms.domain.registry import PLATFORMS
from services.connectors.polls import domain
from services.connectors.polls.domain.changes import Change, EarlierReport, change_since, joined
from services.kernel.errors import Invalid
from tests.support import deliveries
from tests.support.edge import RING

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(hours=1), NOW, size=2)
SHOP = Shop("shop.example", "ck", "cs")


def at(minute: float) -> datetime:
    return NOW + timedelta(minutes=minute)


def earlier_report(*marks: str, minute: float, came: float = 0) -> EarlierReport:
    return EarlierReport(marks, at(minute), at(minute + came))


@pytest.mark.parametrize("total", ["9" * 5000, "-1", "", "٣"])
@pytest.mark.parametrize("changed", ["0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00"])
def test_no_number_and_no_date_of_a_woocommerce_shop_is_a_fault_of_ours(total: str, changed: str) -> None:
    polling = PLATFORMS["woocommerce"].polling
    assert polling is not None
    body = json.dumps([{"id": 1, "date_modified_gmt": changed}, {"id": 2, "date_modified_gmt": changed}]).encode()
    page = polling.read({"x-wp-total": total}, body, WINDOW)
    assert page.cursor is not None
    polling.ask(SHOP, WINDOW._replace(cursor=page.cursor))


@pytest.mark.parametrize(
    ("marks", "minute", "earlier", "expected"),
    [
        (("o:1",), 1, [], Change("missed", ("o:1",))),
        (("o:1",), 1, [earlier_report("o:1", minute=1)], None),
        (("o:1",), 5, [earlier_report("o:1", minute=1)], None),
        (("o:2",), 5, [earlier_report("o:1", minute=1)], Change("changed", ("o:2",))),
        (("o:2",), 1, [earlier_report("o:1", minute=5)], None),
        (("o:1",), 5, [earlier_report("o:1", minute=1), earlier_report("o:2", minute=3)], Change("changed", ("o:1",))),
        (("o:2",), 1, [earlier_report("o:1", minute=1)], Change("changed", ("o:2",))),
        (("o:1", "r:1"), 5, [earlier_report("o:1", minute=1)], Change("changed", ("r:1",))),
        (("o:1", "r:1"), 5, [earlier_report("o:1", minute=1), earlier_report("r:1", minute=2)], None),
        (("r:1",), 5, [earlier_report("o:1", minute=9)], Change("changed", ("r:1",))),
        (("o:1",), 5, [EarlierReport(None, None, at(6))], None),
        (("o:1",), 5, [EarlierReport(None, None, at(4))], Change("changed", ("o:1",))),
        ((), 5, [], None),
    ],
)
def test_news_is_what_nobody_told_last(
    marks: tuple[str, ...], minute: float, earlier: Sequence[EarlierReport], expected: Change | None
) -> None:
    assert change_since(ReportMarks(marks, at(minute)), earlier) == expected


all_marks = st.builds(
    lambda order, refunds, minute: ReportMarks((*order, *sorted(refunds)), at(minute)),
    st.sampled_from([(), ("o:1",), ("o:2",)]),
    st.sets(st.sampled_from(["r:1", "r:2", "r:3"])),
    st.integers(0, 5),
)


@given(found=all_marks, before=all_marks)
def test_what_a_poll_found_is_no_news_when_it_finds_it_again(found: ReportMarks, before: ReportMarks) -> None:
    known = joined(found, EarlierReport(before.marks, before.as_of, at(9)))
    assert change_since(found, [EarlierReport(known.marks, known.as_of, at(10))]) is None


def test_an_order_that_was_looked_at_says_what_it_said() -> None:
    platform = PLATFORMS["woocommerce"]

    def reported(**fields: Any) -> ReportMarks:
        body = json.dumps(deliveries.woo_order(NOW) | fields).encode()
        return marked(RING, platform.read(Delivered("order.updated", body, Clock(NOW), NOW)))

    first = reported()
    seen = reported(date_modified_gmt=deliveries.gmt(at(5)))
    assert (seen.marks, seen.as_of) == (first.marks, at(5))
    for changed in ({"total": "60.90"}, {"status": "cancelled"}, {"billing": {"email": "other@example.com"}}):
        assert reported(**changed).marks != first.marks
    refunded = reported(refunds=[{"id": 8, "total": "-10.00"}])
    assert refunded.marks[0] == first.marks[0], "what goes back is a mark of its own"
    assert "example.com" not in str(first)


@pytest.mark.parametrize("name", ["woocommerce", "insales", "stripe", "shopify"])
@pytest.mark.parametrize("body", [b"", b"<h1>sorry</h1>", b"{}", b"[1]", b'{"data": 1}', b"null", b"\xff\x00"])
def test_what_is_no_answer_is_no_end_of_a_round(name: str, body: bytes) -> None:
    with pytest.raises(Invalid):
        polling(name).read({}, body, WINDOW)


def test_woocommerce_begins_a_page_behind_the_last_change_and_counts_within_a_second() -> None:
    asked = polling("woocommerce")

    def page(*minutes: float, window: Window = WINDOW) -> str | None:
        orders = [
            deliveries.woo_order(NOW, id=n, date_modified_gmt=deliveries.gmt(at(m))) for n, m in enumerate(minutes)
        ]
        return asked.read({}, json.dumps(orders).encode(), window).cursor

    assert page(-50) is None
    assert page(-50, -40) == "2026-11-30T11:19:59"
    same = replace_cursor("2026-11-30T11:19:59")
    assert page(-40, -40, window=same) == "2026-11-30T11:19:59 1"
    assert page(-40, -30, window=replace_cursor("2026-11-30T11:19:59 1")) == "2026-11-30T11:29:59"
    short = json.dumps([deliveries.woo_order(NOW, date_modified_gmt=deliveries.gmt(at(-40)))]).encode()
    assert asked.read({"x-wp-total": "9"}, short, WINDOW).cursor == "2026-11-30T11:19:59", "some could not be loaded"
    assert asked.read({"x-wp-total": "2"}, short, WINDOW).cursor is None
    question = asked.ask(SHOP, replace_cursor("2026-11-30T11:19:59 1"))
    query = parse_qs(urlsplit(question.url).query)
    assert (query["modified_after"], query["offset"]) == (["2026-11-30T11:19:59"], ["1"])
    assert (query["modified_before"], query["dates_are_gmt"]) == (["2026-11-30T12:00:00"], ["true"])
    assert question.url.startswith("https://shop.example/wp-json/wc/v3/orders?")


def test_insales_goes_on_behind_the_last_order_and_rests_before_its_calls_are_used_up() -> None:
    asked = polling("insales")
    orders = [deliveries.insales_order(NOW, id=n, updated_at=at(-40 + n).isoformat()) for n in (1, 2)]
    page = asked.read({"api-usage-limit": "10/500"}, json.dumps(orders).encode(), WINDOW)
    assert (page.cursor, page.wait) == ("2026-11-30T11:22:00+00:00 2", timedelta())
    crowded = asked.read({"api-usage-limit": "450/500"}, json.dumps(orders).encode(), WINDOW)
    assert crowded.wait >= timedelta(minutes=1)
    query = parse_qs(urlsplit(asked.ask(SHOP, replace_cursor(page.cursor)).url).query)
    assert (query["updated_since"], query["from_id"]) == (["2026-11-30T11:22:00+00:00"], ["2"])
    ahead = [orders[0], deliveries.insales_order(NOW, id=3, updated_at=at(1).isoformat())]
    found = asked.read({}, json.dumps(ahead).encode(), WINDOW)
    assert (len(found.bodies), found.cursor) == (1, None), "what changed behind the window is the next round's"


def test_a_round_looks_from_a_little_before_the_last_and_leaves_what_changed_just_now() -> None:
    begin, end = domain.window(at(-60), NOW, since=None, memory=None)
    assert (begin, end) == (at(-75), at(-1))
    assert domain.window(at(-60), NOW, since=at(-300), memory=None)[0] == at(-315)
    assert domain.window(at(-60), NOW, since=None, memory=timedelta(minutes=30))[0] == at(-30)
    assert domain.window(at(5), NOW, since=None, memory=None) == (at(-10), at(-1))


@pytest.mark.parametrize("memory", [None, timedelta(days=60)])
def test_no_round_looks_further_back_than_what_was_told_is_kept(memory: timedelta | None) -> None:
    begin, _ = domain.window(NOW - timedelta(days=20), NOW, since=None, memory=memory)
    assert begin == NOW - domain.FURTHEST
    assert not domain.forgotten(begin, NOW + timedelta(hours=23))
    assert domain.forgotten(begin, NOW + timedelta(days=2))


def polling(name: str) -> Polling:
    found = PLATFORMS[name].polling
    assert found is not None
    return found


def replace_cursor(cursor: str | None) -> Window:
    return WINDOW._replace(cursor=cursor)
