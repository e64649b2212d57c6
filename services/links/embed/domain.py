"""kith.js as it is sent: without comments and indentation, with a hash of its content. Pure."""

import gzip
import hashlib
import re
from dataclasses import dataclass

_BLOCK = re.compile(rb"/\*.*?\*/\s*", re.DOTALL)
_LINE = re.compile(rb"^\s*//[^\n]*\n", re.MULTILINE)
_INDENT = re.compile(rb"\n\s+")


@dataclass(frozen=True, slots=True)
class Script:
    """The script, plain and packed. `digest` names this very content."""

    body: bytes
    packed: bytes
    digest: str


def script(source: bytes) -> Script:
    """Makes the source ready to be sent. Its comments stand on lines of their own, and no text spans several lines."""
    body = _INDENT.sub(b"\n", _LINE.sub(b"", _BLOCK.sub(b"", source))).strip() + b"\n"
    return Script(body, gzip.compress(body, 9, mtime=0), hashlib.sha256(body).hexdigest()[:12])


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
