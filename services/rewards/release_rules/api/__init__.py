"""HTTP of rules for releasing: the API in `rest`, the console's page in `console`."""
