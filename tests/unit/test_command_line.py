"""Commands in tests come from one process, whoever asks first."""

import asyncio
from pathlib import Path

import pytest

from tests.support import command_line


async def test_two_first_commands_at_once_are_forked_from_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    async def start() -> Path:
        begun.append("a process")
        await asyncio.sleep(0)
        return Path("socket")

    monkeypatch.setattr(command_line, "_started", [])
    monkeypatch.setattr(command_line, "_start", start)
    both = await asyncio.gather(command_line._address(), command_line._address())
    assert set(both) == {Path("socket")}
    assert begun == ["a process"]
