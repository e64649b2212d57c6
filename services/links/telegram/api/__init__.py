"""HTTP of a store's bot, and where Telegram delivers."""
