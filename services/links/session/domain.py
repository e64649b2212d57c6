"""Where a person may be sent after signing in. Pure."""

import re

HOME = "/console"
_OWN = re.compile(r"/console(?:[/?][A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?", re.ASCII)


def next_page(wanted: str) -> str:
    """A page of the console, or the console's first; never another site."""
    return wanted if _OWN.fullmatch(wanted) and "//" not in wanted and "/.." not in wanted else HOME
