"""The console's pages of one ambassador: `console` shows, `editing` changes, `words` says."""
