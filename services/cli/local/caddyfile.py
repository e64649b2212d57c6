"""The gateway's configuration as text, made from what the services' manifests say. Pure: writes and starts nothing.

A request is tried again on another replica when one cannot be reached, so a rolling restart shows nobody a failed
request. Only requests that reached no replica (and plain reads) are tried again: an order is never sent twice by the
gateway.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WHOLE_PRODUCT = ("/livez", "/readyz", "/metrics", "/openapi.json")
"""Answered for all services together, by the supervisor."""


MOST_CONNECTIONS = 1024
"""From the gateway to one replica, which takes four times as many: further requests wait for one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A service behind the gateway."""

    name: str
    routes: tuple[str, ...]
    """Path patterns of its manifest: `*` at the end is any rest, elsewhere one segment. The longest match wins."""
    replicas: tuple[str, ...]
    """host:port of each replica."""


def caddyfile(
    upstreams: Sequence[Upstream],
    *,
    address: str,
    bind: str | None = None,
    whole: str | None = None,
    storage: Path | None = None,
) -> str:
    """The configuration.

    `address` is a site in Caddy's words (`http://:8080`, `shop.example`), `bind` the interface to listen on, `whole`
    the host:port that answers for the product as one, `storage` where Caddy may keep files of its own.
    """
    pairs = [(pattern, upstream.name) for upstream in upstreams for pattern in upstream.routes]
    pairs.sort(key=lambda pair: precedence(pair[0]))
    site = [f"bind {bind}"] if bind else []
    if whole:
        site += [f"@whole path {' '.join(WHOLE_PRODUCT)}", "handle @whole {", f"\treverse_proxy {whole}", "}"]
    # One look-up decides, first match first; so each service has one proxy, and its replicas are checked once.
    site += ["map {http.request.uri.path} {service} {"]
    site += _indented([f'"~{_regular_expression(pattern)}" {name}' for pattern, name in pairs])
    site += ['\tdefault ""', "}"]
    for upstream in upstreams:
        site += [f"@{upstream.name} vars {{service}} {upstream.name}", f"handle @{upstream.name} {{"]
        site += [*_indented(_proxy(upstream)), "}"]
    site += ["handle {", *_indented(_problem(404, "not_found", "Nothing is served at this address.")), "}"]
    site += ["handle_errors {", "\theader Retry-After 1"]
    site += _indented(_problem("{err.status_code}", "unavailable", "The service is not reachable now. Try again."))
    site += ["}"]
    return "\n\n".join([_global(storage), "\n".join([f"{address} {{", *_indented(site), "}"])]) + "\n"


def precedence(pattern: str) -> tuple[int, str]:
    """Sort key that puts the pattern to try first in front: the longest, as in the embedded product."""
    return (-len(pattern), pattern)


def _global(storage: Path | None) -> str:
    keep = [f'storage file_system "{storage}"'] if storage else []
    options = ["admin off", "auto_https off", "persist_config off", "grace_period 10s", *keep]
    return "\n".join(["{", *_indented([*options, *_deadlines(), "log {", "\tlevel WARN", "}"]), "}"])


def _deadlines() -> list[str]:
    """What a client may take its time for: a head, a whole request, an answer, a rest. A body that rests on its way
    through is given up by the service, which answers 408 before any of these.
    """
    timeouts = ["read_header 10s", "read_body 15s", "write 5m", "idle 1m"]
    inside = ["timeouts {", *_indented(timeouts), "}", "max_header_size 16KiB"]
    return ["servers {", *_indented(inside), "}"]


def _regular_expression(pattern: str) -> str:
    body, rest = (pattern[:-1], "") if pattern.endswith("*") else (pattern, "$")
    return f"^{'[^/]+'.join(re.escape(part) for part in body.split('*'))}{rest}"


def _proxy(upstream: Upstream) -> list[str]:
    """How a service's replicas share the work.

    A replica that is going away answers `/readyz` with 503 for longer than `health_interval` before it closes its
    connections; one that is gone refuses them, and the request goes to the next. A database that is away is asked about
    by nobody here: all replicas would go, with the clicks and answers that need none.
    """
    options = [
        "lb_policy least_conn",
        "lb_try_duration 8s",
        "lb_try_interval 100ms",
        "fail_duration 1s",
        "health_uri /readyz?exclude=database",
        "health_interval 500ms",
        "health_timeout 2s",
        "health_fails 1",
        "transport http {",
        "\tdial_timeout 1s",
        "\tkeepalive 30s",
        f"\tmax_conns_per_host {MOST_CONNECTIONS}",
        "}",
    ]
    return [f"reverse_proxy {' '.join(upstream.replicas)} {{", *_indented(options), "}"]


def _problem(status: int | str, code: str, detail: str) -> list[str]:
    body = f'{{"type":"about:blank","status":{status},"code":"{code}","detail":"{detail}"}}'
    return ["header Content-Type application/problem+json", f"respond `{body}` {status}"]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"\t{line}" for line in lines]
