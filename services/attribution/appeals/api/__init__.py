"""HTTP of appeals: the API for stores, the console's queue, the ambassador's form."""
