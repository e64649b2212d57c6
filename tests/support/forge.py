"""Sealed texts that are not ours any more."""


def forged(text: str) -> str:
    """The text with another character near its end: within the seal, and not the last one, whose spare bits are free.

    A fixed piece written over it would, once in a while, be what stands there already.
    """
    return f"{text[:-5]}{'A' if text[-5] != 'A' else 'B'}{text[-4:]}"
