"""What was set up anew or differently a moment ago, so that every replica forgets what it remembered of it."""
