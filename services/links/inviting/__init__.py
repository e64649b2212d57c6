"""Inviting people by mail: taking addresses, writing to them once and reminding them once, and where a mail leads."""
