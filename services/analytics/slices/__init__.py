"""What analytics keeps of others' set-up: program versions, ambassadors, the codes that name them on pages, where
links lead."""
