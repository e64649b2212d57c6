"""What an ambassador got and has, line by line, with a running balance."""
