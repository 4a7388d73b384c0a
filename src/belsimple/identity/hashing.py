"""Argon2id in one bounded pool: a storm of sign-ins queues here, in gate, and nowhere else."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec
from argon2.low_level import Type, hash_secret_raw

from belsimple.web.problems import Unavailable

QUEUE: Final = 64
OUTPUT_BYTES: Final = 32
SALT_BYTES: Final = 16


class Parameters(msgspec.Struct, frozen=True):
    """Argon2id's cost (RFC 9106): memory in KiB, passes, lanes."""

    memory_kib: int
    iterations: int
    lanes: int


class Hasher:
    """As many hashes at once as there are cores, 64 MiB and more each; a full queue answers 503 rather than growing."""

    def __init__(self, slots: int | None = None) -> None:
        self.slots = slots or max(1, len(os.sched_getaffinity(0)))
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="argon2")
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many passwords are being hashed, or wait to be."""
        return self._waiting

    async def proof(self, password: str, salt: bytes, parameters: Parameters) -> bytes:
        """The raw Argon2id output, 32 bytes: what the database compares by its SHA-256.

        Raises Unavailable when too many wait already.
        """
        if self._waiting >= self.slots + QUEUE:
            raise Unavailable(retry_after=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, _raw, password.encode(), salt, parameters
            )
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Drop what still waits."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _raw(secret: bytes, salt: bytes, parameters: Parameters) -> bytes:
    # The password alone is hashed: nothing is put in front of it that could crowd it out (Okta's 72 bytes).
    return hash_secret_raw(
        secret, salt, parameters.iterations, parameters.memory_kib, parameters.lanes, OUTPUT_BYTES, Type.ID
    )
