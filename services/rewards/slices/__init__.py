"""What rewards copies of others' set-up: versions of programs, who the ambassadors are, and how they are called."""
