"""A program's public page of terms: its rules in plain sentences, and what ambassadors agree to, by version."""
