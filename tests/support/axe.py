"""What axe-core complains of in a page: a check of its own, beside what our tests know to look for."""

from importlib.resources import files
from typing import Any

from playwright.async_api import Page

_RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map((found) => `${found.id}: ${found.nodes.map((node) => node.target.join(" ")).join(", ")}`)"""


async def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, and where."""
    # Evaluated by the browser's own tools: no policy of the page forbids that.
    await page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found: list[Any] = await page.evaluate(_RUN)
    return found
