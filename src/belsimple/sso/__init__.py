"""A tenant's own identity provider: OpenID Connect, who of theirs is who of ours, domains, and single sign-on as the only way."""
