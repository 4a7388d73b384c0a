"""The cases of documents: encrypted and in the trail, against the same bytes unencrypted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from bench import cpu
from bench.load import LoadError
from bench.measure import Figures, Processes, Sample, Side, by_rate, compare
from bench.peer import running_peer
from bench.transfer import Answer, download, upload
from bench.world import World

MEBIBYTES: Final = 64
ROUNDS: Final = 9
GOAL: Final = 0.7

Transfer = Callable[[], Answer]


def upload_vs_plain(world: World, seconds: float) -> Figures:  # noqa: ARG001 - a transfer takes as long as it takes
    """64 MiB up, encrypted, against the same bytes written unencrypted."""
    with running_peer("plain", world.peers) as peer:
        ours = _side(lambda: _ours_up(world), lambda: world.service.part("web"))
        theirs = _side(lambda: _checked(upload(peer.port, "/files", MEBIBYTES, {}), 201), peer.processes)
        return compare("upload_vs_plain", GOAL, ours, theirs, value=by_rate, seconds=0, rounds=ROUNDS)


def download_vs_plain(world: World, seconds: float) -> Figures:  # noqa: ARG001
    """64 MiB down, decrypted, against the same bytes read unencrypted."""
    with running_peer("plain", world.peers) as peer:
        our_path = f"/api/v1/documents/{_id(_ours_up(world))}/content"
        their_path = f"/files/{_id(_checked(upload(peer.port, '/files', MEBIBYTES, {}), 201))}"
        ours = _side(
            lambda: _checked(download(world.service.port, our_path, _session(world)), 200),
            lambda: world.service.part("web"),
        )
        theirs = _side(lambda: _checked(download(peer.port, their_path, {}), 200), peer.processes)
        return compare("download_vs_plain", GOAL, ours, theirs, value=by_rate, seconds=0, rounds=ROUNDS)


def _side(transfer: Transfer, serving: Processes) -> Side:
    """A side whose rate is in MiB a second, and whose processor time is for a MiB."""

    def measured(_: float) -> Sample:
        before = cpu.spent(serving())
        answer = transfer()
        return Sample(rate=MEBIBYTES / answer.seconds, cpu=(cpu.spent(serving()) - before) / MEBIBYTES)

    return measured


def _ours_up(world: World) -> Answer:
    port = world.service.port
    listed = _checked(download(port, "/api/v1/dossiers?limit=1", _session(world)), 200)
    dossier = msgspec.json.decode(listed.start)["items"][0]["id"]
    headers = {**_session(world), "Origin": f"https://localhost:{port}", "Content-Type": "application/octet-stream"}
    path = f"/api/v1/dossiers/{dossier}/documents?filename=bench.bin"
    return _checked(upload(port, path, MEBIBYTES, headers), 201)


def _session(world: World) -> dict[str, str]:
    return {"Cookie": world.cookies[0].decode("ascii")}


def _id(answer: Answer) -> str:
    return msgspec.json.decode(answer.start)["id"]


def _checked(answer: Answer, status: int) -> Answer:
    if answer.status != status:
        raise LoadError(f"answered {answer.status} instead of {status}: {answer.start[:300]!r}")
    return answer
