"""When an ambassador's link was first opened by a friend, and when they last shared it."""
