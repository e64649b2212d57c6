"""Orders in, decisions out: who referred which purchase, and why."""
