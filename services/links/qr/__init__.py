"""QR codes of share links as pictures."""
