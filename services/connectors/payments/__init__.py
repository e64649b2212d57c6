"""Which order a payment paid: refunds of some platforms name the payment alone."""
