"""All of it is pure: a platform is functions from bytes to what they say."""
