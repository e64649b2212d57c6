"""Who brought whom: what may stand there."""
