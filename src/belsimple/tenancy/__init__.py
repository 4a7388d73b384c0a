"""Tenants: their making, their settings, and the installation they live in."""
