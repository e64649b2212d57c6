"""Buckets, addresses: how often somebody may guess, and who somebody is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.http.address import client_address
from services.kernel.http.limits import Limiter
from services.kernel.settings import Settings


def test_a_burst_then_a_steady_rate() -> None:
    limiter = Limiter("look-up", per_minute=6)
    assert [limiter.take("a", now=0).allowed for _ in range(8)] == [True] * 6 + [False] * 2
    assert not limiter.take("a", now=9.9).allowed
    assert limiter.take("a", now=10).allowed
    assert not limiter.take("a", now=10).allowed
    assert limiter.take("b", now=10).remaining == 5
    assert [limiter.take("a", now=1000).allowed for _ in range(7)] == [True] * 6 + [False]


def test_the_standing_says_when_to_come_back() -> None:
    limiter = Limiter("look-up", per_minute=6)
    for _ in range(6):
        standing = limiter.take("a", now=0)
    assert (standing.remaining, standing.reset_s, standing.retry_after_s) == (0, 60, 10)
    assert limiter.take("a", now=3).retry_after_s == 7


def test_looking_costs_nothing() -> None:
    limiter = Limiter("look-up", per_minute=2)
    assert [limiter.take("a", now=0, cost=0).remaining for _ in range(5)] == [2] * 5


@given(st.integers(1, 100), st.lists(st.floats(0, 5, allow_nan=False), max_size=200))
def test_no_minute_lets_more_than_twice_the_limit_through(per_minute: int, pauses: list[float]) -> None:
    limiter, now, taken = Limiter("x", per_minute=per_minute), 0.0, []
    for pause in pauses:
        now += pause
        if limiter.take("a", now=now).allowed:
            taken.append(now)
    for start in taken:
        assert sum(start <= at < start + 60 for at in taken) <= 2 * per_minute


def test_many_addresses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kernel.http.limits._MOST_KEYS", 100)
    limiter = Limiter("x", per_minute=1)
    for n in range(1000):
        limiter.take(str(n), now=n / 1000)
    assert len(limiter._full_at) <= 100


SECRETS = dict.fromkeys(("secret_keys", "contact_key", "operator_key"), "x" * 32)
LOCAL = "127.0.0.0/8, ::1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("203.0.113.7", [], "", "203.0.113.7"),
        ("203.0.113.7", [b"198.51.100.1"], "", "203.0.113.7"),
        ("203.0.113.7", [b"198.51.100.1"], LOCAL, "203.0.113.7"),
        ("127.0.0.1", [b"198.51.100.1"], "", "127.0.0.1"),
        ("127.0.0.1", [b"198.51.100.1"], LOCAL, "198.51.100.1"),
        ("::1", [b"10.0.0.1, 198.51.100.1"], LOCAL, "198.51.100.1"),
        ("127.0.0.1", [b"9.9.9.9", b"198.51.100.1"], LOCAL, "198.51.100.1"),
        ("172.18.0.9", [b"9.9.9.9, 198.51.100.1"], "172.16.0.0/12", "198.51.100.1"),
        ("::ffff:172.18.0.9", [b"198.51.100.1, 172.18.0.3"], "172.16.0.0/12", "198.51.100.1"),
        ("172.18.0.9", [b"172.18.0.2, 172.18.0.3"], "172.16.0.0/12", "172.18.0.2"),
        ("172.18.0.9", [b"9.9.9.9, nonsense, 172.18.0.3"], "172.16.0.0/12", "172.18.0.3"),
        ("127.0.0.1", [b"<script>"], LOCAL, "127.0.0.1"),
        ("127.0.0.1", [b"\xff\xfe"], LOCAL, "127.0.0.1"),
        ("127.0.0.1", [], LOCAL, "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", [], "", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], "", "203.0.113.7"),
        (None, [], "", "unknown"),
        ("a-socket", [b"198.51.100.1"], LOCAL, "unknown"),
    ],
)
def test_the_address_is_a_proxy_s_word_only_where_it_is_one_of_ours(
    peer: str | None, forwarded: list[bytes], proxies: str, address: str
) -> None:
    settings = Settings.model_validate({**SECRETS, "trusted_proxies": proxies})
    scope = {"client": (peer, 1) if peer else None, "headers": [(b"x-forwarded-for", value) for value in forwarded]}
    assert client_address(scope, trusted=settings.trusted_proxies) == address
