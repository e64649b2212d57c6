"""Custom events: something a person did that is no order, and who referred them."""
