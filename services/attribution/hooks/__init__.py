"""Where store platforms deliver: addresses with their secrets, and every delivery as it came."""
