"""A registry of packages that does not answer is a reason that is given, and not the end of the tests."""

import os
import shutil
import subprocess
from typing import NoReturn

import pytest

from tests.support import browser, programs


def hangs(argv: list[str], *, timeout: float, **_: object) -> NoReturn:
    raise subprocess.TimeoutExpired(argv, timeout)


@pytest.fixture(autouse=True)
def a_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", {"apt-get": "/usr/bin/apt-get"}.get)
    monkeypatch.setattr(subprocess, "run", hangs)


def test_a_mirror_that_hangs_is_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert programs.install("php-cli", needed=False) == "apt-get update took longer than 180 s"
    assert "php-cli" in capsys.readouterr().out


def test_the_tests_go_on_without_php(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(browser, "had", lambda: True)
    programs.main()
    assert "There is no PHP (apt-get update took longer than 180 s)" in capsys.readouterr().out
