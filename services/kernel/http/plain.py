"""Reads a request that has come whole and is written as nearly all are: by one pattern, without a call for each header.

The parser stays the rule. What is in any way unusual (another version, an escaped path, a blank around a value, a
header twice, or one that is about the connection or the form of the body) is left to it, and of what is read here it
would make the same.
"""

import re
from typing import Final

_HEAD: Final = re.compile(
    rb"(GET|POST) (/[A-Za-z0-9._~/-]*+)(?:\?([!-\"$-~]*+))? HTTP/1\.1\r\n"
    rb"((?:[A-Za-z0-9-]++: (?! )[ -~]++(?<! )\r\n)++)\r\n"
)
_FIELD: Final = re.compile(rb"([^:]+): ([^\r]+)\r\n")
_LEFT_TO_THE_PARSER: Final = frozenset({b"expect", b"proxy-connection", b"transfer-encoding", b"upgrade"})

PlainRequest = tuple[str, str, bytes, list[tuple[bytes, bytes]], bytes]
"""Method, path, query, headers with their names in lower case, each once, and body."""


def read(data: bytes) -> PlainRequest | None:
    """The request, if these bytes are one, to the last of them."""
    head = _HEAD.match(data)
    if head is None:
        return None
    method, path, query, fields = head.groups(b"")
    headers = [(name.lower(), value) for name, value in _FIELD.findall(fields)]
    values = dict(headers)
    body = data[head.end() :]
    if (
        len(values) < len(headers)
        or not _LEFT_TO_THE_PARSER.isdisjoint(values)
        or (b"connection" in values and values[b"connection"].lower() != b"keep-alive")
        or (values[b"content-length"] != b"%d" % len(body) if b"content-length" in values else body)
    ):
        return None
    return method.decode(), path.decode(), query, headers, body
