"""What is done with goodwill: given and decided in `give`, its limits set in `terms`."""
