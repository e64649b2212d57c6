"""Decisions as people read them: what the API answers, and the sentences in the reader's language."""
