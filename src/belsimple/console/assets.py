"""Static files: the console's own and those that modules ship, each at an address that changes with its content.

`asset_address("style.css")` is ``/static/style.css?v=HASH``: what it answers never changes, so a browser keeps it for good.
Without the hash, or with that of another release (two of them answer while one is being rolled out), it is asked for anew each time.
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata, resources
from types import MappingProxyType
from typing import Final

import msgspec

from belsimple.web.answers import Asset

_MODULES: Final = "belsimple.modules"  # as modules.GROUP; the module contract lies above the console
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "ico": "image/vnd.microsoft.icon",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
}
_COMPRESSIBLE: Final = frozenset(("css", "js", "svg", "txt"))


class StaticFile(msgspec.Struct, frozen=True):
    """A file, in memory for as long as the process lives."""

    content_type: str
    content: bytes
    compressed: bytes | None
    version: str

    def answer(self, version: str | None) -> Asset:
        """It, to whoever asks for that version."""
        return Asset(
            self.content_type, self.content, self.compressed, etag=self.version, immutable=version == self.version
        )


@lru_cache(maxsize=64)
def static_files(package: str) -> Mapping[str, StaticFile]:
    """The files in the folder `static` of a package, by name; what has no type that we serve is not there."""
    folder = resources.files(package) / "static"
    files = (file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else ()
    return MappingProxyType(
        {file.name: _read(file.name, file.read_bytes()) for file in files if _suffix(file.name) in _TYPES}
    )


def _read(name: str, content: bytes) -> StaticFile:
    # Compressed once, and only what is the same for everybody: a page that holds a secret beside what a stranger chose tells the
    # secret by its compressed length (BREACH).
    compressed = gzip.compress(content, mtime=0) if _suffix(name) in _COMPRESSIBLE else None
    smaller = compressed if compressed is not None and len(compressed) < len(content) else None
    return StaticFile(_TYPES[_suffix(name)], content, smaller, hashlib.sha256(content).hexdigest()[:16])


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]


@lru_cache(maxsize=256)
def asset_address(name: str) -> str:
    """The address of "style.css", a file of the console's, or of "notebook/chart.js", one of a module's. Raises KeyError."""
    module, _, file = name.rpartition("/")
    files = static_files(package_of(module)) if module else static_files("belsimple.console")
    return f"/static/{name}?v={files[file].version}"


def package_of(module: str) -> str:
    """The package that a module's entry point names. Raises KeyError."""
    for entry in metadata.entry_points(group=_MODULES, name=module):
        return entry.module.partition(".")[0]
    raise KeyError(module)
