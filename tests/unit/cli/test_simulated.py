"""What `kith simulate` sends proves who sent it and is read without a mistake: all topics of all platforms."""

from datetime import UTC, datetime, timedelta

import pytest

from services.cli.simulated import Purchase, simulate, topics_of
from services.common.order_facts import Clock
from services.connectors.platforms.domain.port import Asked, Delivered, Ignored, Options
from services.connectors.platforms.domain.registry import PLATFORMS

NOW = datetime(2026, 11, 3, 10, 15, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ALL = [(name, topic) for name in PLATFORMS for topic in topics_of(name)]


@pytest.mark.parametrize(("platform", "topic"), ALL)
def test_what_is_simulated_is_taken(platform: str, topic: str) -> None:
    at = int(NOW.timestamp())
    bought = Purchase("1001", NOW - timedelta(hours=1), "ANNA10", "k1.x", host="zerno.myshopify.com")
    sent = simulate(platform, topic, bought, SECRET, now=at)
    about = PLATFORMS[platform]
    headers = {name.lower(): value for name, value in sent.headers.items()}
    asked = Asked(headers, sent.body, SECRET)
    assert about.authenticate(asked, [SECRET.encode()], at)
    assert not about.authenticate(asked._replace(key=""), [b"another secret than that"], at)
    delivered = Delivered(about.name_of(asked).topic, sent.body, Clock(NOW), NOW, Options(currency="EUR"))
    if topic in ("test", "customers/data_request"):
        with pytest.raises(Ignored, match=topic.rpartition("/")[2]):
            about.read(delivered)
        return
    report = about.read(delivered)
    if topic in ("app/uninstalled", "customers/redact", "shop/redact"):
        assert report.farewell is not None
        removed, orders = topic == "app/uninstalled", {"customers/redact": ["1001"], "shop/redact": None}.get(topic, ())
        assert report.farewell == ("zerno.myshopify.com", removed, orders)
        return
    if topic.startswith("order.updated:"):
        assert [one.refund.amount_minor for one in report.refunds] == [1000]
        assert bool(report.cancels) is topic.endswith("cancelled")
    assert report.orders or report.refunds or report.cancels or report.payments or report.read_back == "1001"
    for order in report.orders:
        assert (order.total_minor, order.subtotal) == (5090, 4600 if topic != "payment_intent.succeeded" else 5090)
