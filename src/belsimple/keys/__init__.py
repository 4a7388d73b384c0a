"""Keys: the operator's wraps each tenant's, a tenant's wraps the key of each document. See docs/decisions/0020."""
