"""What all services share: transactions, the event pipe, HTTP, keys, money, time. It knows no business word."""
