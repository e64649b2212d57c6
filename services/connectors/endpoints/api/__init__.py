"""HTTP of endpoints: for programs, and the console's pages."""
