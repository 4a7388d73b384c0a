"""Recovery codes: ten at random, shown once, each good once; what the database keeps of one is its SHA-256."""

import hashlib
import os
from base64 import b32encode
from typing import Final

COUNT: Final = 10
_BYTES: Final = 10
_GROUP: Final = 4


def new_codes() -> list[str]:
    """Ten of 80 bits, in groups that can be read aloud."""
    texts = [b32encode(os.urandom(_BYTES)).decode("ascii").lower() for _ in range(COUNT)]
    return ["-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)) for text in texts]


def hash_of(code: str) -> bytes:
    """What is kept and compared: however the code was typed, with spaces, dashes or capitals."""
    return hashlib.sha256("".join(one for one in code.lower() if one.isalnum()).encode()).digest()
