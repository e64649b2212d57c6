"""What crosses a service's wall: event payloads, their schemas, and golden examples."""
