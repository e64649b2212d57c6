"""What an ambassador sees of themselves at the portal: by channel, beside the middle of their peers, what may come."""
