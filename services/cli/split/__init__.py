"""Split mode on one machine: what runs, what keeps it running, and how it answers as one product."""
