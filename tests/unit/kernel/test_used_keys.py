"""Which keys are in use: seen with each request, told of once an hour."""

from services.kernel.auth.uses import HOUR_US, KeyUses

NOW = 1_800_000_000_000_000


def test_a_key_is_told_of_once_an_hour_however_often_it_is_used() -> None:
    seen = KeyUses()
    for n in range(1000):
        seen.note("str_1", "key_1", NOW + n)
    seen.note("str_2", "key_2", NOW)
    assert seen.take(NOW) == {"key_1": "str_1", "key_2": "str_2"}
    seen.note("str_1", "key_1", NOW + HOUR_US - 1)
    assert seen.take(NOW + HOUR_US - 1) == {}
    seen.note("str_1", "key_1", NOW + HOUR_US)
    assert seen.take(NOW + HOUR_US) == {"key_1": "str_1"}


def test_what_could_not_be_told_is_told_the_next_time() -> None:
    seen = KeyUses()
    seen.note("str_1", "key_1", NOW)
    used = seen.take(NOW)
    seen.note("str_2", "key_2", NOW)
    seen.give_back(used)
    assert seen.take(NOW) == {"key_1": "str_1", "key_2": "str_2"}
