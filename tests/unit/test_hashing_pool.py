"""Argon2id in one bounded pool: right by its reference, never more at once than there is room for."""

import asyncio
import threading

import pytest

from belsimple.identity import hashing
from belsimple.identity.hashing import QUEUE, Hasher, Parameters
from belsimple.web.problems import Unavailable

SMALL = Parameters(32, 3, 4)
REFERENCE = "0461d482ea2ecef54f2333eef9bb2485a87d24ea2f6659a9ea6960cb707410cc"


async def test_it_is_argon2id() -> None:
    # Of OpenSSL, another implementation, computed once.
    hasher = Hasher(1)
    assert (await hasher.proof("password", b"somesalt-16bytes", Parameters(65536, 3, 4))).hex() == REFERENCE
    hasher.close()


async def test_every_byte_of_a_long_password_counts() -> None:
    hasher = Hasher(1)
    proofs = {await hasher.proof("x" * 200 + end, bytes(16), SMALL) for end in ("", "a", "b")}
    assert len(proofs) == 3
    hasher.close()


async def test_no_more_run_at_once_than_there_are_slots(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def slow(secret: bytes, salt: bytes, parameters: Parameters) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1
        return secret

    monkeypatch.setattr(hashing, "_raw", slow)
    hasher = Hasher(3)
    answers = await asyncio.gather(*(hasher.proof(str(number), b"", SMALL) for number in range(30)))
    assert answers == [str(number).encode() for number in range(30)]
    assert most == 3
    hasher.close()


async def test_a_full_queue_says_so_at_once_and_empties_again(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(hashing, "_raw", lambda secret, salt, parameters: gate.wait(10) and secret)
    hasher = Hasher(2)
    waiting = [asyncio.create_task(hasher.proof("x", b"", SMALL)) for _ in range(2 + QUEUE)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await hasher.proof("x", b"", SMALL)
    assert refused.value.status == 503
    assert "Retry-After" in {name.title() for name in refused.value.headers}
    waiting[-1].cancel()  # a caller that left gives its place back
    await asyncio.sleep(0)
    last = asyncio.create_task(hasher.proof("y", b"", SMALL))
    gate.set()
    assert await last == b"y"
    await asyncio.gather(*waiting, return_exceptions=True)
    hasher.close()
