"""Friends who became ambassadors have who brought them as their sponsor, where the program says so."""
