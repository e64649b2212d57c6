"""How fast the hot paths are: CPU beside a baseline measured in the same run, never wall clock alone."""
