"""The page between a share link and the store: who invites, to what, until when, and one way on."""
