"""From the state of an order to the rewards it should have: pure, and the same in any order of events but for caps."""
