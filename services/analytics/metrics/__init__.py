"""Every figure's definition, and the answers made from the roll-ups: summary, funnel, series, channels, ambassadors."""
