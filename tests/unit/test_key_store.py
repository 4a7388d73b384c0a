"""The key store: one key a tenant, never a second one, and nothing opens that was put in another's place."""

import multiprocessing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belsimple.keys.store import KeyStore, KeyTrouble
from belsimple.keys.wrapping import Undecipherable, WrappingKey, new_key

TENANT = UUID("01910000-0000-7000-8000-000000000001")


def test_a_key_once_made_is_the_one_that_is_read(tmp_path: Path) -> None:
    made = KeyStore(tmp_path, None).first_key(TENANT)
    again = KeyStore(tmp_path, None).first_key(TENANT)
    read = KeyStore(tmp_path, None).tenant_key(TENANT, made.version, made.key.check)
    assert made.key.check == again.key.check == read.key.check
    assert read.key.unwrap(made.key.wrap(b"k" * 32, b"here"), b"here") == b"k" * 32


def test_it_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    _ = KeyStore(tmp_path / "keys", None).first_key(TENANT)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "keys", *(tmp_path / "keys").rglob("*")]}
    assert modes == {"keys": 0o700, "operator": 0o600, "tenants": 0o700, f"{TENANT}.1": 0o600}


def test_a_registered_key_that_is_missing_is_refused_and_not_made_again(tmp_path: Path) -> None:
    made = KeyStore(tmp_path, None).first_key(TENANT)
    (tmp_path / "tenants" / f"{TENANT}.1").unlink()
    with pytest.raises(KeyTrouble, match="is not in"):
        KeyStore(tmp_path, None).tenant_key(TENANT, 1, made.key.check)
    assert list((tmp_path / "tenants").iterdir()) == []


def test_a_key_that_is_not_the_registered_one_is_refused(tmp_path: Path) -> None:
    here, there = KeyStore(tmp_path / "a", None), KeyStore(tmp_path / "b", None)
    _ = here.first_key(TENANT)
    registered = there.first_key(TENANT).key.check
    with pytest.raises(KeyTrouble, match="not the one that the database has registered"):
        here.tenant_key(TENANT, 1, registered)


def test_another_operators_key_opens_nothing(tmp_path: Path) -> None:
    made = KeyStore(tmp_path, new_key()).first_key(TENANT)
    with pytest.raises(KeyTrouble, match="does not open under the operator's key"):
        KeyStore(tmp_path, new_key()).tenant_key(TENANT, 1, made.key.check)


def test_a_lost_operators_key_is_not_replaced(tmp_path: Path) -> None:
    _ = KeyStore(tmp_path, None).first_key(TENANT)
    (tmp_path / "operator").unlink()
    with pytest.raises(KeyTrouble, match="is missing from"):
        KeyStore(tmp_path, None).operator_key()
    assert not (tmp_path / "operator").exists()


def test_swapped_files_of_two_tenants_open_nothing(tmp_path: Path) -> None:
    store, other = KeyStore(tmp_path, None), uuid4()
    one, two = store.first_key(TENANT), store.first_key(other)
    files = tmp_path / "tenants" / f"{TENANT}.1", tmp_path / "tenants" / f"{other}.1"
    first, second = (file.read_text() for file in files)
    files[0].write_text(second)
    files[1].write_text(first)
    for tenant, made in ((TENANT, one), (other, two)):
        with pytest.raises(KeyTrouble, match="does not open"):
            store.tenant_key(tenant, 1, made.key.check)


def _first_check(folder: Path, gate: Any, answers: Any) -> None:
    gate.wait()
    answers.put(KeyStore(folder, None).first_key(TENANT).key.check)


def test_processes_that_make_the_first_key_at_once_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for attempt in range(5):
        gate, answers = context.Barrier(4), context.Queue()
        running = [
            context.Process(target=_first_check, args=(tmp_path / str(attempt), gate, answers)) for _ in range(4)
        ]
        for process in running:
            process.start()
        checks = {answers.get(timeout=20) for _ in running}
        for process in running:
            process.join()
        assert len(checks) == 1


@given(content=st.binary(max_size=200), where=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_sealed_file_with_one_bit_changed_does_not_open(content: bytes, where: int, bit: int) -> None:
    key = WrappingKey(new_key())
    sealed = bytearray(key.seal(content, b"mail/1"))
    assert key.open(bytes(sealed), b"mail/1") == content
    sealed[where % len(sealed)] ^= 1 << bit
    with pytest.raises(Undecipherable):
        key.open(bytes(sealed), b"mail/1")


def test_a_sealed_file_opens_in_its_own_place_only() -> None:
    key = WrappingKey(new_key())
    sealed = key.seal(b"secret", b"mail/1")
    with pytest.raises(Undecipherable):
        key.open(sealed, b"mail/2")
    with pytest.raises(Undecipherable):
        key.open(sealed[:30], b"mail/1")
