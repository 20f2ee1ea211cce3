"""The API under a schema-driven fuzzer."""
