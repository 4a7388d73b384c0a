"""The encryption of one file: chunks of AES-256-GCM under a key of its own (NIST SP 800-38D).

Each chunk is bound, as associated data, to its tenant, table, column, file, content version, number, and to whether it is the last.
So a chunk that is changed, moved within its file, into another file or another tenant, left out, or missing at the end,
does not open. The nonce is the chunk's number: a key encrypts one file, once.
"""

from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from belsimple.keys.wrapping import Undecipherable

CHUNK: Final = 1024 * 1024
"""Bytes of a chunk before encryption; only the last may be shorter. Another size would be another format."""
TAG: Final = 16
SEALED_CHUNK: Final = CHUNK + TAG
_CONTENT: Final = b"belsimple content 1\0files.file\0content\0"
_CONTENT_VERSION: Final = (1).to_bytes(4, "big")  # a file's content never changes: a new version is a new file

Buffer = bytes | bytearray | memoryview


def sealed_size(size: int) -> int:
    """Bytes of the blob of a file of this size; the blob of an empty file is one chunk with nothing in it."""
    return size + TAG * chunks_of(size)


def chunks_of(size: int) -> int:
    """How many chunks a file of this size has."""
    return max(1, -(-size // CHUNK))


class ChunkCipher:
    """Seals and opens the chunks of one file. Its methods let go of the interpreter's lock: they run in threads."""

    __slots__ = ("_cipher", "_place")

    def __init__(self, key: bytes, tenant: UUID, file: UUID) -> None:
        self._cipher = AESGCM(key)
        self._place = _CONTENT + tenant.bytes + file.bytes + _CONTENT_VERSION

    def seal(self, number: int, chunk: Buffer, into: Buffer, *, last: bool) -> None:
        """Encrypt chunk `number` into a buffer that is TAG bytes longer."""
        self._cipher.encrypt_into(number.to_bytes(12, "big"), chunk, self._about(number, last=last), into)

    def open(self, number: int, sealed: Buffer, *, last: bool) -> bytes:
        """The plain chunk. Raises Undecipherable."""
        try:
            return self._cipher.decrypt(number.to_bytes(12, "big"), sealed, self._about(number, last=last))
        except (InvalidTag, ValueError):
            raise Undecipherable from None

    def _about(self, number: int, *, last: bool) -> bytes:
        return self._place + number.to_bytes(8, "big") + (b"\1" if last else b"\0")


def place_of_key(tenant: UUID, file: UUID, key_version: int) -> bytes:
    """What a file's wrapped key is bound to; the key's version here only, so that a rotation leaves the content alone."""
    return _CONTENT + tenant.bytes + file.bytes + key_version.to_bytes(4, "big")
