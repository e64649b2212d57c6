"""HTTP of domains: for programs, for people, and the look at a domain that both ask for."""
