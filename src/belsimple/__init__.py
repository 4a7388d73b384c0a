"""belsimple: a multi-tenant application server that makes its operator's security policy true."""

__version__ = "0.1.0"
