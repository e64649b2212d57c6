"""Words, addresses and parts of the overview page. Pure: figures in, values for templates out."""
