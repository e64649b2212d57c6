"""What ours is measured against: the least that a server can do, and the way most would write it."""
