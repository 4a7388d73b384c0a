"""The mutations of guards of uploads and downloads: number 20."""

from typing import Any
from uuid import UUID

from belsimple.attack.mutating import mutant, original, replace


@mutant
def _file_names(_: str) -> None:
    replace("files.names:file_name", lambda text: text.replace("\0", "") or "x")  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType]


@mutant
def _quoted_names(_: str) -> None:
    replace("files.names:attachment", lambda name: f'attachment; filename="{name.encode().decode("latin-1")}"')  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType]


@mutant
def _served_types(_: str) -> None:
    replace("files.names:served_type", lambda stored: stored)  # pyright: ignore[reportUnknownLambdaType]


@mutant
def _form_types(_: str) -> None:
    replace("files.names:media_type", lambda _: "text/plain")  # pyright: ignore[reportUnknownLambdaType]
    replace("web.uploads:_FORMS", ())


@mutant
def _whole_uploads(_: str) -> None:
    take, disconnected = original("web.uploads:SlowIntake.next"), original("web.bodies:Disconnected")

    async def satisfied(intake: Any) -> bytes:
        try:
            return await take(intake)
        except disconnected:
            return b""

    replace("web.uploads:SlowIntake.next", satisfied)


@mutant
def _ranges(_: str) -> None:
    replace("web.downloads:range_of", lambda _header, size: (0, size))  # pyright: ignore[reportUnknownLambdaType]


@mutant
def _authenticated_content(_: str) -> None:
    unseal, tag = original("files.cipher:ChunkCipher.open"), original("files.cipher:TAG")
    undecipherable = original("keys.wrapping:Undecipherable")

    def trusting(cipher: Any, number: int, sealed: Any, *, last: bool) -> bytes:
        try:
            return unseal(cipher, number, sealed, last=last)
        except undecipherable:
            return bytes(sealed)[:-tag]

    replace("files.cipher:ChunkCipher.open", trusting)


@mutant
def _bound_content(_: str) -> None:
    make = original("files.cipher:ChunkCipher.__init__")

    def nowhere(cipher: Any, key: bytes, _tenant: UUID, _file: UUID) -> None:
        make(cipher, key, UUID(int=0), UUID(int=0))

    replace("files.cipher:ChunkCipher.__init__", nowhere)
    replace("files.cipher:place_of_key", lambda *_: b"")  # pyright: ignore[reportUnknownLambdaType]
