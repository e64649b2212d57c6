"""What there is to notify of, in which words, and how a template is filled."""
