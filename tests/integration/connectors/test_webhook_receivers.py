"""The guide's receivers, each run as it stands there, against real deliveries and against forged ones."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.local.process import free_port
from tests.contract.test_architecture import ROOT
from tests.support.postgres import FreshDatabase
from tests.support.wait import until
from tests.support.webhooks import KEY, order, sending

PROGRAMS = {
    "python": (["python3"], "receiver.py"),
    "javascript": (["node"], "receiver.mjs"),
    "php": (["php", "-S", "127.0.0.1:{port}"], "receiver.php"),
}


@asynccontextmanager
async def receiver(language: str, secret: str, port: int, folder: Path) -> AsyncIterator[Path]:
    """The receiver of the guide, running; gives where it writes what it heard."""
    argv, name = PROGRAMS[language]
    found = re.search(rf"```{language}\n(.*?)```", (ROOT / "docs" / "webhooks.md").read_text(), re.DOTALL)
    assert found is not None
    (folder / name).write_text(found[1])
    log_file = folder / f"{language}.log"
    with log_file.open("wb") as log:
        program = await asyncio.create_subprocess_exec(
            *[part.format(port=port) for part in argv],
            str(folder / name),
            env={"PATH": os.environ["PATH"], "WEBHOOK_SECRET": secret, "PORT": str(port)},
            stdout=log,
            stderr=log,
        )
    try:
        yield log_file
    finally:
        program.kill()
        await program.wait()


@pytest.mark.parametrize("language", PROGRAMS)
async def test_a_receiver_of_the_guide_takes_what_is_signed_and_nothing_else(
    language: str, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    if shutil.which(PROGRAMS[language][0][0]) is None:
        pytest.skip(f"{PROGRAMS[language][0][0]} is not installed here")
    port = free_port()
    url = f"http://127.0.0.1:{port}/kith"
    async with sending(await fresh_database("connectors"), tmp_path) as out:
        endpoint = await out.endpoint(url, "order.attributed")
        async with (
            receiver(language, endpoint["secret"], port, tmp_path) as log_file,
            httpx.AsyncClient(timeout=60) as client,
        ):

            async def listening() -> bool:
                try:
                    return (await client.post(url, content=b"{}")).status_code == 401
                except httpx.TransportError:
                    return False

            await until(listening, what="the receiver answers")
            await out.arrive(order("10482"))
            delivery = await out.once(endpoint, state="delivered", status=204)
            await out.http.post(f"/v1/deliveries/{delivery['id']}/replay", headers=KEY)
            await out.once(endpoint, state="delivered", tries=2)
            await out.arrive(order("10483"))
            await until(lambda: "order.attributed 10483" in log_file.read_text(), what="what came last was understood")
            orders = re.findall(r"order\.attributed (\d+)", log_file.read_text())
            # The table that PHP's is to insert the id into is the reader's own.
            assert orders == ["10482"] * (2 if language == "php" else 1) + ["10483"]
            forged: dict[str, Any] = {
                "webhook-id": "evt_1",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,xé \xff".encode(),
            }
            for headers in (forged, forged | {"webhook-timestamp": "never"}, {}):
                answer = await client.post(url, content=b'{"type":"x"}', headers=headers)
                assert answer.status_code == 401
            sent = len(re.findall(r"order\.attributed", log_file.read_text()))
            assert sent == len(orders), "what was refused was not worked on"
