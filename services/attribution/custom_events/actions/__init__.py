"""What is done with custom events: taken in, called off (`keep`), decided (`decide`), settled (`settle`)."""
