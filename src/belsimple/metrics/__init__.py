"""Figures for Prometheus: what each process counts, what the database and the disk say, and where they are read."""
