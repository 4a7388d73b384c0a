"""The tenant's trail, as its members read it."""
