"""What anybody typed, as one segment of an address's path."""

from urllib.parse import quote


def segment(text: str) -> str:
    """`text` quoted so that nothing in it ends the segment: no slash, `?`, `#`, and no dots that name a folder.

    A shop's server calls the API with its secret key: a code such as `../orders/1001/cancel#`, put into a path as it
    was typed, would be a call of another route.
    """
    quoted = quote(text, safe="", errors="replace")
    # Clients and gateways take `.` and `..` out of paths, quoted or not; no code or id of ours is made of dots alone.
    return quoted.replace(".", "_") if not quoted.strip(".") else quoted
