"""Pools of codes that are good once: made here or brought by the store, each handed out to one holder."""
