"""The only place that asks shops about codes: one task of a connection at a time, through the outbound door."""
