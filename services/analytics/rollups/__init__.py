"""Sums by day, channel, reason, ambassador and cohort, kept current as differences. All answers are read from them."""
