"""The rules of payouts: their states, what a store sets, files for banks and spreadsheets. Pure."""
