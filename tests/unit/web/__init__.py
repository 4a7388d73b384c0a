"""Behaviour of the request path, clause by clause."""
