"""The typed clients that `make clients` generates tell one story against the running product."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.support.two_stores import TwoStores

ROOT = Path(__file__).parents[3]
CLIENTS = ROOT / "clients"
PYTHON = ROOT / ".venv" / "clients" / "bin" / "python"
TSC = CLIENTS / "typescript" / "node_modules" / ".bin" / "tsc"


async def output(*argv: str | Path, cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *map(str, argv), cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed = (await process.communicate())[0].decode()
    assert process.returncode == 0, printed
    return printed


BUILT = pytest.mark.skipif(not (CLIENTS / "build").exists(), reason="the clients are not generated: make clients")


@BUILT
async def test_the_python_clients(two_stores: TwoStores) -> None:
    key = two_stores.a.secret["authorization"].removeprefix("Bearer ")
    printed = await output(PYTHON, "story.py", str(two_stores.client.base_url), key, cwd=CLIENTS / "python")
    assert printed.split()[1] == "1000"


@BUILT
async def test_the_types_for_typescript(two_stores: TwoStores) -> None:
    left_out = CLIENTS / "build" / "left-out.txt"
    if left_out.exists():
        pytest.skip(left_out.read_text())
    key = two_stores.a.secret["authorization"].removeprefix("Bearer ")
    folder = CLIENTS / "typescript"
    await output(TSC, "-p", ".", cwd=folder)
    node = shutil.which("node") or "node"
    base = str(two_stores.client.base_url).rstrip("/")
    printed = await output(node, "node_modules/.story/story.js", base, key, cwd=folder)
    assert printed.split()[1] == "1000"
