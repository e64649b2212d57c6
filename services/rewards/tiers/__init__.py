"""In which tier each ambassador is: counters of settled orders, and what windows and time make of them."""
