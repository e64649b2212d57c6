"""The command line: runs the services on one machine, migrates, inspects. It stands above the services."""
