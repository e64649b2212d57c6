"""What there is to tell, in which words, and how a template is filled."""
