"""The scripts for a store's pages as they are sent, named by their content. Pure."""

import base64
import gzip
import hashlib
from dataclasses import dataclass
from typing import Final

from services.links.embed.domain.shrink import shrink, without_comments

_PATTERNED: Final = frozenset({"kith-share"})
"""Written with template literals, which `shrink` does not read: sent without its comments, and otherwise as it is."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script, plain and gzipped. `digest` names this very content, as does `integrity`, which a browser checks."""

    name: str
    body: bytes
    gzipped: bytes
    digest: str
    integrity: str

    @property
    def path(self) -> str:
        """Where this content is, and nothing else ever."""
        return f"/{self.name}.{self.digest}.js"


def script(name: str, source: str) -> Script:
    """Makes the source ready to be sent."""
    return packed(name, (without_comments(source) if name in _PATTERNED else shrink(source)).encode())


def packed(name: str, body: bytes) -> Script:
    """What is sent as it is."""
    strong = base64.b64encode(hashlib.sha384(body).digest()).decode()
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Script(name, body, gzip.compress(body, 9, mtime=0), digest, f"sha384-{strong}")


def tag(base: str, sent: Script, key: str, *, pinned: bool = False) -> str:
    """The line that loads a script into a page: today's and later ones, or this version alone."""
    if not pinned:
        return f'<script defer src="{base}/{sent.name}.js" data-key="{key}"></script>'
    checked = f'integrity="{sent.integrity}" crossorigin="anonymous"'
    return f'<script defer src="{base}{sent.path}" {checked} data-key="{key}"></script>'


def proof_examples() -> dict[str, str]:
    """How a shop's server makes the proof, by programming language."""
    return {
        "Python": _PYTHON,
        "PHP": _PHP,
        "JavaScript (Node.js)": _JAVASCRIPT,
    }


_PYTHON = """\
import hashlib, hmac, json, os

secret = os.environ["KITH_IDENTIFY_SECRET"]
proof = hmac.new(secret.encode(), customer_id.encode(), hashlib.sha256).hexdigest()
call = json.dumps({"id": customer_id, "proof": proof}).replace("<", "\\\\u003c")
# in the page: <script>kith('identify', {{ call | safe }})</script>"""

_PHP = """\
$secret = getenv('KITH_IDENTIFY_SECRET');
$proof = hash_hmac('sha256', $customerId, $secret);
$call = json_encode(['id' => $customerId, 'proof' => $proof], JSON_HEX_TAG | JSON_HEX_AMP);
echo "<script>kith('identify', $call)</script>";"""

_JAVASCRIPT = """\
import { createHmac } from 'node:crypto'

const secret = process.env.KITH_IDENTIFY_SECRET
const proof = createHmac('sha256', secret).update(customerId).digest('hex')
const call = JSON.stringify({ id: customerId, proof }).replace(/</g, '\\\\u003c')
// in the page: `<script>kith('identify', ${call})</script>`"""
