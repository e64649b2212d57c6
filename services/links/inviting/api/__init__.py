"""HTTP of invitations: by the store's server, in the console, and where a mail leads."""
