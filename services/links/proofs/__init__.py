"""Proof that a mail address is one's own: asked for in a browser, given by what was written to the address."""
