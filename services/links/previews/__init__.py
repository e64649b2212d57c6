"""The store's own picture of a program's share links, by language: shown by messengers instead of the drawn one."""
