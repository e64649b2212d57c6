"""What this service keeps of the set-up that links owns: programs' versions, codes, ambassadors."""
