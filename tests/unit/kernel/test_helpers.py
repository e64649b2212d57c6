"""Helpers: processes that do what takes the processor for long, and end with who asked them."""

import asyncio
import signal
import subprocess
import sys

import psutil
import pytest

from services.kernel.helpers import HelperFailed, helpers
from tests.support.wait import until

SHELL = "code:InteractiveInterpreter"
"""A class that anybody has, takes no arguments, and runs what it is told."""


async def test_each_has_an_object_of_its_own_that_lives_from_call_to_call() -> None:
    async with helpers("collections:Counter", 2) as (one, other):
        await asyncio.gather(one.call("update", {"a": 2}), other.call("update", {"a": 3}))
        await one.call("update", {"a": 5})
        assert await one.call("most_common") == [("a", 7)]
        assert await other.call("most_common") == [("a", 3)]


async def test_what_an_object_raises_is_told_and_it_goes_on() -> None:
    async with helpers("collections:Counter", 1) as (one,):
        with pytest.raises(HelperFailed, match=r"pop: KeyError: 'b'"):
            await one.call("pop", "b")
        assert await one.call("most_common") == []


async def test_what_is_printed_is_no_answer() -> None:
    async with helpers(SHELL, 1) as (one,):
        assert await one.call("runsource", "print('hello')") is False


async def test_one_that_ends_in_the_middle_is_a_failure() -> None:
    async with helpers(SHELL, 1) as (one,):
        with pytest.raises(HelperFailed, match="ended while it was at runsource"):
            await one.call("runsource", "import os; os._exit(3)")


async def test_one_that_is_given_up_in_the_middle_answers_nobody_else() -> None:
    async with helpers(SHELL, 1) as (one,):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await one.call("runsource", "import time; time.sleep(600)")
        with pytest.raises(HelperFailed):
            await one.call("runsource", "1")


def test_they_end_with_who_asked_them_however_that_ends() -> None:
    script = (
        "import asyncio\nfrom services.kernel.helpers import helpers\n"
        "async def main():\n"
        "    async with helpers('collections:Counter', 2) as found:\n"
        "        for one in found: await one.call('most_common')\n"
        "        print('ready', flush=True); await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        children = psutil.Process(parent.pid).children()
        assert len(children) == 2
        parent.send_signal(signal.SIGKILL)
        parent.wait()

        def gone() -> bool:
            return not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)

        asyncio.run(until(gone))
