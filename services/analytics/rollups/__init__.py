"""Sums by day, channel, reason, ambassador and cohort, kept current as differences. The only thing answers are read from."""
