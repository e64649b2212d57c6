"""Orders with their decisions, for programs (`rest`) and for people (`console`)."""
