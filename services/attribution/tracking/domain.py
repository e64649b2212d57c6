"""Who counts as a customer that a store knows. Pure."""

_NOBODY = frozenset({"0", "-1", "null", "none", "nil", "undefined", "guest", "anonymous"})


def known_customer(told: object) -> object:
    """A customer id as it was sent, a number as text; None for what stands for any guest.

    Some stores give every guest the same id: taken at its word, all of them would be one person.
    """
    text = str(told) if isinstance(told, int) and not isinstance(told, bool) else told
    return None if isinstance(text, str) and text.strip().lower() in _NOBODY else text
