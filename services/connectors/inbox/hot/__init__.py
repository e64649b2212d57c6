"""The way in: the door, which asks who sent a delivery, and the box behind it, which keeps and reads."""
