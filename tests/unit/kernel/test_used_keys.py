"""Which keys are in use: seen with each request, told of once an hour."""

import pytest

from services.kernel.auth import uses
from services.kernel.auth.uses import HOUR_S, KeyUses


class Watch:
    now = 5.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    watch = Watch()
    monkeypatch.setattr(uses, "time", watch)
    return watch


def test_a_key_is_told_of_once_an_hour_however_often_it_is_used(watch: Watch) -> None:
    seen = KeyUses()
    for _ in range(1000):
        seen.note("str_1", "key_1")
    seen.note("str_2", "key_2")
    assert seen.take() == {"key_1": "str_1", "key_2": "str_2"}
    watch.now += HOUR_S - 1
    seen.note("str_1", "key_1")
    assert seen.take() == {}
    watch.now += 1
    seen.note("str_1", "key_1")
    assert seen.take() == {"key_1": "str_1"}


def test_what_could_not_be_told_is_told_the_next_time(watch: Watch) -> None:
    seen = KeyUses()
    seen.note("str_1", "key_1")
    used = seen.take()
    seen.note("str_2", "key_2")
    seen.give_back(used)
    assert seen.take() == {"key_1": "str_1", "key_2": "str_2"}
