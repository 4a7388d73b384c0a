"""Encrypted files: chunked encryption, the stores they are kept in, and their way in and out. See docs/decisions/0021."""
