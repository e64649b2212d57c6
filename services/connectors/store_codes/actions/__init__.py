"""What is done about codes: compared with the set-up, asked for, noted."""
