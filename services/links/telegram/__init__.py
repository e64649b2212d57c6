"""A store's Telegram bot: how ambassadors connect it, what it answers, and how it notifies them."""
