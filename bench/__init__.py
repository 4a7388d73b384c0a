"""Benchmarks of the running service, each beside a peer that does the same job with less protection."""
