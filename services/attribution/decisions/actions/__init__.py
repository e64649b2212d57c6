"""What deciding consists of: taking facts in, gathering histories, writing what changed, settling, replaying."""
