"""HTTP of the page of invitation: `public` for friends and messengers, `console` for a program still being written."""
