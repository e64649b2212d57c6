"""The same figures for other programs: CSV sheets and pictures, and the choice among them."""
