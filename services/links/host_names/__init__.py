"""Which link domain is whose: below `stores`, since a domain that is dropped takes the link domains below it along."""
