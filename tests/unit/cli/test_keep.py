"""A data folder's secrets and its lock."""

from pathlib import Path

import pytest

from services.cli import manifests, names
from services.cli.local.keep import ensure_secrets, only_one
from services.cli.local.process import StartFailed
from services.kernel.auth.ring import KeyRing

SEALING = {f"KITH_{name.upper()}_SEALING_KEYS" for name in names.NAMES}
OPENING = {
    f"KITH_{service.name.upper()}_OPENING_KEYS"
    for service in manifests.load_all()
    if any(one.for_workers for one in service.sealed)
}
NAMES = {"KITH_SECRET_KEYS", "KITH_CONTACT_KEY", "KITH_OPERATOR_KEY", *SEALING, *OPENING}


@pytest.fixture(autouse=True)
def _no_secrets_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def test_secrets_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = ensure_secrets(tmp_path / "data")
    assert set(first) == NAMES
    assert ensure_secrets(tmp_path / "data") == first
    assert (tmp_path / "data" / "secrets.env").stat().st_mode & 0o777 == 0o600


def test_made_secrets_make_a_key_ring(tmp_path: Path) -> None:
    made = ensure_secrets(tmp_path)
    KeyRing(
        secret_keys=made["KITH_SECRET_KEYS"],
        contact_key=made["KITH_CONTACT_KEY"],
        operator_key=made["KITH_OPERATOR_KEY"],
    )


def test_a_secret_from_the_environment_wins_and_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KITH_OPERATOR_KEY", "an operator's key of the environment")
    assert ensure_secrets(tmp_path)["KITH_OPERATOR_KEY"] == "an operator's key of the environment"
    assert "environment" not in (tmp_path / "secrets.env").read_text()


def test_a_second_starter_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(StartFailed, match="running on"), only_one(tmp_path):
        raise AssertionError("two starters in one folder")
    with only_one(tmp_path):
        pass
