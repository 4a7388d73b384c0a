"""SAML 2.0, service provider's side: what is said to identity providers, and a strict reading of what they say. No network, no database."""
