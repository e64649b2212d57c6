"""The console's pages of guides."""
