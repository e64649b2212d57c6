"""What the API's description says is what the API does: Schemathesis reads it, and calls what it promises.

It makes requests by chance and along the description's links, and looks at status codes, content types, schemas and
methods. Every service is tried as part of the whole, since what one makes another's operations need.
"""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.two_stores import TwoStores

CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"),
    *("response_headers_conformance", "unsupported_method", "allow_header_conformance", "missing_required_header"),
    "use_after_free",
)
LEFT_OUT = ("/v1/clock", "/v1/keys/{key_id}")
"""What would spoil the run: moving the time, and revoking the key it runs with."""
SECONDS = 45


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_api_does_what_its_description_says(two_stores: TwoStores, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    argv = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{two_stores.client.base_url}/openapi.json"),
        *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "5"),
        *("--generation-deterministic", "--continue-on-failure", "--max-time", str(SECONDS), "--no-color"),
        *("-H", f"Authorization: {two_stores.a.secret['authorization']}"),
        *(part for path in LEFT_OUT for part in ("--exclude-path", path)),
    ]
    with report.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *argv, stdout=log, stderr=asyncio.subprocess.STDOUT, cwd=tmp_path
        )
        code = await process.wait()
    text = report.read_text()
    assert code == 0, text[text.find("= FAILURES") :][:20_000]
    assert "Test cases:" in text


async def test_each_service_s_own_description_is_part_of_the_whole(two_stores: TwoStores) -> None:
    document = (await two_stores.client.get("/openapi.json")).json()
    tags = {path.split("/")[2] for path in document["paths"]}
    assert {"stores", "programs", "ambassadors", "links", "codes", "orders", "track", "rewards", "metrics"} <= tags
    assert all("kith" not in str(server["url"]) for server in document["servers"])
