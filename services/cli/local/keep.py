"""What a data folder keeps besides data: its secrets, and the lock that lets one starter at a time work in it."""

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from services.cli.local.process import StartFailed
from services.cli.names import NAMES

_SEALING = {name: f"KITH_{name.upper()}_SEALING_KEYS" for name in NAMES}
_OPENING = {name: f"KITH_{name.upper()}_OPENING_KEYS" for name in ("connectors",)}
_NAMES = ("KITH_SECRET_KEYS", "KITH_CONTACT_KEY", "KITH_OPERATOR_KEY", *_SEALING.values(), *_OPENING.values())


def ensure_secrets(folder: Path) -> dict[str, str]:
    """The product's secrets by the names of their settings: from the environment, else kept in `secrets.env` there.

    What is missing is made once. Losing the file signs everybody out and breaks every link's token, so it is written to
    the disk before it is used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "secrets.env"
    kept = _read(path)
    missing = [name for name in _NAMES if not kept.get(name)]
    if missing:
        kept.update({name: _make(name) for name in missing})
        _write(path, kept)
    return {name: os.environ.get(name) or kept[name] for name in _NAMES}


def settings_of(secrets: Mapping[str, str]) -> dict[str, object]:
    """The secrets by the fields of `Settings`, for a process that runs all services."""
    sealing = {service: SecretStr(secrets[name]) for service, name in _SEALING.items()}
    opening = {service: SecretStr(secrets[name]) for service, name in _OPENING.items()}
    own = {*_SEALING.values(), *_OPENING.values()}
    plain = {n.removeprefix("KITH_").lower(): value for n, value in secrets.items() if n not in own}
    return {**plain, "sealing_keys": sealing, "opening_keys": opening}


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the folder while the block runs. Raises `StartFailed` if another starter holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "starter.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartFailed(f"Kith is running on {folder} already; stop it first or set KITH_DATA_DIR") from None
        yield


def _make(name: str) -> str:
    value = secrets.token_urlsafe(32)
    return f"k1:{value}" if name.endswith("_KEYS") else value


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name: value for name, _, value in pairs if name in _NAMES}


def _write(path: Path, values: dict[str, str]) -> None:
    making = path.with_suffix(".making")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("# Kith's secrets. Keep them with the data, and away from everybody else.\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
        file.flush()
        os.fsync(file.fileno())
    making.replace(path)
