"""The request path: from an ASGI message to a handler inside one tenant, and back."""
