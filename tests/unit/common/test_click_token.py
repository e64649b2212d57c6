"""Click tokens: exact both ways, worth nothing elsewhere, never an exception on any text."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.events.tracking import TokenClaims
from services.common import click_token
from services.common.click_token import TokenProblem
from services.kernel.auth.ring import KeyRing
from services.kernel.ids import new_id

RING = KeyRing(secret_keys="k1:" + "a" * 32, contact_key="c", operator_key="o")
STORE = "str_01jd3m8k0000000000000000zz"
OF_BEFORE = (
    (
        "k1.AMemywGahLGwjSuM88ERTIEw0FUBmnoLH2JZmgeSKJioawMEAZp6CosG0"
        "DhPIWJpngiSaAGaegsfYel-lg3HgGRaJuMGYNw3erJAsn9oOHkezdbeBOOv",
        "person",
    ),
    (
        "k1.AcemywGahLGwjSuM88ERTIEw0FUBmnoLH2JZmgeSKJioawMEAZp6CosG0"
        "DhPIWJpngiSaAGaegsfYel-lg3HgGRaJuMGYNw3erJAgdnR14jHNptB8VmQ",
        "bot",
    ),
    (
        "k1.AsemywGahLGwjSuM88ERTIEw0FUBmnoLH2JZmgeSKJioawMEAZp6CosG0"
        "DhPIWJpngiSaAGaegsfYel-lg3HgGRaJuMGYNw3erJA6jwslSnEpVzhTlPk",
        "prefetch",
    ),
)


def claims(**changes: object) -> TokenClaims:
    given_claims: dict[str, object] = {
        "click_id": new_id("clk"),
        "link_id": new_id("lnk"),
        "program_id": new_id("prg"),
        "ambassador_id": new_id("amb"),
        "at": datetime(2026, 11, 22, 12, 0, 0, 123456, UTC),
    }
    return TokenClaims.model_validate(given_claims | changes)


@given(
    at=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)),
    mark=st.sampled_from(["person", "bot", "prefetch", "embedded"]),
    channel=st.sampled_from([None, "telegram", "qr", "copy", "native", "material"]),
    imported=st.booleans(),
    split=st.none() | st.integers(0, 10_000),
)
def test_a_token_tells_exactly_what_it_was_made_of(
    at: datetime, mark: str, channel: str | None, imported: bool, split: int | None
) -> None:
    made = claims(
        at=at,
        quality="prefetch" if mark == "embedded" else mark,
        embedded=mark == "embedded",
        channel=channel,
        split=split,
        **({"ambassador_id": "amb_ANNA"} if imported else {}),
    )
    token = click_token.issue(RING, STORE, made)
    read = click_token.read(RING, token, store_id=STORE)
    assert isinstance(read, TokenClaims)
    assert read == made
    assert read.mark == mark


@pytest.mark.parametrize(("token", "quality"), OF_BEFORE)
def test_tokens_from_before_the_mark_of_embedded_links_verify(token: str, quality: str) -> None:
    read = click_token.read(RING, token, store_id=STORE)
    assert isinstance(read, TokenClaims)
    assert (read.click_id, read.quality, read.embedded) == ("clk_01ka2b3c4d5e6f7g8h9j0k1m2n", quality, False)
    assert read.channel is None


def test_channels_without_a_name_here_are_left_out() -> None:
    read = click_token.read(RING, click_token.issue(RING, STORE, claims(channel="street-fair")), store_id=STORE)
    assert isinstance(read, TokenClaims)
    assert read.channel is None


def test_a_token_is_short_and_fit_for_an_address() -> None:
    token = click_token.issue(RING, STORE, claims())
    assert len(token) == len("k1.") + 116
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


@given(st.text(min_size=1, max_size=60).filter(lambda text: "\x1f" not in text))
def test_ids_that_were_imported_travel_as_text(identifier: str) -> None:
    made = claims(click_id=identifier, link_id="lnk_1", ambassador_id="amb_ANNA")
    assert click_token.read(RING, click_token.issue(RING, STORE, made), store_id=STORE) == made


def test_the_zone_of_its_time_does_not_matter() -> None:
    there = datetime(2026, 11, 22, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    read = click_token.read(RING, click_token.issue(RING, STORE, claims(at=there)), store_id=STORE)
    assert isinstance(read, TokenClaims)
    assert read.at == there


def test_a_token_is_worth_nothing_at_another_store() -> None:
    token = click_token.issue(RING, STORE, claims())
    assert click_token.read(RING, token, store_id="str_other") is TokenProblem.OTHER_STORE


def test_a_token_of_another_ring_is_forged() -> None:
    other = KeyRing(secret_keys="k1:" + "b" * 32, contact_key="c", operator_key="o")
    token = click_token.issue(other, STORE, claims())
    assert click_token.read(RING, token, store_id=STORE) is TokenProblem.FORGED


def test_no_change_of_a_character_is_accepted() -> None:
    token = click_token.issue(RING, STORE, claims())
    for place in range(3, len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert isinstance(click_token.read(RING, changed, store_id=STORE), TokenProblem)


def test_a_cut_token_is_malformed() -> None:
    token = click_token.issue(RING, STORE, claims())
    assert all(click_token.read(RING, token[:n], store_id=STORE) is TokenProblem.MALFORMED for n in range(len(token)))


@given(st.one_of(st.text(max_size=300), st.from_regex(r"k1\.[A-Za-z0-9_-]{0,1100}", fullmatch=True)))
def test_any_other_text_is_a_problem_and_never_an_error(text: str) -> None:
    assert isinstance(click_token.read(RING, text, store_id=STORE), TokenProblem)


@pytest.mark.parametrize("prefix", ["clk", "lnk", "prg", "amb"])
def test_ids_keep_every_bit(prefix: str) -> None:
    for body in ("0" * 26, "7" + "z" * 25, "01" + "k" * 24):
        changed = {"clk": "click_id", "lnk": "link_id", "prg": "program_id", "amb": "ambassador_id"}[prefix]
        made = claims(**{changed: f"{prefix}_{body}"})
        assert click_token.read(RING, click_token.issue(RING, STORE, made), store_id=STORE) == made
