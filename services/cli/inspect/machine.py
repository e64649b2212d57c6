"""Findings about this machine: ports, the data folder, disk space, secrets, spool files."""

import os
import shutil
import stat
import time
from pathlib import Path

import httpx

from services.cli import manifests
from services.cli.inspect.findings import Finding, failure, ok, warning
from services.cli.local import process
from services.common.scopes import SCOPES
from services.kernel.settings import Settings

LITTLE_DISK = 1024**3
OLD_SPOOL_S = 60.0
_MEGABYTE = 1024**2


async def look(settings: Settings) -> list[Finding]:
    """All findings about the machine."""
    return [await _port(settings), _disk(settings.data_dir), _secrets(settings), _spool(settings.data_dir / "spool")]


async def _port(settings: Settings) -> Finding:
    name = f"port {settings.port}"
    if not process.is_listening(settings.port, settings.host):
        return ok(name, "free: Kith does not run here")
    try:
        async with httpx.AsyncClient(timeout=3, trust_env=False) as client:
            answer = await client.get(f"http://{settings.host}:{settings.port}/readyz")
            document = answer.json()
        if not isinstance(document, dict) or "status" not in document:
            raise ValueError("not ours")
    except (httpx.HTTPError, ValueError):
        return failure(name, "another program listens there", "stop it, or set KITH_PORT to a free port")
    if answer.status_code == 200:
        return ok(name, "Kith answers and is ready")
    wrong = [check.get("detail") or check.get("name") for check in document.get("checks", []) if not check.get("ok")]
    return warning(
        name, f"Kith answers and is not ready: {', '.join(map(str, wrong)) or 'a service is away'}", "see /readyz"
    )


def _disk(folder: Path) -> Finding:
    name = "data folder"
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    detail = f"{folder}, {free / 1024**3:.1f} GiB free"
    if not os.access(existing, os.W_OK):
        return failure(name, f"{existing} cannot be written", "set KITH_DATA_DIR to a folder of yours")
    if free < LITTLE_DISK:
        return warning(name, detail, "make room: without it, clicks and orders are refused")
    return ok(name, detail)


def _secrets(settings: Settings) -> Finding:
    name = "secrets"
    try:
        ring = settings.key_ring(SCOPES)
    except ValueError as error:
        return failure(name, str(error), "set KITH_SECRET_KEYS, KITH_CONTACT_KEY and KITH_OPERATOR_KEY")
    without = [s.name for s in manifests.load_all() if s.sealed and not settings.sealing_of(s.name, ring)]
    if without:
        return failure(name, f"no sealing keys for {', '.join(without)}", "set KITH_<SERVICE>_SEALING_KEYS of each")
    path = settings.data_dir / "secrets.env"
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        return failure(name, f"{path} can be read by others", f"chmod 600 {path}; then change the secrets")
    open_to_all = [
        s.name
        for s in manifests.load_all()
        if any(one.for_workers for one in s.sealed)
        and not settings.opening_of(s.name, settings.sealing_of(s.name, ring))
    ]
    if open_to_all:
        return warning(
            name,
            f"what opens stores' shops is open to every process of {', '.join(open_to_all)}",
            "set KITH_<SERVICE>_OPENING_KEYS, for its workers and here",
        )
    return ok(name, f"complete, {ring.signing_kid!r} signs")


def _spool(folder: Path) -> Finding:
    files = [path.stat() for path in folder.glob("*.spool")] if folder.exists() else []
    waiting = [entry for entry in files if entry.st_size]
    if not waiting:
        return ok("spool", "empty")
    size, oldest = sum(entry.st_size for entry in waiting), min(entry.st_mtime for entry in waiting)
    detail = f"{len(waiting)} files, {size / _MEGABYTE:.1f} MiB"
    # A spool that is read but not yet rotated keeps its bytes: only one that nobody writes or removes is suspect.
    if time.time() - oldest > OLD_SPOOL_S and not any(time.time() - entry.st_mtime < OLD_SPOOL_S for entry in waiting):
        return warning("spool", f"{detail}, untouched for over a minute", "start the service: it adopts what is left")
    return ok("spool", detail)
