"""A service of the tests' own, with this module in it: started once, with two tenants and their people."""

from belsimple.testing import service

__all__ = ["service"]
