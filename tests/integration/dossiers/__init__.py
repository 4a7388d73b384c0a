"""Dossiers, over the API on a real database."""
