"""A real Chromium for the tests, driven by Playwright.

Which one: `KITH_TEST_CHROMIUM` if set, the one on the path, Debian's package (installed when we are root), else
Playwright's own download. `tests.support.programs` sees to it before a test run.
"""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-dejavu-core")
"""Debian's."""
PLAYWRIGHT_LEAVES_OUT = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "TcpPortRandomizationWin", "OptimizationHints", "PreconnectToSearch"),
    *("NetworkTimeServiceQuerying", "AimEnabled", "msForceBrowserSignIn", "msEdgeUpdateLaunchServicesPreferredVersion"),
)
"""Chromium's features that Playwright turns off itself. Of two such lists the browser reads the last."""
_LEFT_OUT = (
    *PLAYWRIGHT_LEAVES_OUT,
    # A window's own address bar is made of pages, each of them loaded for every window: half of what a window costs.
    *("PreloadTopChromeWebUI", "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess"),
)
_FLAGS = (
    f"--disable-features={','.join(_LEFT_OUT)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
)


PATIENCE_MS = 45_000
"""For what must become visible: it says what is wrong when nothing does, and not how busy the machine is."""
_PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
"""What a browser with a window says it is: a headless one names itself, and is rightly taken for software."""


class NoBrowser(Exception):
    """No Chromium can be had; the text says what was tried."""


def on_this_machine() -> Path | None:
    """A Chromium that is installed outside Playwright's own folder."""
    given = os.environ.get("KITH_TEST_CHROMIUM")
    if given:
        return Path(given)
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return Path(found) if found else None


async def _own() -> Path | None:
    """Playwright's own download, if it is there."""
    async with async_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
        return path if path.exists() else None


async def find() -> Path:
    """The Chromium to use. Raises `NoBrowser`."""
    found = on_this_machine() or await _own()
    if found is None:
        raise NoBrowser("no Chromium was found: run `python -m tests.support.programs`")
    return found


def had() -> bool:
    """Whether there is one already."""
    return on_this_machine() is not None or asyncio.run(_own()) is not None


def download(tried: str) -> None:
    """Playwright's own, if there is none else. Raises `NoBrowser` with what was `tried`."""
    if had():
        return
    print("Installing Chromium for the tests (Playwright's download)", flush=True)
    done = subprocess.run([sys.executable, "-m", "playwright", "install", "chromium-headless-shell"], check=False)
    if asyncio.run(_own()) is None:
        raise NoBrowser(f"no Chromium can be had: {tried}; playwright install ended with {done.returncode}")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for the run."""
    path = await find()
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        yield chromium
        await chromium.close()


@pytest.fixture
async def page_context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser window of its own (cookies, storage) for one test."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC", user_agent=_PERSON
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()
