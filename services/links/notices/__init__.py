"""What ambassadors are told of what became of their friends: decided from events, composed when it is sent."""
