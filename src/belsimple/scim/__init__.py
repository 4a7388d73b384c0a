"""SCIM 2.0 (RFC 7643, 7644): a tenant's directory provisions accounts over a connection of its own."""
