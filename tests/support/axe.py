"""What axe-core complains of in a page: a check of its own, beside what our tests know to look for."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from playwright.async_api import Page

COLORS = ("color-contrast", "link-in-text-block")
"""The rules that look at colours."""
_RUN = """async (rules) => (await axe.run(document, {
    resultTypes: ["violations"], ...(rules.length ? {runOnly: {type: "rule", values: rules}} : {}),
  })).violations
  .map((found) => `${found.id}: ${found.nodes.map((node) => node.target.join(" ")).join(", ")}`)"""


async def violations(page: Page, *, of: Sequence[str] = ()) -> list[str]:
    """Each rule that the page breaks, and where: of these rules, or of all that are usual."""
    # Evaluated by the browser's own tools: no policy of the page forbids that.
    if not await page.evaluate("typeof axe === 'object'"):
        await page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found: list[Any] = await page.evaluate(_RUN, list(of))
    return found


async def violations_in_both_schemes(page: Page) -> list[str]:
    """The same in light and in dark, where the same page wears other colours and is otherwise what it was. It is light
    when this ends.
    """
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    light = await violations(page)
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark = await violations(page, of=COLORS)
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return light + [f"dark: {found}" for found in dark]
