"""The key store: a folder outside the database and its backups, with the operator's key and one wrapped key per tenant.

Destroying a tenant's file makes its documents unreadable everywhere at once, in every backup too. What must never happen
by itself is a second key: it would look like success until an old document is asked for. So a key is made only where the
database has none registered, and its check value is registered with the first document.
"""

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from belsimple.atomic import write_once
from belsimple.errors import OperatorError
from belsimple.keys.wrapping import Undecipherable, WrappingKey, new_key

FIRST_VERSION: Final = 1
_TENANT: Final = b"belsimple tenant key 1\0"


class KeyTrouble(OperatorError):
    """A key is missing or is not the one that was used: nothing is encrypted or decrypted until it is back."""


class TenantKey(msgspec.Struct, frozen=True):
    """A tenant's key and its version."""

    version: int
    key: WrappingKey


class KeyStore:
    """The keys of one installation. Its methods read small files; each call reads anew, so that a destroyed key is gone at once."""

    def __init__(self, folder: Path, operator_key: bytes | None) -> None:
        """`operator_key`: 32 bytes from the environment; None, and it is in the folder, made on first use."""
        self._folder = folder
        self._tenants = folder / "tenants"
        self._given = operator_key

    def operator_key(self) -> WrappingKey:
        """The operator's key. Raises KeyTrouble when its file is missing from a store that has been used, or unreadable."""
        if self._given is not None:
            return WrappingKey(self._given)
        file = self._folder / "operator"
        try:
            kept = file.read_text("ascii") if file.exists() else self._make_operator_key(file)
            return WrappingKey(b64decode(kept, validate=False))
        except (OSError, ValueError) as error:
            raise KeyTrouble(
                f"The operator's key in {file} cannot be read ({type(error).__name__})",
                "Restore the key store from its mirror, or correct the permissions of the file.",
            ) from error

    def tenant_key(self, tenant: UUID, version: int, check: bytes) -> TenantKey:
        """The key that is registered under this version and check value. Raises KeyTrouble when it is not here."""
        file = self._file(tenant, version)
        try:
            return self._opened(file, tenant, version, file.read_text("ascii"), check)
        except (OSError, UnicodeDecodeError) as error:
            raise KeyTrouble(
                f"The key of tenant {tenant}, version {version}, is not in {self._folder}",
                "Restore the key store from its mirror; a new key would not open what the old one closed.",
            ) from error

    def first_key(self, tenant: UUID) -> TenantKey:
        """The key of a tenant that has none registered; made unless another process has just made it. Raises KeyTrouble."""
        file = self._file(tenant, FIRST_VERSION)
        wrapped = self.operator_key().wrap(new_key(), _place(tenant, FIRST_VERSION))
        try:
            for folder in (self._folder, self._tenants):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept = write_once(file, b64encode(wrapped).decode() + "\n")
        except OSError as error:
            raise KeyTrouble(
                f"No key can be made in {self._tenants} ({error.strerror})", "Make it writable for part web."
            ) from error
        return self._opened(file, tenant, FIRST_VERSION, kept, None)

    def _file(self, tenant: UUID, version: int) -> Path:
        return self._tenants / f"{tenant}.{version}"

    def _opened(self, file: Path, tenant: UUID, version: int, kept: str, check: bytes | None) -> TenantKey:
        try:
            key = WrappingKey(self.operator_key().unwrap(b64decode(kept), _place(tenant, version)))
        except (Undecipherable, ValueError):
            raise KeyTrouble(
                f"The key in {file} does not open under the operator's key",
                "Give the operator's key that it was made under, or restore the key store from its mirror.",
            ) from None
        if check is not None and key.check != check:
            raise KeyTrouble(
                f"The key in {file} is not the one that the database has registered",
                "This key store belongs to another installation: set BELSIMPLE_KEYS to the right one.",
            )
        return TenantKey(version, key)

    def _make_operator_key(self, file: Path) -> str:
        # The operator's key is made before the folder: whoever finds the folder and then no key looks at a store that lost it.
        if self._tenants.is_dir() and not file.exists():
            raise KeyTrouble(
                f"The operator's key is missing from {self._folder}, which holds keys made under it",
                "Restore the file `operator` from the key store's mirror.",
            )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return write_once(file, b64encode(new_key()).decode() + "\n")


def _place(tenant: UUID, version: int) -> bytes:
    return _TENANT + tenant.bytes + version.to_bytes(4, "big")
