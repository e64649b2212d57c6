"""What rewards copies from other services' set-up: each version of each program, who the ambassadors are."""
