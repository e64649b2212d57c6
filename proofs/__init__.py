"""Hours of trying to prove the product wrong: by random examples, by odd requests, and by faults put into its rules."""
