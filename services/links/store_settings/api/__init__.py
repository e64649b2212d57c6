"""HTTP of the settings, for people: `general`, `keys`, `placeholders`."""
