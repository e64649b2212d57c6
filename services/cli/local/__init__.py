"""Helpers that run foreign programs on this machine: PostgreSQL, Apache Kafka, Caddy. They know no business word."""
