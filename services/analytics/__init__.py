"""Analytics: counts what the other services decided and shows it. It reads only; nobody asks it anything to decide."""
