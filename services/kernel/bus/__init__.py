"""The event pipe: one port, two adapters (Apache Kafka, and a log in PostgreSQL)."""
