"""What a friend who came by a link is promised, asked by the shop's server: so that a discount applies itself."""
