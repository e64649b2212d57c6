"""The browser of the tests leaves out all that Playwright would: its own list is not read beside ours."""

import re
from pathlib import Path

import playwright

from tests.support.browser import PLAYWRIGHT_LEAVES_OUT


def test_what_playwright_leaves_out_is_left_out() -> None:
    bundle = Path(str(playwright.__file__)).parent / "driver" / "package" / "lib" / "coreBundle.js"
    (listed,) = re.findall(r"disabledFeatures = \[(.*?)\]\.filter", bundle.read_text(), re.DOTALL)
    names = re.findall(r'^ *"(\w+)"', listed, re.MULTILINE)
    assert set(names) == set(PLAYWRIGHT_LEAVES_OUT)
